"""Options whose effect is seen in what a command prints and writes."""

import json
import logging

import pytest
from older_files import unpack_older_files

from scale_vae_keras.benchmarks import probe as benchmark
from scale_vae_keras.commands.main import main
from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.evaluation.probe import Accuracy
from scale_vae_keras.models import TextVAE
from scale_vae_keras.runs.run_folder import RunFolder


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    return unpack_older_files(tmp_path_factory.mktemp("older"))


@pytest.fixture(autouse=True)
def older(unpacked, monkeypatch):
    """The folder of a corpus and a run, where the commands run."""
    logger = logging.getLogger("scale_vae_keras")
    handlers = list(logger.handlers)
    monkeypatch.chdir(unpacked)
    yield unpacked
    logger.handlers[:] = handlers


def test_evaluate_takes_its_samples_by_the_seed_and_from_the_split(capsys):
    words = ["evaluate", "run", "--samples", "3", "--json", "--split", "valid", "--seed", "4"]
    assert main(words) == 0
    metrics = json.loads(capsys.readouterr().out)
    folder = RunFolder("run")
    model, valid = folder.load_model(), folder.encode("valid")
    assert metrics == {"split": "valid", **evaluate_model(model, valid, 3, seed=4)}
    assert metrics["sentences"] == valid.sentences != folder.encode("test").sentences
    other = evaluate_model(model, valid, 3, seed=0)
    assert metrics["iw_nll"] != other["iw_nll"]
    assert metrics["mi"] != other["mi"]


def test_the_probe_repeats_draws_of_labels_and_orders_of_each(monkeypatch):
    asked = []

    def probe(train, valid, test, count, subsets, seeds):
        asked.append((count, subsets, seeds))
        return Accuracy(0.5, 0.0)

    monkeypatch.setattr(benchmark, "probe", probe)
    assert main(["benchmark", "probe", "run", "--repeats", "3"]) == 0
    assert asked == [(100, 3, 3)]


TRAIN = (
    *("train", "corpus", "--method", "vae", "--preset", "small", "--epochs", "1"),
    *("--batch-size", "40", "--embedding-dim", "4", "--units", "5", "--latent-dim", "2"),
)
"""One epoch of three steps."""


@pytest.fixture
def poisoned(monkeypatch):
    """Every step is skipped: the loss of a step is not a number, that of a validation is."""
    call = TextVAE.call

    def poisoned(self, ids, training=False):
        terms = call(self, ids, training)
        return terms._replace(loss=terms.loss * float("nan")) if training else terms

    monkeypatch.setattr(TextVAE, "call", poisoned)


STOPPED = "error: 3 of the first 3 steps of epoch 1 had a loss or a gradient that is not finite"


@pytest.mark.usefixtures("poisoned")
def test_train_stops_at_the_share_of_skipped_steps_that_it_is_told(capsys):
    words = (*TRAIN, "--output", "share-0.1", "--max-skipped-share", "0.1")
    assert main(words) == 2
    assert STOPPED in capsys.readouterr().err


@pytest.mark.usefixtures("poisoned")
def test_train_goes_on_below_the_share_saves_every_so_many_minutes_and_records_a_profile(
    older, capsys
):
    words = (*TRAIN, "--output", "saving", "--save-minutes", "0", "--profile", "2", "3")
    assert main((*words, "--max-skipped-share", "1")) == 0
    assert STOPPED not in capsys.readouterr().err
    saved = sorted(path.name for path in (older / "saving" / "checkpoints").iterdir())
    assert saved == ["epoch-0000-step-000002", "epoch-0001"]
    profiles = older / "saving" / "logs" / "train" / "plugins" / "profile"
    assert list(profiles.glob("*/*.xplane.pb"))
