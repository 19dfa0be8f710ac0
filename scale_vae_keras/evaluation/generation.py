"""Quality and diversity of generated text, on sentences given as lists of tokens.

The measures of Table 5 of the Scale-VAE paper, which does not define them; each docstring says
what is computed. Compare figures only for equal numbers of sentences and one sampling strategy.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from scale_vae_keras.errors import InputError, needs
from scale_vae_keras.settings import whole_number

TokenLists = Sequence[Sequence[str]]

_MOST_ORDER = 4


def _grams(sentence: Sequence[str], order: int) -> Iterator[tuple[str, ...]]:
    return zip(*(sentence[shift:] for shift in range(order)), strict=False)


def gram_share(generated: TokenLists, corpus: TokenLists, order: int) -> float:
    """Gram-k: share of the generated k-grams, repeats counted, that occur in the corpus.

    Args:
        generated: the sentences to measure.
        corpus: the sentences in which the k-grams are looked up.
        order: k.

    Raises:
        InputError: `order` is below 1, or no sentence is long enough.
    """
    _check_order(order)
    known = {gram for sentence in corpus for gram in _grams(sentence, order)}
    found = [gram in known for sentence in generated for gram in _grams(sentence, order)]
    _check_grams(found, order)
    return sum(found) / len(found)


def distinct(generated: TokenLists, order: int) -> float:
    """Dist-k: number of different k-grams over the number of all k-grams (Li et al., 2016).

    It falls as the number of sentences grows.

    Args:
        generated: the sentences to measure.
        order: k.

    Raises:
        InputError: `order` is below 1, or no sentence is long enough.
    """
    _check_order(order)
    grams = [gram for sentence in generated for gram in _grams(sentence, order)]
    _check_grams(grams, order)
    return len(set(grams)) / len(grams)


def unigram_entropy(generated: TokenLists) -> float:
    """Entropy of the distribution of the generated tokens, in nats.

    Raises:
        InputError: there is no token.
    """
    counts = Counter(token for sentence in generated for token in sentence)
    _check_grams(counts, 1)
    total = counts.total()
    return -sum(count / total * math.log(count / total) for count in counts.values())


def self_bleu(generated: TokenLists) -> float:
    """Mean BLEU-4 of each sentence against all others (Zhu et al., 2018), in [0, 1]; 1 repeats.

    Sentence BLEU with add-one smoothing of the orders above one, and the brevity penalty for the
    reference nearest in length.

    Raises:
        InputError: fewer than two sentences, or an empty one.
    """
    if len(generated) < 2:
        raise InputError("self-BLEU compares sentences with each other: give at least two")
    if not all(generated):
        raise InputError("self-BLEU is not defined for an empty sentence: leave it out")
    counts = [
        [Counter(_grams(sentence, order)) for sentence in generated]
        for order in range(1, _MOST_ORDER + 1)
    ]
    most = [_two_largest(of_order) for of_order in counts]
    lengths = Counter(map(len, generated))
    return math.fsum(
        _bleu_against_others([of_order[i] for of_order in counts], most, len(sentence), lengths)
        for i, sentence in enumerate(generated)
    ) / len(generated)


def _two_largest(counts):
    """The largest and second largest count of each k-gram in one sentence."""
    largest = {}
    for of_sentence in counts:
        for gram, count in of_sentence.items():
            first, second = largest.get(gram, (0, 0))
            largest[gram] = (max(first, count), max(second, min(first, count)))
    return largest


def _bleu_against_others(counts, most, length, lengths):
    log_precision = 0.0
    for order, (of_sentence, of_all) in enumerate(zip(counts, most, strict=True)):
        matched = 0
        for gram, count in of_sentence.items():
            first, second = of_all[gram]
            matched += min(count, second if count == first else first)
        smoothing = int(order > 0)
        precision = (matched + smoothing) / (of_sentence.total() + smoothing)
        if precision == 0:
            return 0.0
        log_precision += math.log(precision) / _MOST_ORDER
    others = [other for other, count in lengths.items() if count > (other == length)]
    nearest = min(others, key=lambda other: (abs(other - length), other))
    return math.exp(log_precision + min(0.0, 1 - nearest / length))


def open_bleu():
    """Corpus BLEU-4 by sacreBLEU, for sentences that are tokenised already.

    Raises:
        InputError: sacreBLEU is not installed.
    """
    with needs("the BLEU of reconstructions needs sacreBLEU", "bleu"):
        from sacrebleu.metrics import BLEU
    return BLEU(tokenize="none", force=True)


def reconstruction_bleu(reconstructed: TokenLists, originals: TokenLists) -> float:
    """Corpus BLEU-4 of reconstructions against their originals, in [0, 100], by sacreBLEU.

    The tokens are taken as they are, case matters, and nothing is smoothed but orders without a
    match (sacreBLEU's "exp").

    Args:
        reconstructed: the sentences to measure.
        originals: the sentence that each is to reproduce.

    Raises:
        InputError: the numbers of sentences differ, there is none, or sacreBLEU is not installed.
    """
    if len(reconstructed) != len(originals) or not originals:
        raise InputError(
            f"{len(reconstructed)} reconstructions of {len(originals)} sentences: "
            "give as many, and at least one"
        )
    numbers = {}

    def written(sentence):
        # sacreBLEU divides at white space, which a token may be or hold.
        return " ".join(str(numbers.setdefault(token, len(numbers))) for token in sentence)

    metric = open_bleu()
    return metric.corpus_score(
        [written(sentence) for sentence in reconstructed],
        [[written(sentence) for sentence in originals]],
    ).score


def perplexity(log_likelihood: Sequence[float], tokens: int) -> float:
    """Perplexity of generated text under a language model, per predicted token.

    Args:
        log_likelihood: of each sentence under the model, in nats, including the end symbol.
        tokens: how many tokens the model predicted, end symbols counted.

    Raises:
        InputError: there is no token.
    """
    if tokens < 1:
        raise InputError("perplexity needs at least one token")
    return math.exp(-math.fsum(log_likelihood) / tokens)


def _check_order(order):
    whole_number("the order of k-grams", order, 1)


def _check_grams(grams, order):
    if not grams:
        raise InputError(f"no generated sentence has {order} tokens: generate longer text")
