import itertools
import math

import numpy as np
import pytest

from scale_vae_keras.built_in.review_lexicon import Production
from scale_vae_keras.built_in.reviews import ReviewGrammar, reviews_split
from scale_vae_keras.errors import InputError


@pytest.fixture(scope="module")
def grammar():
    return ReviewGrammar()


@pytest.fixture(scope="module")
def small():
    return ReviewGrammar.small()


@pytest.fixture(scope="module")
def small_sentences(small):
    return list(small.sentences())


@pytest.fixture
def toy():
    return ReviewGrammar(
        {"mood": ("good", "bad")},
        {
            "opening": [Production({}, ("it is", "this was"), "adjective")],
            "adjective": [
                Production({"mood": {"good"}}, ("fine .", "very good ."), None),
                Production({"mood": {"bad"}}, ("poor .",), None),
            ],
        },
    )


def test_toy_grammar_by_hand(toy):
    assert dict(toy.sentences()) == {
        "it is fine .": 1 / 8,
        "it is very good .": 1 / 8,
        "this was fine .": 1 / 8,
        "this was very good .": 1 / 8,
        "it is poor .": 1 / 4,
        "this was poor .": 1 / 4,
    }
    assert toy.log_probability("this was very good .") == pytest.approx(math.log(1 / 8))
    assert toy.parse("it is poor .") == {"mood": "bad"}
    assert toy.entropy() == pytest.approx(2.5 * math.log(2))


def test_a_sentence_that_does_not_settle_its_factors_sums_over_them():
    grammar = ReviewGrammar(
        {"mood": ("good", "bad")},
        {
            "opening": [
                Production({}, ("fair .",), None),
                Production({"mood": {"bad"}}, ("poor .",), None),
            ]
        },
    )
    assert grammar.log_probability("fair .") == pytest.approx(math.log(1 / 2 + 1 / 4))
    with pytest.raises(InputError):
        grammar.parse("fair .")


@pytest.mark.parametrize("phrases", [("a b", "a"), ("a", "a")])
def test_phrases_that_begin_each_other_are_refused(phrases):
    with pytest.raises(InputError, match="'opening' the phrase 'a' begins"):
        ReviewGrammar({"mood": ("good",)}, {"opening": [Production({}, phrases, None)]})


def test_small_grammar_is_a_distribution(small_sentences):
    assert math.fsum(p for _, p in small_sentences) == pytest.approx(1, abs=1e-12)


def test_small_grammar_is_unambiguous(small, small_sentences):
    assert len({text for text, _ in small_sentences}) == len(small_sentences)
    values_seen = {value for text, _ in small_sentences for value in small.parse(text).items()}
    assert values_seen == {(name, v) for name, values in small.factors.items() for v in values}


def test_small_grammar_log_probability_is_that_of_the_enumeration(small, small_sentences):
    given = [small.log_probability(text) for text, _ in small_sentences]
    np.testing.assert_allclose(given, np.log([p for _, p in small_sentences]), rtol=1e-12)


def test_small_grammar_entropy_is_that_of_the_enumeration(small, small_sentences):
    expected = -math.fsum(p * math.log(p) for _, p in small_sentences)
    assert small.entropy() == pytest.approx(expected, rel=1e-12)


def test_log_probability_by_hand(grammar):
    factors = 8 * 6 * 3 * 3 * 2 * 3 * 3
    people, find, the_soup, quite, tasty = 3, 3, 4, 3, 3
    choices = people * find * the_soup * quite * tasty
    given = grammar.log_probability("people find the soup quite tasty .")
    assert given == pytest.approx(-math.log(factors * choices))


def test_parse_by_hand(grammar):
    text = "we thought the manager at the local museum seemed very rude , so we walked out ."
    assert grammar.parse(text) == {
        "subject": "museum",
        "aspect": "staff",
        "sentiment": "negative",
        "intensity": "strong",
        "tense": "past",
        "person": "we",
        "length": "long",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "people find the soup quite tasty",
        "people find the soup quite tasty . .",
        "people find the  soup quite tasty .",
        " people find the soup quite tasty .",
        "People find the soup quite tasty .",
        "people find the soup quite friendly .",
        "people find the soup quite comfortable .",
        "yesterday the soup is quite tasty , so i liked it .",
        "yesterday the soup was quite tasty , so i hated it .",
        "people find the soup quite tasty , so people like it .",
    ],
)
def test_strings_outside_the_language(grammar, text):
    assert grammar.log_probability(text) == -math.inf
    with pytest.raises(InputError, match="not a sentence of the review grammar"):
        grammar.parse(text)


def test_parse_gives_back_the_factors_of_samples(grammar):
    for review in grammar.sample(2_000, seed=5):
        assert grammar.parse(review.text) == review.factors


def test_every_derivation_settles_every_factor(grammar):
    """With phrases that do not begin each other, this makes the full grammar unambiguous."""
    start = tuple(frozenset(values) for values in grammar.factors.values())
    open_states, seen, endings = {("opening", start)}, set(), set()
    while open_states:
        state, allowed = open_states.pop()
        seen.add((state, allowed))
        for production in grammar.states[state]:
            narrowed = tuple(
                values & production.when.get(name, values)
                for name, values in zip(grammar.factors, allowed, strict=True)
            )
            if production.then is None:
                endings.add(narrowed)
            elif all(narrowed) and (production.then, narrowed) not in seen:
                open_states.add((production.then, narrowed))
    complete = [e for e in endings if all(e)]
    assert all(len(values) == 1 for ending in complete for values in ending)
    assert len(complete) == len(list(itertools.product(*grammar.factors.values())))


def test_entropy_is_the_mean_surprise_of_samples(grammar):
    surprise = np.array([-grammar.log_probability(r.text) for r in grammar.sample(4_000, seed=11)])
    standard_error = surprise.std(ddof=1) / math.sqrt(len(surprise))
    assert abs(surprise.mean() - grammar.entropy()) < 4 * standard_error


def test_samples_follow_the_small_grammar(small):
    count = 4_000
    drawn = [r.factors for r in small.sample(count, seed=2)]
    for name, values in small.factors.items():
        share = sum(factors[name] == values[0] for factors in drawn) / count
        assert abs(share - 1 / 2) < 4 * math.sqrt(1 / 4 / count)


def test_sampling_depends_on_the_seed_alone(grammar):
    assert grammar.sample(50, seed=3) == ReviewGrammar().sample(50, seed=3)
    assert grammar.sample(50, seed=3) != grammar.sample(50, seed=4)


def test_splits(grammar):
    splits = {name: reviews_split(name) for name in ("train", "valid", "test")}
    assert {name: len(lines) for name, lines in splits.items()} == {
        "train": 20_000,
        "valid": 2_000,
        "test": 2_000,
    }
    assert splits["valid"] != splits["test"]
    assert splits["valid"] == reviews_split("valid")
    for label, text in splits["test"]:
        assert label == grammar.parse(text)["sentiment"]


def test_train_split_is_varied_plain_text():
    texts = [line.text for line in reviews_split("train")]
    assert len(set(texts)) > 0.99 * len(texts)
    words = {word for text in texts for word in text.split(" ")}
    assert 250 <= len(words) <= 400
    assert all(word == word.lower() and word for word in words)
    assert all(text.endswith(" .") and text.count(".") == 1 for text in texts)


def test_unknown_split():
    with pytest.raises(InputError, match="no split 'dev' in corpus 'reviews'"):
        reviews_split("dev")
