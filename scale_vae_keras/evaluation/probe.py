"""The few-label probe: how much of a label a linear classifier finds in the latent code."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scale_vae_keras.categories import Categories
from scale_vae_keras.errors import DivergedError, InputError
from scale_vae_keras.settings import whole_number

LABEL_COUNTS = (100, 500, 1_000, 2_000, 10_000)

_BATCH_SIZE = 16
_MOST_EPOCHS = 100
_PATIENCE = 2
_DECAYS = 5
_CLIP_NORM = 5.0


class Labelled(NamedTuple):
    """Features of sentences, `[sentences, features]`, and their labels, one per sentence."""

    features: np.ndarray
    labels: Sequence[str] | Categories


class Accuracy(NamedTuple):
    """Test accuracy over the repeats, as a share in [0, 1].

    Attributes:
        mean: over the repeats.
        deviation: standard deviation over the repeats, with N - 1; 0 for a single one.
    """

    mean: float
    deviation: float


def probe(
    train: Labelled,
    valid: Labelled,
    test: Labelled,
    count: int,
    subsets: int = 5,
    seeds: int = 5,
    seed: int = 0,
) -> Accuracy:
    """Accuracy of a linear classifier trained on few labels.

    Table 4 of the Scale-VAE paper, in the protocol of the DU-VAE code: softmax regression on the
    posterior means, by stochastic gradient descent from learning rate 1, batches of 16, gradients
    clipped to norm 5, at most 100 epochs; after two epochs without a lower validation loss the
    rate is halved and the best weights are taken up again, and the fifth time the training ends.
    The labelled sentences are drawn without replacement and without regard to their labels. There
    are `subsets * seeds` repeats: `seeds` orders of the sentences for each of `subsets` draws.

    For Scale-VAE the features are the scaled means f-bar * mu, `encode_sentences(...).mean`:
    gradient descent, unlike a linear map, is not indifferent to their scale.

    Args:
        train: sentences that labels are drawn from.
        valid: sentences that decide when the training ends.
        test: sentences that the accuracy is measured on.
        count: number of labels.
        subsets: number of draws of labelled sentences.
        seeds: number of trainings on each draw.
        seed: seed of draws and orders, an integer from 0 on.

    Raises:
        InputError: `count` is below 2 or above the number of training sentences, there is no
            repeat, `seed` is below 0, features are no matrix of one row per label or not as many
            in each split, train has fewer than two labels, or no sentence of another split has
            one of them.
        DivergedError: a feature is not finite.
    """
    if not 2 <= count <= len(train.labels):
        raise InputError(f"cannot draw {count} of {len(train.labels)} labelled sentences")
    subsets, seeds = whole_number("subsets", subsets, 1), whole_number("seeds", seeds, 1)
    seed = whole_number("seed", seed, 0)
    classes = sorted(Categories.of(train.labels).counts())
    if len(classes) < 2:
        raise InputError("a probe needs sentences with at least two different labels")
    splits = [_Numbered.of(split, classes) for split in (train, valid, test)]
    widths = [split.features.shape[1] - 1 for split in splits]
    if len(set(widths)) > 1:
        raise InputError(f"training, validation and test sentences have {widths} features")
    for name, split in zip(("validation", "test"), splits[1:], strict=True):
        if not np.any(split.classes >= 0):
            raise InputError(f"no {name} sentence has a label that training sentences have")
    accuracies = []
    for subset in range(subsets):
        draw = np.random.default_rng([seed, subset])
        chosen = draw.choice(len(train.labels), count, replace=False)
        labelled = _Numbered(splits[0].features[chosen], splits[0].classes[chosen])
        for repeat in range(seeds):
            order = np.random.default_rng([seed, subset, repeat])
            weights = _train(labelled, splits[1], len(classes), order)
            accuracies.append(_accuracy(weights, splits[2]))
    deviation = np.std(accuracies, ddof=1) if len(accuracies) > 1 else 0.0
    return Accuracy(float(np.mean(accuracies)), float(deviation))


def majority_share(train: Labelled, test: Labelled) -> float:
    """Accuracy of always answering the most frequent label of train, as a share in [0, 1].

    A code that holds nothing of the label does not beat it.
    """
    counts = Categories.of(train.labels).counts()
    most_frequent = max(sorted(counts), key=counts.get)
    return Categories.of(test.labels).counts().get(most_frequent, 0) / len(test.labels)


class _Numbered(NamedTuple):
    """Features with a column of ones, and class numbers; -1 is a class that train lacks."""

    features: np.ndarray
    classes: np.ndarray

    @classmethod
    def of(cls, split, classes):
        features = np.asarray(split.features, np.float64)
        if features.ndim != 2:
            raise InputError(f"features of a probe are [sentences, features], got {features.shape}")
        if len(features) != len(split.labels):
            raise InputError(f"{len(features)} sentences have {len(split.labels)} labels")
        if not np.all(np.isfinite(features)):
            raise DivergedError("a code is not finite: the model has diverged, train it again")
        labels = Categories.of(split.labels)
        of_name = {name: number for number, name in enumerate(classes)}
        numbers = np.array([of_name.get(name, -1) for name in labels.names])[labels.codes]
        return cls(np.concatenate([features, np.ones((len(features), 1))], axis=1), numbers)


def _train(train, valid, classes, random):
    weights = np.zeros((train.features.shape[1], classes))
    best, lowest, reference = weights, np.inf, np.inf
    rate, waited, decays = 1.0, 0, 0
    for _ in range(_MOST_EPOCHS):
        order = random.permutation(len(train.classes))
        for start in range(0, len(order), _BATCH_SIZE):
            batch = order[start : start + _BATCH_SIZE]
            gradient = _gradient(weights, train.features[batch], train.classes[batch])
            norm = np.sqrt(np.sum(np.square(gradient)))
            weights = weights - rate * min(1.0, _CLIP_NORM / max(norm, 1e-12)) * gradient
        loss = _loss(weights, valid)
        if loss < lowest:
            best, lowest = weights, loss
        if loss < reference:
            reference, waited = loss, 0
            continue
        waited += 1
        if waited == _PATIENCE:
            decays, waited = decays + 1, 0
            if decays == _DECAYS:
                break
            rate, weights, reference = 0.5 * rate, best, loss
    return best


def _log_probabilities(weights, features):
    logits = features @ weights
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _gradient(weights, features, classes):
    error = np.exp(_log_probabilities(weights, features))
    error[np.arange(len(classes)), classes] -= 1
    return features.T @ error / len(classes)


def _loss(weights, split):
    known = split.classes >= 0
    log_probability = _log_probabilities(weights, split.features[known])
    return -np.mean(log_probability[np.arange(known.sum()), split.classes[known]])


def _accuracy(weights, split):
    return np.mean((split.features @ weights).argmax(axis=1) == split.classes)
