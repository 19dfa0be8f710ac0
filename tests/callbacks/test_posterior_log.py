"""PosteriorHistograms, TextSamplesLog and LatentProjector: what comes from the posteriors."""

import html
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from event_files import read_events, steps, values
from google.protobuf import text_format
from made_models import set_factor
from tensorboard.plugins.projector import ProjectorConfig

from scale_vae_keras.callbacks.latent_projector import LatentProjector
from scale_vae_keras.callbacks.posterior_histograms import PosteriorHistograms
from scale_vae_keras.callbacks.text_samples_log import TextSamplesLog, text_table
from scale_vae_keras.evaluation.encode import Encoded
from scale_vae_keras.event_log import EventLog
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary

ROWS = np.array([5, 1, 2])


@pytest.fixture
def monitor():
    """Stands for a LatentMonitor that has encoded six sentences."""
    arrays = np.random.default_rng(3).normal(size=[4, 6, 2]).astype(np.float32)
    return SimpleNamespace(encoded=Encoded(*arrays))


def test_histograms(scale_vae, monitor, tmp_path):
    set_factor(scale_vae, [2.0, 4.0])
    callback = PosteriorHistograms(EventLog(tmp_path), monitor, ROWS)
    callback.set_model(scale_vae)
    callback.on_epoch_end(6)
    events = read_events(tmp_path)
    names = [f"{name}/{d}" for name in ("mu", "sigma", "kl") for d in (0, 1)]
    assert steps(events) == {"histograms": {name: [7] for name in [*names, "mean_kl", "factor"]}}
    mean = np.float64(monitor.encoded.unscaled_mean[ROWS])
    log_var = np.float64(monitor.encoded.unscaled_log_var[ROWS])
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1)
    expected = {
        "mu/1": mean[:, 1],
        "sigma/0": np.exp(log_var[:, 0] / 2),
        "kl/1": kl[:, 1],
        "mean_kl": kl.mean(axis=0),
        "factor": [2.0, 4.0],
    }
    for tag, data in expected.items():
        [buckets] = values(events, tag)
        assert buckets[:, 2].sum() == len(data)
        assert buckets[0, 0] == pytest.approx(min(data), rel=1e-5)
        assert buckets[-1, 1] == pytest.approx(max(data), rel=1e-5)


def test_a_posterior_that_is_not_finite_is_left_out(vae, monitor, tmp_path):
    monitor.encoded.unscaled_mean[1, 0] = np.inf
    callback = PosteriorHistograms(EventLog(tmp_path), monitor, ROWS)
    callback.set_model(vae)
    callback.on_epoch_end(0)
    [buckets] = values(read_events(tmp_path), "mu/0")
    assert buckets[:, 2].sum() == 2


NASTY = [
    "<script>alert(1)</script>",
    "a | b",
    "*bold* _it_ `code` [x](y)",
    "back \\ slash",
    "<unk>",
]


def cells(table):
    """Text of the cells of a Markdown table as TensorBoard shows it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a library inside TensorBoard
        from tensorboard.plugins.text.text_plugin import text_array_to_html
    shown = text_array_to_html(np.array(table), enable_markdown=True)
    return [
        html.unescape(re.sub("<[^>]*>", "", cell))
        for cell in re.findall("<td>(.*?)</td>", shown, re.DOTALL)
    ]


def test_a_table_shows_text_as_it_is():
    assert cells(text_table(pd.DataFrame({"one": "a", "two": NASTY}))) == [
        cell for text in NASTY for cell in ("a", text)
    ]


def test_text_samples(vae, monitor, tmp_path):
    vocabulary = Vocabulary.from_counts({"a": 5, "b": 4, "c": 3, "d": 2, "e": 1})
    log = EventLog(tmp_path)
    originals = ["a b", "c", "d e"]
    callback = TextSamplesLog(log, Tokenizer(vocabulary), originals, monitor, ROWS)
    callback.set_model(vae)
    for epoch in (0, 1):
        callback.on_epoch_end(epoch)
    events = read_events(tmp_path)
    names = ("prior", "reconstructions", "interpolations")
    assert steps(events) == {"text": {f"samples/{name}": [1, 2] for name in names}}
    prior, reconstructions, interpolations = (
        cells(values(events, f"samples/{name}")[0].item().decode()) for name in names
    )
    assert len(prior) == 8
    assert reconstructions[::2] == originals
    # one line of five sentences, from the first original's reconstruction to the second's
    assert len(interpolations) == 5
    assert [interpolations[0], interpolations[-1]] == reconstructions[1:4:2]
    for tag in ("samples/prior", "samples/reconstructions"):
        first, second = values(events, tag)
        assert first == second  # the same seeds and sentences in every epoch


def project(folder, monitor, **labels):
    callback = LatentProjector(EventLog(folder), monitor, ROWS, ["a b", "c\td", "e"], **labels)
    callback.on_epoch_end(0)
    return callback


def test_projector(monitor, tmp_path):
    callback = project(tmp_path / "run", monitor, labels=["x", "y", "z"])
    config = ProjectorConfig()
    text_format.Parse((tmp_path / "run" / "projector_config.pbtxt").read_text(), config)
    [embedding] = config.embeddings
    tensors = tmp_path / "run" / embedding.tensor_path
    means = np.loadtxt(tensors, delimiter="\t")
    np.testing.assert_allclose(means, monitor.encoded.mean[ROWS], rtol=1e-4)
    metadata = (tmp_path / "run" / embedding.metadata_path).read_text().splitlines()
    assert metadata == ["sentence\tlabel", "a b\tx", "c d\ty", "e\tz"]
    monitor.encoded.mean[:] = 1
    callback.on_epoch_end(1)
    assert (np.loadtxt(tensors, delimiter="\t") == 1).all()


def test_projector_without_labels_has_one_column_and_no_header(monitor, tmp_path):
    project(tmp_path, monitor)
    assert (tmp_path / "sentences.tsv").read_text().splitlines() == ["a b", "c d", "e"]
