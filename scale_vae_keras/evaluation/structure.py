"""How single dimensions of the code stand for single factors of the text, where they are known.

The factors are those of a made corpus, such as `reviews`. All measures read the means of the
posterior that the decoder samples from. All of them fall when the code is rotated, which makes no
difference to a decoder: a low score does not mean that the code lacks the factors.
"""

import importlib
import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from scale_vae_keras.errors import InputError, needs
from scale_vae_keras.settings import whole_number

_logger = logging.getLogger("scale_vae_keras")
_BINS = 20
_TREES = 50
_POINTS = 1_000
_PAIRS = 64
_LARGEST_SEED = 2**32 - 1  # of scikit-learn's forests


class Dci(NamedTuple):
    """The three scores of Eastwood and Williams (2018), each from 0 to 1.

    Attributes:
        disentanglement: 1 if each dimension depends on a single factor.
        completeness: 1 if each factor is determined by a single dimension.
        informativeness: mean share of factor values that are found for sentences that were not
            trained on.

    Example:
        >>> factors = {"tone": ["good", "bad"] * 20, "topic": (["food"] * 2 + ["staff"] * 2) * 10}
        >>> codes = np.stack([[word in ("good", "food") for word in f] for f in factors.values()])
        >>> dci(codes.T.astype(np.float32), factors).informativeness
        1.0
    """

    disentanglement: float
    completeness: float
    informativeness: float


def mutual_information_gap(codes: np.ndarray, factors: Mapping[str, Sequence[str]]) -> float:
    """MIG of Chen et al. (2018): how far the best dimension for a factor is ahead of the second.

    For each factor, the mutual information with the dimension that has most of it less that with
    the second, divided by the entropy of the factor; the mean over factors, from 0 to 1. The
    information is that of the histogram over 20 bins of equal width between the least and the
    largest value of a dimension, as Locatello et al. (2019) take it. It is biased upwards, alike
    for all dimensions, by about (bins - 1)(values - 1) / (2 sentences) nats.

    Args:
        codes: `[sentences, latent]`, of at least two dimensions.
        factors: name of each factor -> its value for each sentence.

    Raises:
        InputError: there are fewer than two dimensions, numbers of sentences differ, or a factor
            has one value only.
    """
    codes, numbers = _checked(codes, factors)
    if codes.shape[1] < 2:
        raise InputError("the gap is between two dimensions: give codes of at least two")
    binned = [
        np.digitize(column, np.linspace(column.min(), column.max(), _BINS + 1)[1:-1])
        for column in codes.T
    ]
    gaps = []
    for values in numbers.values():
        told = sorted(_mutual_information(column, values) for column in binned)
        gaps.append((told[-1] - told[-2]) / _entropy(np.bincount(values)))
    return float(np.mean(gaps))


def dci(codes: np.ndarray, factors: Mapping[str, Sequence[str]], seed: int = 0) -> Dci:
    """Disentanglement, completeness and informativeness of Eastwood and Williams (2018).

    A random forest of 50 trees finds the value of each factor from the code; it is trained on the
    first half of the sentences and measured on the second. Its importances P `[latent, factors]`
    say how much a dimension tells of a factor. Disentanglement is the mean over dimensions of 1 -
    the entropy of the dimension's importances in units of the logarithm of the number of factors,
    weighted by the dimension's share of all importance; completeness the mean over factors of 1 -
    the entropy of the factor's importances in units of the logarithm of the number of dimensions.

    Args:
        codes: `[sentences, latent]`, of at least two dimensions.
        factors: at least two; name of each factor -> its value for each sentence.
        seed: seed of the forests, from 0 to 2^32 - 1.

    Raises:
        InputError: scikit-learn is not installed; else as `mutual_information_gap`.
    """
    codes, numbers = _checked(codes, factors)
    seed = whole_number("seed", seed, 0, _LARGEST_SEED)
    if codes.shape[1] < 2 or len(factors) < 2:
        raise InputError("DCI needs at least two dimensions and two factors")
    forest = _open("sklearn.ensemble", "RandomForestClassifier")
    half = _half(numbers)
    importances, found = [], []
    for values in numbers.values():
        # Every split sees every dimension: among a few at random a useless one may be the best.
        trees = forest(_TREES, max_features=None, min_samples_leaf=5, random_state=seed)
        trees.fit(codes[:half], values[:half])
        importances.append(trees.feature_importances_)
        found.append(trees.score(codes[half:], values[half:]))
    table = np.stack(importances, axis=1)
    dimensions = table.sum(axis=1)
    by_dimension = [_entropy(row) for row in table[dimensions > 0]]
    weights = dimensions[dimensions > 0] / dimensions.sum() if dimensions.any() else np.zeros(0)
    by_factor = [_entropy(column) for column in table.T if column.any()]
    return Dci(
        float(weights @ (1 - np.array(by_dimension) / np.log(len(numbers)))),
        float(np.mean(1 - np.array(by_factor) / np.log(codes.shape[1]))) if by_factor else 0.0,
        float(np.mean(found)),
    )


