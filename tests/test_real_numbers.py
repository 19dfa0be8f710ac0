"""Numbers that need not be whole are checked by one rule, wherever one is taken."""

import math

import numpy as np
import pytest

import scale_vae_keras as sv
from scale_vae_keras.control.attributes import shifted
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.run_checkpoint import RunCheckpoint
from scale_vae_keras.serving.client import Client
from scale_vae_keras.settings import real_number

BEST = sv.callbacks.BestModel("best.keras")
NEVER_NEGATIVE, POSITIVE, SHARE = "at least 0 and finite", "positive and finite", "from 0 to 1"
BELOW_ONE = "at least 0 and below 1"


def decoder(kind=sv.layers.LSTMDecoder, **changes):
    sizes = {"vocabulary_size": 9, "embedding_dim": 3, "units": 8, "latent_dim": 2}
    return kind(**{**sizes, "dropout": 0.0, "initializer_range": 0.1, **changes})


# What takes it, what it must be, one that fits and one that does not.
TAKEN = {
    "SentenceDecoder(dropout)": (lambda x: decoder(dropout=x), BELOW_ONE, 0.5, 1),
    "SentenceDecoder(word_dropout)": (lambda x: decoder(word_dropout=x), SHARE, 1, 1.5),
    "SentenceDecoder(initializer_range)": (
        lambda x: decoder(initializer_range=x),
        *(NEVER_NEGATIVE, 0.1, -0.1),
    ),
    "SentenceDecoder(embedding_noise)": (
        lambda x: decoder(embedding_noise=x),
        *(NEVER_NEGATIVE, 0.1, -0.1),
    ),
    "TransformerDecoder(layer_dropout)": (
        lambda x: decoder(sv.layers.TransformerDecoder, layer_dropout=x),
        *(BELOW_ONE, 0.1, 1),
    ),
    "GaussianPosterior(initializer_range)": (
        lambda x: sv.layers.GaussianPosterior(2, x),
        *(NEVER_NEGATIVE, 0.1, -0.1),
    ),
    "PosteriorBatchNorm(gamma)": (sv.layers.PosteriorBatchNorm, POSITIVE, 0.5, 0),
    "PosteriorBatchNorm(epsilon)": (
        lambda x: sv.layers.PosteriorBatchNorm(1.0, epsilon=x),
        *(POSITIVE, 1e-5, 0),
    ),
    "LinearKLAnnealing(start)": (sv.callbacks.LinearKLAnnealing, SHARE, 0.1, 1.1),
    "LinearKLAnnealing(epochs)": (
        lambda x: sv.callbacks.LinearKLAnnealing(0, x),
        *(NEVER_NEGATIVE, 2.5, -1),
    ),
    "LinearKLAnnealing(after)": (
        lambda x: sv.callbacks.LinearKLAnnealing(0, 1, x),
        *(NEVER_NEGATIVE, 2.5, -1),
    ),
    "CyclicalKLAnnealing(cycle_epochs)": (
        lambda x: sv.callbacks.CyclicalKLAnnealing(x, 0),
        *(POSITIVE, 2.5, 0),
    ),
    "CyclicalKLAnnealing(ramp_epochs)": (
        lambda x: sv.callbacks.CyclicalKLAnnealing(20, x),
        *(NEVER_NEGATIVE, 2.5, -1),
    ),
    "CyclicalKLAnnealing(start)": (
        lambda x: sv.callbacks.CyclicalKLAnnealing(20, 10, x),
        *(SHARE, 0.1, 1.1),
    ),
    "CyclicalKLAnnealing(first_epochs)": (
        lambda x: sv.callbacks.CyclicalKLAnnealing(20, 10, 0, x),
        *(NEVER_NEGATIVE, 2.5, -1),
    ),
    "HalvingSchedule(learning_rate)": (
        lambda x: sv.callbacks.HalvingSchedule(x, 1),
        *(POSITIVE, 0.5, 0),
    ),
    "DecayOnPlateau(factor)": (
        lambda x: sv.callbacks.DecayOnPlateau(BEST, factor=x),
        *("above 0 and below 1", 0.5, 1),
    ),
    "SkippedSteps(max_share)": (sv.callbacks.SkippedSteps, NEVER_NEGATIVE, 1.5, -0.1),
    "RunCheckpoint(save_minutes)": (
        lambda x: RunCheckpoint("run", {}, save_minutes=x),
        *(NEVER_NEGATIVE, 0.5, -1),
    ),
    "TemperatureSampler(temperature)": (sv.samplers.TemperatureSampler, POSITIVE, 0.5, -1),
    "TopPSampler(p)": (sv.samplers.TopPSampler, "above 0 and at most 1", 1, 1.5),
    "TopKSampler(temperature)": (lambda x: sv.samplers.TopKSampler(2, x), POSITIVE, 0.5, -1),
    "Client(timeout)": (
        lambda x: Client("http://localhost:1", "m", timeout=x),
        *("above 0 and at most 86400", 0.5, 0),
    ),
    "shifted(amount)": (
        lambda x: shifted(np.zeros([1, 2]), np.ones(2), x),
        *("finite", -1.5, math.inf),
    ),
}


@pytest.mark.parametrize("value", ["0.5", [0.5], np.array([0.5, 0.7])], ids=repr)
@pytest.mark.parametrize("take", [take for take, *_ in TAKEN.values()], ids=list(TAKEN))
def test_what_is_no_number_is_refused(take, value):
    with pytest.raises(InputError, match="must be a number, got"):
        take(value)


@pytest.mark.parametrize(("take", "limits", "fit", "unfit"), list(TAKEN.values()), ids=list(TAKEN))
def test_what_is_out_of_range_is_refused(take, limits, fit, unfit):
    for value in (unfit, np.float32(unfit), math.nan):
        with pytest.raises(InputError) as caught:
            take(value)
        assert str(caught.value).split(" must be ")[1] == f"{limits}, got {value!r}"
    take(fit)
    take(np.float32(fit))


def test_numbers_of_numpy_become_pythons():
    made = decoder(dropout=np.float32(0.5)).get_config()["dropout"]
    assert (made, type(made)) == (0.5, float)
    assert isinstance(real_number("a", 2), float)
