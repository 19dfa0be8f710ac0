"""Search on a made text model, whose texts are the coordinates of points of a plane."""

import numpy as np
import pytest

from scale_vae_keras.control import realism
from scale_vae_keras.control.realism import realism_bounds, round_trip
from scale_vae_keras.control.search import Found, Search
from scale_vae_keras.errors import InputError
from scale_vae_keras.text_model import Codes

pytest.importorskip("sklearn", reason="needs the extra control")

BEST = np.array([1.2, -0.8, 0.5])


class Points:
    """Decodes a code to its coordinates, rounded; what is left of a line comes back elsewhere."""

    latent_dim = 3

    def __init__(self, misread=-np.inf):
        self.model = self.prior = self
        self.misread = misread

    def ensure_built(self):
        pass

    def check_fitted(self):
        pass

    def sample(self, seeds):
        return np.stack([np.random.default_rng(seed).normal(size=3) for seed in seeds])

    def log_density(self, codes):
        return -0.5 * np.square(codes).sum(axis=1)

    def numbers_of(self, label, rows):
        assert label is None

    def decode(self, codes, label=None):
        return [" ".join(f"{x:.1f}" for x in code) for code in codes]

    def encode(self, texts, label=None):
        codes = np.array([[float(x) for x in text.split()] for text in texts])
        codes[codes[:, 0] < self.misread] *= -2
        return Codes(codes, np.ones_like(codes))


def nearness(text):
    return -float(np.linalg.norm(np.array(text.split(), float) - BEST))


def test_it_beats_the_prior_at_equal_calls():
    """On each of three seeds, by far in the mean; the same seed finds the same."""
    points = Points()
    found, drawn = [], []
    for seed in range(3):
        searched = Search(points, nearness, seed).run(40)
        assert len({each.text for each in searched}) == len(searched) == 40
        assert [each.value for each in searched] == sorted(
            map(nearness, {e.text for e in searched})
        )[::-1]
        found.append(searched[0].value)
        codes = points.sample([[seed, i] for i in range(40)])
        drawn.append(max(map(nearness, points.decode(codes))))
        assert found[-1] > drawn[-1]
    assert np.mean(found) > -0.15 > -0.4 > np.mean(drawn)
    assert Search(points, nearness, 0).run(40)[0].value == found[0]


def test_ask_and_tell_is_the_same_search():
    asked, told = Search(Points(), seed=3), Search(Points(), nearness, 3)
    for _ in range(4):
        texts = asked.ask(8)
        asked.tell(texts, map(nearness, texts))
    assert asked.best() == told.run(32)
    assert asked.best(2) == asked.best()[:2]


def test_proposals_keep_within_the_bounds_of_realism():
    points = Points()
    search = Search(points, lambda text: float(text.split()[0]), 0)
    found = search.run(60)  # as far out as it can
    codes = points.encode([each.text for each in found]).mean
    least = search.realism.log_density
    assert (points.log_density(codes) >= least - 0.5).all()  # texts are rounded codes
    assert points.log_density(codes).min() < least + 1
    samples = points.sample(realism.row_seeds(512, 0))
    assert least == pytest.approx(np.quantile(points.log_density(samples), 0.05))


def test_codes_that_do_not_come_back_are_not_proposed():
    """One in fifty samples is misread: beyond the distance that 95 % of all keep."""
    points = Points(misread=-2.05)
    texts = Search(points, seed=1).ask(200)
    assert min(float(text.split()[0]) for text in texts) >= -2.1
    everywhere = Search(Points(), seed=1).ask(200)
    assert min(float(text.split()[0]) for text in everywhere) < -2.1


def test_bounds_are_quantiles_of_samples():
    points = Points()
    bounds = realism_bounds(points, 0.1, seed=2)
    codes = points.sample(realism.row_seeds(512, 2))
    again = points.encode(points.decode(codes)).mean
    distance = round_trip(codes, again, codes.std(axis=0))
    assert bounds.agree(codes, again).mean() == pytest.approx(0.9, abs=0.002)
    assert bounds.distance == pytest.approx(np.quantile(distance, 0.9))
    assert round_trip(np.array([[3.0, 0.0]]), np.zeros((1, 2)), np.array([1.0, 7.0])) == (
        pytest.approx(3 / np.sqrt(2))
    )


def test_texts_of_the_user_count_and_are_not_proposed():
    search = Search(Points(), seed=0)
    first = Search(Points(), seed=0).ask(5)
    search.tell([*first[:2], "9.0 9.0 9.0"], [1.0, 3.0, 2.0])
    assert search.best() == [Found(first[1], 3.0), Found("9.0 9.0 9.0", 2.0), Found(first[0], 1.0)]
    assert not set(search.ask(20)) & set(first[:2])
    search.tell([first[0]], [5.0])
    assert search.best(1) == [Found(first[0], 5.0)]


def test_refusals():
    search = Search(Points(), seed=0)
    for call, message in (
        (lambda: search.ask(0), "at least 1"),
        (lambda: search.tell(["0 0 0"], []), "1 texts have 0 values"),
        (lambda: search.tell(["0 0 0"], [np.nan]), "not finite"),
        (lambda: search.tell(["0 0 0"], [None]), "a value is no number, None: leave its text out"),
        (lambda: search.run(3), "no property"),
        (lambda: Search(Points(), nearness).run(0), "at least 1"),
        (lambda: realism_bounds(Points(), 1.0), "below 1"),
    ):
        with pytest.raises(InputError, match=message):
            call()

    class Mute(Points):
        def decode(self, codes, label=None):
            return ["0 0 0"] * len(codes)

    search = Search(Mute(), seed=0)
    with pytest.raises(InputError, match="only 1 of 3 new texts"):
        search.ask(3)
    assert search.ask(1) == ["0 0 0"]


def test_values_before_an_error_of_the_property_are_kept():
    calls = []

    def assay(text):
        calls.append(text)
        return np.nan if len(calls) == 12 else nearness(text)

    search = Search(Points(), assay)
    with pytest.raises(InputError, match="not finite"):
        search.run(40)
    assert sorted(found.text for found in search.best()) == sorted(calls[:11])
    assert all(found.value == nearness(found.text) for found in search.best())


def test_where_no_more_new_texts_are_found_the_search_ends_with_what_it_has(caplog):
    class Few(Points):
        """Twenty texts at most."""

        def decode(self, codes, label=None):
            return [f"{float(np.clip(round(code[0]), -9, 9))} 0 0" for code in codes]

        def encode(self, texts, label=None):
            return Codes(np.zeros((len(texts), 3)), np.ones((len(texts), 3)))

        def log_density(self, codes):
            return np.zeros(len(codes))

    points = Few()
    search = Search(points, lambda text: float(text.split()[0]))
    search.realism = realism.Realism(-1.0, np.inf, np.ones(3))
    search.tell(["0.5 0 0"], [0.5])
    found = search.run(40)
    assert found[-1].value <= 0.5 <= found[0].value
    assert "the search ends after" in caplog.messages[-1]
    assert "are within the bounds of realism" in caplog.messages[-1]
