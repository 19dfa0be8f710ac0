"""What a run logs, read back from its event files."""

import csv

import pytest
from event_files import read_events, steps, values
from made_corpora import LINES, labelled
from made_runs import train
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout
from tensorboard.plugins.hparams import metadata

from scale_vae_keras.runs.train import Run

CORPUS = {"lines": labelled(LINES, ("<i>", "b"))}
TWO = ("train", "validation")
DIMENSIONS = range(3)
BOTH = ("loss/objective", "loss/reconstruction", "loss/kl")
TRAINING = (
    *("kl_weight", "learning_rate", "gradient_norm", "gradient_norm_max", "tokens_per_second"),
    "skipped_steps",
)
LATENT = ("mi", "mi_cap", "au", "au_unscaled")
FACTOR = ("min", "mean", "max", "capped", "unrecorded")


@pytest.fixture(scope="module")
def scale(corpus):
    """A run of two epochs that was continued for a third."""
    folder = train(corpus, corpus.parent / "scale", "scale", f_epo=1)
    Run.resume(folder.path, epochs=3).fit(verbose=0)
    return folder


def test_curves(scale):
    scalars = {name: steps(read_events(scale.logs / name))["scalars"] for name in TWO}
    expected_train = {
        *BOTH,
        *(f"training/{name}" for name in TRAINING),
        *(f"scale_factor/{name}" for name in (*FACTOR, "change")),
        *(f"scale_factor_by_dimension/{d}" for d in DIMENSIONS),
    }
    expected_validation = {
        *BOTH,
        *("loss/elbo_nll", "loss/perplexity"),
        *(f"latent/{name}" for name in LATENT),
    }
    assert set(scalars["train"]) == expected_train
    assert set(scalars["validation"]) == expected_validation
    change = scalars["train"].pop("scale_factor/change")
    assert change == [2, 3]  # there is nothing to compare the first epoch with
    for name in TWO:
        assert set(map(tuple, scalars[name].values())) == {(1, 2, 3)}


def test_curves_agree_with_the_history(scale):
    with scale.history_path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert "tokens_per_second" not in " ".join(rows[0])
    train_events, validation = (read_events(scale.logs / name) for name in TWO)
    for events, tag, column in (
        (train_events, "loss/objective", "loss"),
        (validation, "loss/objective", "val_loss"),
        (validation, "loss/elbo_nll", "val_elbo_nll"),
        (train_events, "scale_factor/mean", "factor_mean"),
        (train_events, "training/learning_rate", "learning_rate"),
        (train_events, "training/kl_weight", "kl_weight"),
    ):
        assert values(events, tag) == [pytest.approx(float(row[column])) for row in rows]


def test_distributions_and_texts(scale):
    found = steps(read_events(scale.logs / "validation"))
    histograms = {
        *(f"{name}/{d}" for name in ("mu", "sigma", "kl") for d in DIMENSIONS),
        *("mean_kl", "factor"),
    }
    assert found["histograms"] == {tag: [1, 2, 3] for tag in histograms}
    texts = ("prior", "reconstructions", "interpolations")
    assert found["text"] == {f"samples/{name}": [1, 2, 3] for name in texts}


def test_hyperparameters(scale):
    events = read_events(scale.logs / "validation")
    content = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    shown = metadata.parse_session_start_info_plugin_data(content).hparams
    assert shown["des_std"].number_value == 0.7
    assert shown["method"].string_value == "scale"
    assert "beta" not in shown
    assert metadata.SESSION_END_INFO_TAG in events.Tags()["tensors"]


def test_layout_of_collapse_diagnostics(scale):
    train_events, validation = (read_events(scale.logs / name) for name in TWO)
    written = values(validation, "custom_scalars__config__")[-1]
    layout = Layout.FromString(written.item())
    [category] = layout.category
    patterns = [tag for chart in category.chart for tag in chart.multiline.tag]
    known = [*train_events.Tags()["tensors"], *validation.Tags()["tensors"]]
    for pattern in patterns:
        assert any(tag.startswith(pattern.removesuffix("$")) for tag in known)
    for tag in ("latent/mi$", "latent/mi_cap$", "latent/au$", "loss/kl$", "loss/elbo_nll$"):
        assert tag in patterns


def test_projector(scale):
    folder = scale.logs / "validation"
    assert "posterior_means.tsv" in (folder / "projector_config.pbtxt").read_text()
    rows = (folder / "posterior_means.tsv").read_text().splitlines()
    header, *sentences = (folder / "sentences.tsv").read_text().splitlines()
    assert header == "sentence\tlabel"
    assert [line.split("\t")[0] for line in sentences] == LINES
    assert {line.split("\t")[1] for line in sentences} == {"<i>", "b"}
    assert [len(row.split("\t")) for row in rows] == [3] * len(LINES)


def test_a_language_model_logs_what_it_has(corpus):
    folder = train(corpus, corpus.parent / "lm", "lm", epochs=1)
    validation = read_events(folder.logs / "validation")
    found = steps(validation)
    assert set(found) == {"scalars", "text", "hparams"}
    assert found["text"] == {"samples/prior": [1]}
    assert values(validation, "loss/elbo_nll") == values(validation, "loss/objective")
