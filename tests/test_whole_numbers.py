"""Whatever counts something is a whole number, in every class and function that takes one."""

import math

import numpy as np
import pytest

import scale_vae_keras as sv
from scale_vae_keras.benchmarks.density.benchmark import Protocol
from scale_vae_keras.benchmarks.speed.benchmark import benchmark_speed
from scale_vae_keras.benchmarks.speed.shapes import as_split
from scale_vae_keras.data.batches import evaluation_batches, sampled_batches, training_batches
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.generation import distinct
from scale_vae_keras.evaluation.information import (
    aggregate_divergence,
    batch_mutual_information,
    estimate_information,
)
from scale_vae_keras.evaluation.probe import Labelled, probe
from scale_vae_keras.evaluation.structure import dci, z_diff
from scale_vae_keras.parts.positions import Positions
from scale_vae_keras.runs.run_checkpoint import RunCheckpoint
from scale_vae_keras.schedules.plateau import Plateau
from scale_vae_keras.serving.client import Client
from scale_vae_keras.text.rare_words import choose_min_count
from scale_vae_keras.tuning.search import SearchSettings

MEANS = np.zeros([3, 2])
FACTORS = {"tone": ["good", "bad", "good"], "topic": ["food", "food", "staff"]}
LABELLED = Labelled(np.eye(3), ["a", "b", "a"])
SPLIT = as_split([np.array([1, 3, 2], np.int32)] * 3)
BEST = sv.callbacks.BestModel("best.keras")


def probed(**arguments):
    return probe(LABELLED, LABELLED, LABELLED, 2, **arguments)


def made(kind, **changes):
    """An encoder or a decoder whose other sizes are fine."""
    sizes = {"vocabulary_size": 9, "embedding_dim": 3, "units": 4}
    if issubclass(kind, sv.layers.SentenceDecoder):
        sizes |= {"latent_dim": 2, "dropout": 0.0, "initializer_range": 0.1}
    return kind(**{**sizes, **changes})


def trained(**arguments):
    return sv.text.train_sentencepiece(lambda: ["a b"], **arguments)


LAYERS = (
    *(sv.layers.LSTMEncoder, sv.layers.TransformerEncoder),
    *(sv.layers.LSTMDecoder, sv.layers.CNNDecoder, sv.layers.TransformerDecoder),
)

