import math
import sys
import tracemalloc

import numpy as np
import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.silhouette import silhouette


def test_four_points_by_hand():
    # on a line: a at 0 and 1, b at 3 and 7
    expected = [
        (5 - 1) / 5,  # to 1; to 3 and 7
        (4 - 1) / 4,
        (2.5 - 4) / 4,  # nearer to the others than to its own
        (6.5 - 4) / 6.5,
    ]
    points = np.array([[0.0], [1.0], [3.0], [7.0]])
    assert silhouette(points, ["a", "a", "b", "b"]) == pytest.approx(sum(expected) / 4)


def test_the_nearest_other_label_counts_and_a_single_point_is_zero():
    # a at (0, 0) and (0, 1), b at (3, 0), c far away
    points = np.array([[0.0, 0.0], [0.0, 1.0], [3.0, 0.0], [99.0, 99.0]])
    expected = (3 - 1) / 3 + (math.sqrt(10) - 1) / math.sqrt(10)
    assert silhouette(points, ["a", "a", "b", "c"]) == pytest.approx(expected / 4)


def test_scale_and_place_do_not_matter_and_noise_is_near_zero():
    random = np.random.default_rng(1)
    points, labels = random.normal(size=(600, 2)), random.choice(["x", "y", "z"], 600)
    noise = silhouette(points, labels)
    assert abs(noise) < 0.05
    assert silhouette(40 * points + 7, labels) == pytest.approx(noise)
    apart = points + 100 * np.eye(3)[np.searchsorted(["x", "y", "z"], labels)][:, :2]
    assert silhouette(apart, labels) > 0.95


def test_memory_does_not_grow_with_the_square_of_the_points(monkeypatch):
    """Blocks have so few rows that their entries are bounded, but for one row at least."""
    points = np.random.default_rng(3).normal(size=(500, 2))
    labels = ["a", "b"] * 250
    whole = silhouette(points, labels)
    monkeypatch.setattr(sys.modules[silhouette.__module__], "_BLOCK_ENTRIES", 5_000)
    tracemalloc.start()
    assert silhouette(points, labels) == pytest.approx(whole, rel=1e-12)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000, "500 x 500 entries of float64 would be 2 million bytes"


def test_points_in_one_place():
    assert silhouette(np.ones((4, 2)), ["a", "a", "b", "b"]) == 0


def test_blocks_change_nothing(monkeypatch):
    random = np.random.default_rng(2)
    points, labels = random.normal(size=(50, 3)), random.choice(["x", "y"], 50)
    whole = silhouette(points, labels)
    monkeypatch.setattr(sys.modules[silhouette.__module__], "_BLOCK_ROWS", 7)
    assert silhouette(points, labels) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(["a", "b"], "3 points have 2 labels"), (["a", "a", "a"], "at least two labels")],
)
def test_bad_labels(labels, message):
    with pytest.raises(InputError, match=message):
        silhouette(np.zeros((3, 1)), labels)
