import math

import numpy as np
import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.probe import Labelled, majority_share, probe


def two_classes(count, distance, seed):
    """Labels `no` and `yes`, means apart by `distance` along the first of three features."""
    random = np.random.default_rng(seed)
    yes = random.random(count) < 0.5
    features = random.standard_normal((count, 3))
    features[:, 0] += distance * (yes - 0.5)
    return Labelled(features, np.where(yes, "yes", "no").tolist())


def splits(distance):
    return [two_classes(2_000, distance, seed) for seed in (11, 12, 13)]


def test_separated_classes_are_found_from_few_labels():
    accuracy = probe(*splits(12.0), count=20, subsets=2, seeds=1)
    assert accuracy.mean > 0.99


def test_accuracy_comes_near_the_best_possible():
    """Two unit Gaussians two apart: the best classifier is right with probability Phi(1)."""
    best = 0.5 * (1 + math.erf(1 / math.sqrt(2)))
    few = probe(*splits(2.0), count=10, subsets=5, seeds=1)
    many = probe(*splits(2.0), count=1_000, subsets=2, seeds=1)
    assert few.mean < many.mean < best + 0.02
    assert many.mean > best - 0.03
    assert few.deviation > many.deviation


def test_features_without_the_label_give_chance():
    assert probe(*splits(0.0), count=200, subsets=3, seeds=1).mean == pytest.approx(0.5, abs=0.04)


def test_repeats_are_reproducible():
    first, second, other = (
        probe(*splits(2.0), count=20, subsets=2, seeds=2, seed=seed) for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_one_repeat_has_no_deviation():
    assert probe(*splits(2.0), count=20, subsets=1, seeds=1).deviation == 0


def test_a_label_that_train_lacks_is_always_wrong():
    train, valid, test = splits(12.0)
    test = Labelled(test.features, ["maybe"] * 1_000 + list(test.labels[1_000:]))
    assert probe(train, valid, test, count=50, subsets=1, seeds=1).mean == pytest.approx(
        0.5, abs=0.01
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 1}, "cannot draw 1 of 2000"),
        ({"count": 2_001}, "cannot draw 2001 of 2000"),
        ({"subsets": 0}, "subsets must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"train": Labelled(np.zeros((2, 3)), ["a", "a"])}, "at least two different labels"),
        ({"valid": Labelled(np.zeros((2, 3)), ["a"])}, "2 sentences have 1 labels"),
        ({"valid": Labelled(np.zeros((2, 3)), ["maybe"] * 2)}, "no validation sentence has a"),
        ({"test": Labelled(np.zeros((0, 3)), [])}, "no test sentence has a label"),
        ({"test": Labelled(np.full((2, 3), np.nan), ["a"] * 2)}, "the model has diverged"),
        ({"valid": Labelled(np.zeros(2), ["a"] * 2)}, r"\[sentences, features\], got \(2,\)"),
        ({"test": Labelled(np.zeros((2, 4)), ["yes"] * 2)}, r"have \[3, 3, 4\] features"),
    ],
)
def test_bad_input(change, message):
    train, valid, test = splits(1.0)
    arguments = {"train": train, "valid": valid, "test": test, "count": 2, **change}
    with pytest.raises(InputError, match=message):
        probe(**arguments)


def test_the_majority_is_that_of_train():
    train = Labelled(np.zeros((5, 1)), ["a", "b", "b", "c", "b"])
    test = Labelled(np.zeros((4, 1)), ["a", "b", "a", "a"])
    assert majority_share(train, test) == 0.25