def z_diff(codes: np.ndarray, factors: Mapping[str, Sequence[str]], seed: int = 0) -> float:
    """The metric of Higgins et al. (2017): which factor do pairs of sentences have in common?

    A point is the mean over 64 pairs of sentences that agree in one factor of the absolute
    difference of their codes, each dimension divided by its standard deviation. A linear classifier
    finds the factor of a point: the share that it finds is the score, from 1 / number of factors,
    by chance, to 1. It is trained on 1,000 points and measured on 1,000, of other sentences. A
    factor with a dimension of its own, and one with a few, are found alike.

    Args:
        codes: `[sentences, latent]`.
        factors: at least two; name of each factor -> its value for each sentence.
        seed: seed of the pairs, from 0 to 2^32 - 1.

    Raises:
        InputError: scikit-learn is not installed; else as `mutual_information_gap`.
    """
    codes, numbers = _checked(codes, factors)
    seed = whole_number("seed", seed, 0, _LARGEST_SEED)
    if len(factors) < 2:
        raise InputError("z-diff tells factors apart: give at least two")
    regression = _open("sklearn.linear_model", "LogisticRegression")
    deviation = codes.std(axis=0)
    codes = codes / np.where(deviation > 0, deviation, 1)
    random = np.random.default_rng(seed)
    half = _half(numbers)
    (train, classes), (test, expected) = (
        _points(codes[rows], [values[rows] for values in numbers.values()], random)
        for rows in (slice(None, half), slice(half, None))
    )
    centre, scale = np.mean(train, axis=0), np.std(train, axis=0)
    scale = np.where(scale > 0, scale, 1)
    classifier = regression(max_iter=2000)
    classifier.fit((train - centre) / scale, classes)
    return float(classifier.score((test - centre) / scale, expected))


def structure(
    codes: np.ndarray, factors: Mapping[str, Sequence[str]], seed: int = 0
) -> dict[str, float]:
    """The measures of this file by the names of `metrics.STRUCTURE`; shares in %.

    Raises:
        InputError: as `dci`.
    """
    scores = dci(codes, factors, seed)
    return {
        "mig": mutual_information_gap(codes, factors),
        "disentanglement": scores.disentanglement,
        "completeness": scores.completeness,
        "informativeness": 100 * scores.informativeness,
        "z_diff": 100 * z_diff(codes, factors, seed),
    }


def _checked(codes, factors):
    codes = np.asarray(codes, np.float64)
    if codes.ndim != 2 or not np.all(np.isfinite(codes)):
        raise InputError(f"codes have shape {codes.shape}: give finite numbers [sentences, latent]")
    numbers = {}
    for name, values in factors.items():
        if len(values) != len(codes):
            raise InputError(f"{len(codes)} codes have {len(values)} values of {name}")
        kinds, numbers[name] = np.unique(np.asarray(values), return_inverse=True)
        if len(kinds) < 2:
            raise InputError(f"{name} has one value only: leave it out")
    if not numbers:
        raise InputError("there is no factor")
    return codes, numbers


def _half(numbers) -> int:
    """How many sentences come first, which train; the others measure."""
    for name, values in numbers.items():
        half = len(values) // 2
        if set(values[:half]) != set(values[half:]):
            _logger.warning(
                "the first and the second half of the sentences, which train and measure, differ "
                "in the values of %s: give more sentences, in random order",
                name,
            )
    return half


def _open(module, name):
    with needs("the structure of a code needs scikit-learn", "control"):
        return getattr(importlib.import_module(module), name)


def _points(codes, factors, random):
    """The points of z-diff `[points, latent]`, and the place of the factor of each."""
    points, classes = [], np.arange(_POINTS) % len(factors)
    sorted_rows = [np.argsort(values, kind="stable") for values in factors]
    counts = [np.bincount(values) for values in factors]
    for factor in classes:
        first = random.integers(len(codes), size=_PAIRS)
        values, count = factors[factor][first], counts[factor]
        # Rows of one value stand together in the order of the values.
        place = (np.cumsum(count) - count)[values] + random.integers(count[values])
        second = sorted_rows[factor][place]
        points.append(np.abs(codes[first] - codes[second]).mean(axis=0))
    return np.stack(points), classes


def _entropy(weights):
    """Of weights that need not add up to one, in nats."""
    shares = weights[weights > 0] / np.sum(weights)
    return float(-np.sum(shares * np.log(shares)))


def _mutual_information(first, second):
    """Of two series of numbers from 0 on, in nats."""
    joint = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(joint, (first, second), 1)
    marginals = _entropy(joint.sum(axis=1)) + _entropy(joint.sum(axis=0))
    return max(0.0, marginals - _entropy(joint.ravel()))
