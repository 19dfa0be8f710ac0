"""One web page about a run."""

import json
import os
from pathlib import Path

import jinja2
import pandas as pd

from scale_vae_keras import __version__
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.text_samples import write_samples
from scale_vae_keras.files import check_place, written_whole
from scale_vae_keras.metrics import EVALUATION
from scale_vae_keras.report.evaluation import read_evaluation
from scale_vae_keras.report.history import read_history
from scale_vae_keras.report.latent import describe_latent_code
from scale_vae_keras.report.pictures import PANELS, draw_panel
from scale_vae_keras.report.sentences import describe_lengths, neighbours
from scale_vae_keras.report.traversals import traverse
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.standard_callbacks import best_figure
from scale_vae_keras.runs.tensorboard import sentence_texts, spread

_RECONSTRUCTED = 8
_LOOKED_UP = 4
_CHOSEN_BY = {"val_elbo_nll": "the negative ELBO", "val_loss": "the objective"}


def write_report(
    run: str | os.PathLike,
    output: str | os.PathLike | None = None,
    data: str | os.PathLike | None = None,
) -> Path:
    """Writes one self-contained HTML page about a run: nothing in it needs a network.

    Curves, a map of the latent code, KL and factor of each dimension, what the model writes, what
    changes along its most active dimensions, nearest neighbours, lengths and unknown words, the
    metrics of the last `scale-vae evaluate` with their definitions, and the settings. Map,
    dimensions and sentences are those of the best model on the validation sentences.

    Args:
        run: the run folder.
        output: the page; `report.html` in the run folder by default.
        data: where the run's corpus is now, if it has moved.

    Returns:
        Where the page is.

    Raises:
        InputError: the run or its corpus cannot be read, nothing was trained yet, or matplotlib is
            not installed.
    """
    folder = RunFolder(run, data)
    model = folder.load_model()
    output = Path(folder.path / "report.html" if output is None else output)
    check_place(output)
    with written_whole(output) as temporary:
        temporary.write_text(_page(folder, model), encoding="utf-8")
    return output


def _page(folder, model) -> str:
    history, evaluation = read_history(folder.history_path), read_evaluation(folder)
    valid = folder.encode("valid")
    encoded = encode_sentences(model, valid)
    originals = spread(valid.sentences, _RECONSTRUCTED)
    tokenizer, longest = folder.tokenizer, folder.config.max_length + 1
    numbers = valid.label_numbers
    samples = write_samples(
        model,
        tokenizer,
        encoded.mean[originals],
        max_length=longest,
        labels=None if numbers is None else numbers[originals],
    )
    latent = bool(model.latent_dim)
    return render(
        title=f"{folder.config.method} on {Path(folder.config.data).name}",
        summary=_summary(folder, model, history, valid.sentences),
        curves=[picture for panel in PANELS if (picture := draw_panel(panel, history))],
        latent=describe_latent_code(model, encoded, valid.labels) if latent else None,
        samples=samples,
        reconstructions=_reconstructions(folder, valid, originals, samples),
        lengths=describe_lengths(model, valid, longest),
        neighbours=neighbours(tokenizer, valid, encoded, originals[:_LOOKED_UP])
        if latent
        else None,
        traversals=traverse(model, tokenizer, encoded, longest, numbers) if latent else None,
        run=folder.path,
        evaluation=evaluation,
        settings=_settings(folder),
        version=__version__,
    )


def render(**content: object) -> str:
    """The page as HTML; all text in it is escaped.

    Args:
        **content: what `templates/page.html` names.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html").render(content)


def _summary(folder, model, history, sentences):
    name = best_figure(folder.config)
    try:
        figures = history[name].dropna()
        best = folder.best_epoch() or int(figures.idxmin())
        figure, epochs = figures[best], len(history["val_loss"].dropna())
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{folder.history_path} lacks the best epoch ({error!r}): train the run on or anew"
        ) from error
    unit = EVALUATION["elbo_nll"].unit
    chosen = _CHOSEN_BY[name]
    if name == "val_loss" and hasattr(model, "posterior_scale"):
        chosen += ", which for Scale-VAE is no bound of the likelihood"
    return (
        f"The run {folder.path.resolve().name} after {epochs} epoch{'s' if epochs > 1 else ''}. "
        f"Map, dimensions and sentences are of the best model, epoch {best}, chosen by {chosen}: "
        f"{figure:.2f} {unit} over {sentences:,} validation sentences."
    )


def _reconstructions(folder, valid, originals, samples):
    if not samples.reconstructions:
        return None
    texts = sentence_texts(folder.tokenizer, valid, originals)
    return pd.DataFrame({"sentence": texts, "reconstruction": samples.reconstructions})


def _settings(folder):
    settings = folder.config.to_json().items()
    rows = [(name, json.dumps(value)) for name, value in settings if value is not None]
    return pd.DataFrame(rows, columns=["setting", "value"])