# What takes it, and the least that it takes.
TAKEN = {
    **{
        f"{kind.__name__}({name})": (lambda n, kind=kind, name=name: made(kind, **{name: n}), 1)
        for kind in LAYERS
        for name in ("vocabulary_size", "embedding_dim", "units")
    },
    **{
        f"{kind.__name__}({name})": (lambda n, kind=kind, name=name: made(kind, **{name: n}), 1)
        for kind in (sv.layers.TransformerEncoder, sv.layers.TransformerDecoder)
        for name in ("depth", "heads", "feed_forward")
    },
    "CNNDecoder(latent_dim)": (lambda n: made(sv.layers.CNNDecoder, latent_dim=n), 0),
    "GaussianPosterior(latent_dim)": (sv.layers.GaussianPosterior, 1),
    "schedules.Plateau(patience)": (lambda n: Plateau(n, 0), 1),
    "schedules.Plateau(start_epoch)": (lambda n: Plateau(1, n), 0),
    "EpochAverageScale(f_epo)": (sv.callbacks.EpochAverageScale, 1),
    "AutoencoderPretraining(epochs)": (sv.callbacks.AutoencoderPretraining, 0),
    "AutoencoderPretraining(decays)": (lambda n: sv.callbacks.AutoencoderPretraining(1, n), 0),
    "HalvingSchedule(constant_epochs)": (lambda n: sv.callbacks.HalvingSchedule(0.1, n), 0),
    "DecayOnPlateau(max_decays)": (lambda n: sv.callbacks.DecayOnPlateau(BEST, max_decays=n), 1),
    "FitPrior(limit)": (lambda n: sv.callbacks.FitPrior(SPLIT, limit=n), 1),
    "RunCheckpoint(save_steps)": (lambda n: RunCheckpoint("run", {}, save_steps=n), 1),
    "PosteriorBatchNorm(min_batch)": (lambda n: sv.layers.PosteriorBatchNorm(1, min_batch=n), 2),
    "PosteriorScale(record_size)": (lambda n: sv.layers.PosteriorScale(record_size=n), 1),
    "CNNDecoder(dilations)": (
        lambda n: sv.layers.CNNDecoder(9, 3, 4, 2, 0.0, 0.1, dilations=(1, n)),
        1,
    ),
    "Vocabulary.from_counts(min_count)": (
        lambda n: sv.text.Vocabulary.from_counts({"a": 2}, None, n),
        0,
    ),
    "train_sentencepiece(seed)": (lambda n: trained(seed=n), 0),
    "train_sentencepiece(sample_bytes)": (lambda n: trained(sample_bytes=n), 1),
    "Positions(max_positions)": (lambda n: Positions("learned", n, 2), 1),
    "MixturePrior(components)": (sv.priors.MixturePrior, 1),
    "LearnedMixturePrior(components)": (sv.priors.LearnedMixturePrior, 1),
    "VampPrior(components)": (sv.priors.VampPrior, 1),
    "VampPrior(length)": (lambda n: sv.priors.VampPrior(length=n), 1),
    "training_batches(batch_size)": (lambda n: training_batches(SPLIT, n, seed=0), 1),
    "training_batches(seed)": (lambda n: training_batches(SPLIT, 2, seed=n), 0),
    "training_batches(first_epoch)": (
        lambda n: training_batches(SPLIT, 2, seed=0, first_epoch=n),
        0,
    ),
    "evaluation_batches(batch_size)": (lambda n: evaluation_batches(SPLIT, n), 1),
    "sampled_batches(limit)": (lambda n: sampled_batches(SPLIT, 2, n, seed=0), 1),
    "EncodedSplit.first": (SPLIT.first, 1),
    "EncodedSplit.spread": (SPLIT.spread, 1),
    "distinct(order)": (lambda n: distinct([["a", "b"]], n), 1),
    "estimate_information(samples)": (lambda n: estimate_information(MEANS, MEANS, 0, n), 2),
    "estimate_information(seed)": (lambda n: estimate_information(MEANS, MEANS, n), 0),
    "batch_mutual_information(batch_size)": (
        lambda n: batch_mutual_information(MEANS, MEANS, n),
        2,
    ),
    "aggregate_divergence(seed)": (lambda n: aggregate_divergence(MEANS, MEANS, None, n), 0),
    "evaluate_model(samples)": (
        lambda n: sv.evaluation.evaluate_model(sv.LanguageModel(9), SPLIT, n),
        0,
    ),
    "probe(subsets)": (lambda n: probed(subsets=n), 1),
    "probe(seeds)": (lambda n: probed(seeds=n), 1),
    "probe(seed)": (lambda n: probed(seed=n), 0),
    "dci(seed)": (lambda n: dci(MEANS, FACTORS, n), 0),
    "z_diff(seed)": (lambda n: z_diff(MEANS, FACTORS, n), 0),
    "SearchSettings(trials)": (lambda n: SearchSettings("reviews", trials=n), 1),
    "Protocol(samples)": (lambda n: Protocol("reviews", "small", (), n, None), 0),
    "Protocol(limit)": (lambda n: Protocol("reviews", "small", (), 0, n), 2),
    "benchmark_speed(rounds)": (lambda n: benchmark_speed("short", None, n, [], ""), 1),
    "Client(retries)": (lambda n: Client("http://localhost:1", "m", retries=n), 0),
    "Client(version)": (lambda n: Client("http://localhost:1", "m", version=n), 0),
}


@pytest.mark.parametrize("value", [1.5, 2.0, math.nan, "2"])
@pytest.mark.parametrize("take", [take for take, _ in TAKEN.values()], ids=list(TAKEN))
def test_what_is_no_whole_number_is_refused(take, value):
    with pytest.raises(InputError, match=f"must be a whole number.*, got {value!r}"):
        take(value)


@pytest.mark.parametrize(("take", "least"), list(TAKEN.values()), ids=list(TAKEN))
def test_what_is_too_small_is_refused(take, least):
    with pytest.raises(InputError, match=rf"must be .*{least}.*, got {least - 1}$"):
        take(least - 1)


@pytest.mark.parametrize("value", [1.5, 400.0, math.nan, "400"])
@pytest.mark.parametrize(
    "take",
    [
        lambda n: trained(size=n),
        lambda n: sv.text.Vocabulary.from_counts({"a": 2}, n),
        lambda n: choose_min_count({"a": 2}, n),
    ],
)
def test_a_size_of_a_vocabulary_is_a_whole_number(take, value):
    with pytest.raises(InputError, match=f"must be a whole number, got {value!r}"):
        take(value)
