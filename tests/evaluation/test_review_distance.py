import numpy as np
import pytest

from scale_vae_keras.built_in.review_lexicon import Production
from scale_vae_keras.built_in.reviews import ReviewGrammar
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.review_distance import words_off


@pytest.fixture(scope="module")
def grammar():
    return ReviewGrammar()


@pytest.fixture(scope="module")
def toy():
    """Eight sentences; the mood of the adjective must be that of the ending."""
    return ReviewGrammar(
        {"mood": ("good", "bad")},
        {
            "opening": [Production({}, ("it is", "this one was"), "adjective")],
            "adjective": [
                Production({"mood": {"good"}}, ("fine", "very good"), "ending"),
                Production({"mood": {"bad"}}, ("poor",), "ending"),
            ],
            "ending": [
                Production({"mood": {"good"}}, (".", "so i stay ."), None),
                Production({"mood": {"bad"}}, ("so i go .",), None),
            ],
        },
    )


@pytest.mark.parametrize(
    ("text", "distance"),
    [
        ("it is fine .", 0),
        ("it is very fine .", 1),  # one word too many
        ("it very good .", 1),  # one is missing
        ("this two was fine .", 1),  # one is another
        ("it is fine", 1),
        ("it is fine . .", 1),
        ("so it is fine .", 1),
        ("it is fine so i go .", 1),  # the mood changes
        ("it is poor .", 1),
        ("this was fine so i", None),
        ("", None),
    ],
)
def test_distance_by_hand(toy, text, distance):
    assert words_off(toy, text) == distance


def test_it_is_the_smallest_edit_distance_to_a_sentence(toy):
    sentences = [text.split(" ") for text, _ in toy.sentences()]
    words = sorted({word for sentence in sentences for word in sentence} | {"else"})
    random = np.random.default_rng(0)
    seen = set()
    for _ in range(300):
        changed = list(sentences[random.integers(len(sentences))])
        for _ in range(random.integers(5)):
            place, new = random.integers(len(changed)), words[random.integers(len(words))]
            changed[place : place + random.integers(2)] = [new] * random.integers(2)
            changed = changed or [new]
        nearest = min(_edit_distance(changed, sentence) for sentence in sentences)
        expected = nearest if nearest <= 3 else None
        assert words_off(toy, " ".join(changed), 3) == expected, changed
        seen.add(expected)
    assert {0, 1, 2, 3} <= seen


def _edit_distance(first, second):
    """Wagner and Fischer's table."""
    row = list(range(len(second) + 1))
    for i, word in enumerate(first, 1):
        above, row = row, [i]
        for j, other in enumerate(second, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (word != other)))
    return row[-1]


def test_sentences_of_the_corpus_are_at_distance_0(grammar):
    assert {words_off(grammar, review.text) for review in grammar.sample(200, 5)} == {0}


@pytest.mark.parametrize(
    ("text", "distance"),
    [
        ("we thought the manager at the local museum seemed very rude , so we walked out .", 0),
        ("we thought the manager at the local museum seemed very rude , so i walked out .", 1),
        ("we thought the manager at the local museum seemed very rude , so we loved it .", 1),
        ("we thought the manager at the local museum seems very rude , so we loved it .", None),
        ("people find the soup quite charming .", 1),
        ("people find find the soup quite charming .", None),
    ],
)
def test_distance_in_the_corpus_by_hand(grammar, text, distance):
    assert words_off(grammar, text) == distance


def test_a_negative_limit_is_refused(toy):
    with pytest.raises(InputError, match="-1"):
        words_off(toy, "it is fine .", -1)
