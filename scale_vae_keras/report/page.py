"""One web page about a run."""

import base64
import csv
import json
import os
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

import numpy as np

from scale_vae_keras import __version__
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.evaluate import dimension_table
from scale_vae_keras.evaluation.report import METRICS, notes, shown_metric
from scale_vae_keras.evaluation.text_samples import write_samples
from scale_vae_keras.files import written_whole
from scale_vae_keras.report.pictures import (
    PANELS,
    Picture,
    draw_bars,
    draw_map,
    draw_panel,
)
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.tensorboard import sentence_texts, spread

_MAPPED = 2000
_RECONSTRUCTED = 8
_BOUNDS = {
    "iw_nll": "upper bound in expectation; exact for a language model",
    "elbo_nll": "upper bound",
    "objective_nll": "upper bound, but for Scale-VAE no bound of anything",
    "ppl": "upper bound in expectation",
    "mi": "estimate, at most mi_cap",
    "mi_upper": "upper bound in expectation",
    "mi_batch": "estimate, at most mi_batch_cap",
    "mpd_bound": "lower bound",
}
_DIMENSIONS = {
    "kl": "KL that is charged (nats)",
    "factor": "factor f-bar",
    "mean_variance": "variance of the means that the decoder sees",
    "variance": "mean posterior variance",
}
_NO_CODE = "<p>A language model has no latent code.</p>"


def write_report(run: str | os.PathLike, output: str | os.PathLike | None = None) -> Path:
    """Writes one self-contained HTML page about a run: nothing in it needs a network.

    Curves, a map of the latent code, KL and factor of each dimension, what the model writes, the
    metrics of the last `scale-vae evaluate` with their definitions, and the settings. Map,
    dimensions and sentences are those of the best model on the validation sentences.

    Args:
        run: the run folder.
        output: the page; `report.html` in the run folder by default.

    Returns:
        Where the page is.

    Raises:
        InputError: the run or its corpus cannot be read, nothing was trained yet, or matplotlib is
            not installed.
    """
    folder = RunFolder(run)
    model = folder.load_model()
    valid = folder.encode("valid")
    encoded = encode_sentences(model, valid)
    originals = spread(valid.sentences, _RECONSTRUCTED)
    texts = sentence_texts(folder.tokenizer, valid, originals)
    samples = write_samples(model, folder.tokenizer, encoded.mean[originals])
    history = _read_history(folder.history_path)
    sections = {
        "Curves": _pictures(draw_panel(panel, history) for panel in PANELS),
        "Latent map": _latent_map(encoded.mean, valid.labels),
        "Latent dimensions": _dimensions(model, encoded),
        "Sentences": _sentences(samples, texts),
        "Metrics": _metrics(folder),
        "Settings": _table(
            ["setting", "value"],
            [
                [name, json.dumps(value)]
                for name, value in folder.config.to_json().items()
                if value is not None
            ],
        ),
    }
    page = _template().substitute(
        title=escape(f"{folder.config.method} on {Path(folder.config.data).name}"),
        summary=escape(_summary(folder, history, valid.sentences)),
        navigation="\n".join(f'<a href="#{_anchor(name)}">{name}</a>' for name in sections),
        sections="\n".join(
            f'<section id="{_anchor(name)}"><h2>{name}</h2>\n{content}\n</section>'
            for name, content in sections.items()
        ),
        version=__version__,
    )
    output = Path(folder.path / "report.html" if output is None else output)
    with written_whole(output) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return output


def _template():
    return Template(resources.files(__package__).joinpath("page.html").read_text("utf-8"))


def _anchor(name):
    return name.lower().replace(" ", "-")


