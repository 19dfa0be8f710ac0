"""Of many validation sentences a run watches some, and logs them under their own texts."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

import scale_vae_keras as sv
from scale_vae_keras.callbacks import LatentMonitor
from scale_vae_keras.callbacks.latent_projector import LatentProjector
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.runs import standard_callbacks as standard
from scale_vae_keras.runs import tensorboard
from scale_vae_keras.runs.config import configure


@pytest.fixture
def valid():
    random = np.random.default_rng(0)
    lengths = random.integers(2, 9, 23)
    tokens = [np.concatenate([[1], random.integers(4, 9, n), [2]]) for n in lengths]
    offsets = np.concatenate([[0], np.cumsum(lengths + 2)])
    labels = [str(row) for row in range(23)]
    return EncodedSplit(np.concatenate(tokens).astype(np.int32), offsets, labels, 0, 0)


@pytest.mark.parametrize("watched", [7, 4000])
def test_texts_belong_to_the_posteriors_that_are_logged(valid, monkeypatch, tmp_path, watched):
    for module in (standard, tensorboard):
        monkeypatch.setattr(module, "WATCHED_SENTENCES", watched)
    keras.utils.set_random_seed(0)
    model = sv.ScaleVAE(9, latent_dim=2, embedding_dim=3, units=4)
    config = configure("reviews", "scale", "small")
    everything, _ = sv.data.evaluation_batches(valid, 64)
    callbacks = standard.standard_callbacks(config, everything, tmp_path / "m.keras", valid, valid)
    [monitor] = [each for each in callbacks if isinstance(each, LatentMonitor)]
    monitor.set_model(model)
    monitor.on_epoch_end(0, {})
    assert len(monitor.encoded.mean) == min(watched, 23)

    tokenizer = sv.Tokenizer(sv.Vocabulary(list("abcde")))
    folder = SimpleNamespace(logs=tmp_path / "logs", tokenizer=tokenizer)
    logs = tensorboard.tensorboard_callbacks(folder, valid, valid, monitor, config)
    [projector] = [each for each in logs if isinstance(each, LatentProjector)]
    assert len(projector.sentences) == min(watched, 23)
    ids = tokenizer(projector.sentences).to_tensor()
    np.testing.assert_allclose(
        monitor.encoded.mean[projector.rows], model.encode(ids).mean, atol=1e-6
    )
