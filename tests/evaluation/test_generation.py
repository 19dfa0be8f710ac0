import math

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.generation import (
    distinct,
    gram_share,
    perplexity,
    reconstruction_bleu,
    self_bleu,
    unigram_entropy,
)

GENERATED = [["a", "b", "a", "b"], ["b", "c"]]


@pytest.mark.parametrize(("order", "expected"), [(1, 5 / 6), (2, 3 / 4), (3, 1 / 2), (4, 0.0)])
def test_gram_share(order, expected):
    # bigrams ab, ba, ab | bc: all but bc are known; trigrams aba, bab: only aba is
    corpus = [["a", "b", "a"], ["b", "b"]]
    assert gram_share(GENERATED, corpus, order) == pytest.approx(expected)


@pytest.mark.parametrize(("order", "expected"), [(1, 3 / 6), (2, 3 / 4), (3, 2 / 2), (4, 1 / 1)])
def test_distinct(order, expected):
    assert distinct(GENERATED, order) == pytest.approx(expected)


def test_unigram_entropy():
    # b three times, a twice, c once
    expected = -(1 / 2 * math.log(1 / 2) + 1 / 3 * math.log(1 / 3) + 1 / 6 * math.log(1 / 6))
    assert unigram_entropy(GENERATED) == pytest.approx(expected)
    assert unigram_entropy([["a", "b", "c", "d"]]) == pytest.approx(math.log(4))


def test_self_bleu_of_equal_and_of_disjoint_sentences():
    assert self_bleu([["a", "b", "c", "d", "e"]] * 3) == pytest.approx(1)
    assert self_bleu([["a", "b"], ["c", "d"]]) == 0


def test_self_bleu_by_hand():
    # "a b c" against "a b d e": 2/3 of the words, then (1+1)/(2+1), (0+1)/(1+1), (0+1)/(0+1);
    # brevity exp(1 - 4/3). "a b d e" against "a b c": 2/4, (1+1)/(3+1), 1/(2+1), 1/(1+1).
    first = (2 / 3 * 2 / 3 * 1 / 2) ** 0.25 * math.exp(-1 / 3)
    second = (1 / 2 * 1 / 2 * 1 / 3 * 1 / 2) ** 0.25
    sentences = [["a", "b", "c"], ["a", "b", "d", "e"]]
    assert self_bleu(sentences) == pytest.approx((first + second) / 2)


def test_self_bleu_leaves_a_sentence_out_of_its_own_references():
    # "a a" against "a": one of two words is matched, the own second "a" is no reference
    first = (1 / 2 * 1 / 2) ** 0.25
    second = math.exp(-1)  # one word, matched, half as long as its reference
    assert self_bleu([["a", "a"], ["a"]]) == pytest.approx((first + second) / 2)


def test_reconstruction_bleu_by_hand():
    pytest.importorskip("sacrebleu")
    original = [["a", "b", "c", "d", "e"]]
    assert reconstruction_bleu(original, original) == pytest.approx(100)
    # 4 of 5 words, 3 of 4, 2 of 3, 1 of 2
    expected = 100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    assert reconstruction_bleu([["a", "b", "c", "d", "x"]], original) == pytest.approx(expected)
    # four of five words in order: full precision, brevity exp(1 - 5/4)
    expected = 100 * math.exp(-0.25)
    assert reconstruction_bleu([["a", "b", "c", "d"]], original) == pytest.approx(expected)


def test_a_token_of_white_space_is_a_token():
    pytest.importorskip("sacrebleu")
    # "abcdefgh" against "ab cd ef gh", by characters: 8 of 8, 4 of 7, none of 6 and of 5 (smoothed
    # to 1/2 of 6 and 1/4 of 5), and 8 of 11 tokens
    precision = (8 / 8 * 4 / 7 * 1 / (2 * 6) * 1 / (4 * 5)) ** 0.25
    expected = 100 * precision * math.exp(1 - 11 / 8)
    found = reconstruction_bleu([list("abcdefgh")], [list("ab cd ef gh")])
    assert found == pytest.approx(expected)
    assert reconstruction_bleu([["a b", "c"] * 2], [["a", "b", "c"] * 2]) < 50


def test_perplexity():
    # four tokens of probability 1/8 in all
    assert perplexity([math.log(1 / 2), math.log(1 / 4)], 4) == pytest.approx(8 ** (1 / 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gram_share(GENERATED, [], 0), "the order of k-grams must be at least 1, got 0"),
        (lambda: distinct([["a"]], 2), "no generated sentence has 2 tokens"),
        (lambda: unigram_entropy([]), "no generated sentence has 1 tokens"),
        (lambda: self_bleu([["a"]]), "at least two"),
        (lambda: self_bleu([["a"], []]), "empty sentence"),
        (lambda: reconstruction_bleu([["a"]], []), "1 reconstructions of 0 sentences"),
        (lambda: perplexity([], 0), "at least one token"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