def _read_history(path):
    """Column -> epoch -> value, of the cells that hold something."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        history = {}
        for row in rows:
            epoch = int(row.pop("epoch"))
            for column, value in row.items():
                if value:
                    history.setdefault(column, {})[epoch] = float(value)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} cannot be read: {error}; train the run on or anew") from error
    return history


def _summary(folder, history, sentences):
    objective = history["val_loss"]
    best = min(objective, key=objective.get)
    return (
        f"The run {folder.path.resolve().name} after {len(objective)} epochs. Map, dimensions and "
        f"sentences are of the best model, epoch {best}, whose objective is {objective[best]:.2f} "
        f"nats a sentence over {sentences:,} validation sentences."
    )


def _pictures(pictures: Iterable[Picture | None]) -> str:
    figures = []
    for picture in filter(None, pictures):
        data = base64.b64encode(picture.svg).decode()
        figures.append(
            f"<figure><figcaption>{escape(picture.title)}</figcaption>"
            f'<img alt="{escape(picture.description)}" src="data:image/svg+xml;base64,{data}">'
            "</figure>"
        )
    return f'<div class="pictures">{"".join(figures)}</div>'


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that keeps its meaning when a narrow screen shows each row as a block."""
    head = "".join(f'<th scope="col" role="columnheader">{escape(name)}</th>' for name in header)
    body = "".join(
        '<tr role="row">'
        + "".join(
            f'<td role="cell" data-label="{escape(name)}">{escape(cell)}</td>'
            for name, cell in zip(header, row, strict=True)
        )
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<table role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>\n'
        f'<tbody role="rowgroup">{body}</tbody></table>'
    )


def _latent_map(means, labels):
    if not means.shape[1]:
        return _NO_CODE
    mapped = spread(len(means), _MAPPED)
    labels = None if labels is None else [labels[i] for i in mapped]
    return _pictures([draw_map(means[mapped], labels)])


def _dimensions(model, encoded):
    if not encoded.mean.shape[1]:
        return _NO_CODE
    values = dimension_table(model, encoded)
    drawn = ["kl", "factor"] if hasattr(model, "posterior_scale") else ["kl"]
    pictures = _pictures(draw_bars(_DIMENSIONS[name], values[name]) for name in drawn)
    columns = np.stack([values[name] for name in _DIMENSIONS], axis=1)
    table = _table(
        ["dimension", *_DIMENSIONS.values()],
        [[str(d), *(f"{value:.4g}" for value in row)] for d, row in enumerate(columns)],
    )
    return f"{pictures}<details><summary>The same as a table</summary>{table}</details>"


def _sentences(samples, originals):
    parts = ["<h3>From the prior</h3>", _list(samples.prior)]
    if samples.reconstructions:
        rows = zip(originals, samples.reconstructions, strict=True)
        parts += [
            "<h3>Reconstructions from the posterior mean</h3>",
            _table(["sentence", "reconstruction"], rows),
        ]
    for number, line in enumerate(samples.interpolations, start=1):
        parts += [f"<h3>From one sentence to another, {number}</h3>", _list(line)]
    return "\n".join(parts)


def _list(texts):
    return "<ol>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ol>"


def _metrics(folder):
    if not folder.metrics_path.is_file():
        return (
            "<p>Not measured yet: run <code>scale-vae evaluate "
            f"{escape(str(folder.path))}</code>, then the report again.</p>"
        )
    try:
        metrics = json.loads(folder.metrics_path.read_text(encoding="utf-8"))
        rows = [
            [name, shown_metric(metrics[name], metrics.get(f"{name}_se")), unit, meaning]
            for name, unit, meaning in METRICS
        ]
        said = notes(metrics)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder.metrics_path} cannot be read: run scale-vae evaluate again ({error!r})"
        ) from error
    header = ["metric", "value", "unit", "meaning", "bound"]
    table = _table(header, [[*row, _BOUNDS.get(row[0], "")] for row in rows])
    remarks = "".join(f"<li>{escape(line)}</li>" for line in said)
    return (
        "<p>Value ± standard error over sentences. q is the posterior of the encoder, q-hat the "
        "one that the decoder samples from: for Scale-VAE its means are multiplied by f-bar.</p>"
        f"<ul>{remarks}</ul>{table}"
    )
