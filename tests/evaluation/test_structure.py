"""Codes made to score 0 and 1 by the measures of structure."""

import math

import numpy as np
import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.structure import dci, mutual_information_gap, structure, z_diff
from scale_vae_keras.metrics import STRUCTURE

pytest.importorskip("sklearn", reason="needs the extra control")


@pytest.fixture(scope="module")
def values():
    """Three independent factors of 2, 3 and 5 values, balanced in 1,200 sentences."""
    random = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(range(2), range(3), range(5), indexing="ij")).reshape(3, -1)
    return np.tile(grid, 40)[:, random.permutation(1200)]


@pytest.fixture(scope="module")
def factors(values):
    return {name: [f"{name}{v}" for v in row] for name, row in zip("abc", values, strict=True)}


def own_dimensions(values):
    """A dimension for each factor, in another order, and one that holds nothing."""
    return np.stack([values[2], np.zeros(len(values[0])), values[0], -values[1]], axis=1)


def test_a_dimension_for_each_factor_scores_one(values, factors):
    codes = own_dimensions(values)
    assert mutual_information_gap(codes, factors) == pytest.approx(1, abs=1e-9)
    assert dci(codes, factors) == pytest.approx((1, 1, 1), abs=1e-9)
    assert z_diff(codes, factors) == 1


def test_two_dimensions_for_each_factor_have_no_gap(values, factors):
    codes = np.repeat(own_dimensions(values), 2, axis=1)
    assert mutual_information_gap(codes, factors) == 0
    scores = dci(codes, factors)
    assert scores.disentanglement == pytest.approx(1, abs=1e-9)
    assert scores.completeness == pytest.approx(1 - math.log(2) / math.log(8), abs=0.02)
    assert z_diff(codes, factors) == 1


def test_dimensions_that_tell_of_all_factors_alike_score_zero(values, factors):
    """Two copies of one number that holds all factors: no dimension is any factor's own."""
    number = 15.0 * values[0] + 5 * values[1] + values[2]
    random = np.random.default_rng(1)
    order = random.permutation(30)  # neighbours have nothing in common
    codes = np.stack([order[number.astype(int)]] * 4, axis=1).astype(float)
    assert mutual_information_gap(codes, factors) == 0
    scores = dci(codes, factors)
    assert scores.disentanglement < 0.02
    assert scores.completeness < 0.02
    assert scores.informativeness > 0.95


def test_codes_that_hold_nothing_score_zero_or_chance(factors):
    codes = np.random.default_rng(2).normal(size=(1200, 4))
    assert mutual_information_gap(codes, factors) < 0.02
    scores = dci(codes, factors)
    assert scores.disentanglement < 0.05
    assert scores.completeness < 0.05
    assert scores.informativeness == pytest.approx((1 / 2 + 1 / 3 + 1 / 5) / 3, abs=0.04)
    assert z_diff(codes, factors) == pytest.approx(1 / 3, abs=0.08)
    constant = np.zeros((1200, 2))
    assert mutual_information_gap(constant, factors) == 0
    assert dci(constant, factors)[:2] == (0, 0)


def test_the_gap_of_a_factor_that_is_half_known():
    """The best dimension tells two values of four apart: ln 2 of ln 4; the second tells nothing."""
    factor = np.tile(np.arange(4), 30)
    codes = np.stack([factor // 2, np.repeat(np.arange(2), 60)], axis=1)
    assert mutual_information_gap(codes, {"f": factor}) == pytest.approx(0.5, abs=1e-9)


def test_a_rotation_lowers_the_scores(values, factors):
    codes = own_dimensions(values) + np.random.default_rng(3).normal(0, 0.05, (1200, 4))
    codes = codes / codes.std(axis=0)
    rotation, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(4, 4)))
    straight, turned = structure(codes, factors), structure(codes @ rotation, factors)
    assert set(straight) == set(STRUCTURE)
    assert straight["mig"] > 0.8 > 0.3 > turned["mig"]
    assert straight["disentanglement"] > 0.9 > 0.5 > turned["disentanglement"]
    assert straight["informativeness"] > 99
    assert turned == structure(codes @ rotation, factors)


def test_what_cannot_be_measured_is_refused(factors):
    codes = np.zeros((1200, 2))
    with pytest.raises(InputError, match="at least two"):
        mutual_information_gap(codes[:, :1], factors)
    with pytest.raises(InputError, match="at least two dimensions and two factors"):
        dci(codes, {"a": factors["a"]})
    with pytest.raises(InputError, match="give at least two"):
        z_diff(codes, {"a": factors["a"]})
    with pytest.raises(InputError, match="has one value only"):
        mutual_information_gap(codes, {"a": ["x"] * 1200})
    with pytest.raises(InputError, match="1200 codes have 3 values of a"):
        mutual_information_gap(codes, {"a": ["x", "y", "x"]})
    with pytest.raises(InputError, match="finite"):
        mutual_information_gap(codes + np.nan, factors)


def test_sentences_in_order_are_warned_of(values, factors, caplog):
    order = np.argsort(factors["a"], kind="stable")
    dci(own_dimensions(values)[order], {"a": np.asarray(factors["a"])[order], "b": factors["b"]})
    [message] = caplog.messages
    assert "differ in the values of a: give more sentences, in random order" in message
