"""Attribute vectors and the part of length in them."""

import doctest

import numpy as np
import pytest

from scale_vae_keras.control import attributes
from scale_vae_keras.control.attributes import attribute_direction, length_parts, shifted
from scale_vae_keras.errors import InputError

RANDOM = np.random.default_rng(0)


def test_the_examples():
    assert doctest.testmod(attributes, extraglobs={"np": np}).failed == 0


def test_length_parts_are_those_of_least_squares():
    """Code = set's offset + slope * length + noise; the regression has a constant for each set."""
    lengths = [RANDOM.integers(3, 12, 50), RANDOM.integers(6, 15, 40)]
    slope, offsets = np.array([0.5, -2.0, 0.0]), [np.zeros(3), np.array([1.0, 0.0, 4.0])]
    codes = [
        offset + np.outer(length, slope) + RANDOM.normal(0, 0.1, (len(length), 3))
        for offset, length in zip(offsets, lengths, strict=True)
    ]
    design = np.zeros((90, 3))
    design[:50, 0] = design[50:, 1] = 1
    design[:, 2] = np.concatenate(lengths)
    solution = np.linalg.lstsq(design, np.concatenate(codes), rcond=None)[0]
    parts = length_parts(*codes, *lengths)
    np.testing.assert_allclose(parts.rest, solution[1] - solution[0], rtol=1e-4, atol=1e-5)
    difference = lengths[1].mean() - lengths[0].mean()
    np.testing.assert_allclose(parts.length, solution[2] * difference, rtol=1e-4, atol=1e-5)
    whole = attribute_direction(*codes)
    np.testing.assert_allclose(parts.length + parts.rest, whole, rtol=1e-5, atol=1e-6)


def test_sets_of_one_mean_length_have_no_part_of_length():
    codes = RANDOM.normal(size=(6, 2)), RANDOM.normal(size=(4, 2))
    parts = length_parts(*codes, [1, 2, 3, 1, 2, 3], [1, 3, 0, 4])
    np.testing.assert_array_equal(parts.length, [0, 0])
    one_length = length_parts(*codes, [3] * 6, [3] * 4)
    np.testing.assert_array_equal(one_length.rest, parts.rest)
    np.testing.assert_array_equal(parts.rest, attribute_direction(*codes))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attribute_direction(np.zeros((0, 2)), np.zeros((3, 2))), "at least one text"),
        (lambda: attribute_direction(np.zeros((1, 2)), np.zeros((1, 3))), "of one width"),
        (lambda: attribute_direction(np.zeros((1, 2)), np.full((1, 2), np.nan)), "not finite"),
        (lambda: shifted(np.zeros((2, 3)), np.zeros((2, 3)), 1.0), "the 3 dimensions of a code"),
        (lambda: shifted(np.zeros(3), np.zeros(3), 1.0), r"codes have shape \(3,\): give an array"),
        (lambda: length_parts(np.zeros((2, 3)), np.zeros((1, 3)), [1], [1]), "2 texts have 1"),
        (lambda: length_parts(np.ones((2, 1)), np.ones((1, 1)), [4, 4], [9]), "one length"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(InputError, match=message):
        call()
