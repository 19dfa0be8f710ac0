import pytest

from scale_vae_keras.built_in.reviews import ReviewGrammar
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.review_quality import grammar_shares, kept_share

POSITIVE = "people find the soup quite tasty ."
NEGATIVE = "people find the soup quite salty ."
WAITER = "people find the waiter quite friendly ."


@pytest.fixture(scope="module")
def grammar():
    return ReviewGrammar()


def test_shares_by_hand(grammar):
    texts = [POSITIVE, NEGATIVE, "people find the soup quite ugly .", "soup soup soup ."]
    assert grammar_shares(grammar, texts) == (0.5, 0.75)


def test_kept_share_by_hand(grammar):
    originals = [POSITIVE] * 5
    copies = [
        POSITIVE,
        "we called the steak very delicious .",  # everything else may differ
        NEGATIVE,
        WAITER,
        "people find the soup quite quite tasty .",  # not of the grammar
    ]
    assert kept_share(grammar, originals, copies) == 2 / 5
    assert kept_share(grammar, originals, copies, ["sentiment"]) == 3 / 5
    assert kept_share(grammar, originals, copies, ["subject", "tense"]) == 3 / 5


def test_nothing_to_count_is_refused(grammar):
    with pytest.raises(InputError, match="at least one"):
        grammar_shares(grammar, [])
    with pytest.raises(InputError, match="1 copies of 2 sentences"):
        kept_share(grammar, [POSITIVE, WAITER], [POSITIVE])
    with pytest.raises(InputError, match="not a sentence of the review grammar"):
        kept_share(grammar, ["soup"], [POSITIVE])
