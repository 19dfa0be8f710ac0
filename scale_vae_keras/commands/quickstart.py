"""`scale-vae quickstart`: posterior collapse and its cure, side by side, in a few minutes."""

import argparse
import os
from pathlib import Path

from scale_vae_keras.built_in.reviews import ReviewGrammar
from scale_vae_keras.commands.console import log_to_terminal, terminal
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.review_quality import grammar_shares, kept_share
from scale_vae_keras.metrics import EVALUATION
from scale_vae_keras.pictures import draw_curves, draw_latent_map, open_pyplot
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.evaluate_run import evaluate_run
from scale_vae_keras.runs.load import load
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run
from scale_vae_keras.tables import ComparedRuns, FittedTable

_TITLES = {"vae": "plain VAE", "scale": "Scale-VAE"}
# Chosen for the least processor time: a grammar without noise needs little dropout and bears large
# steps, and the mean of the encoder's states, which holds every word alike, finds the factors
# that only one word of a sentence tells, such as the aspect, in a third of the epochs.
_SETTINGS = {
    "embedding_dim": 64,
    "units": 128,
    "pooling": "mean",
    "dropout": 0.05,
    "decoder_initializer_range": 0.1,
    "learning_rate": 1.0,
    "kl_epochs": 1,
}
_OWN_SETTINGS = {
    "vae": {"epochs": 10, "decay_start": 7},
    "scale": {"epochs": 17, "decay_start": 12, "f_epo": 2, "des_std": 1.0},
}
_SAMPLES = 100
_SENTENCES = 1000
_COLOURED_BY = "sentiment"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument(
        "--output", default="quickstart", metavar="DIR", help="folder for runs and pictures"
    )


def run(options: argparse.Namespace) -> None:
    """Trains and compares the plain VAE and Scale-VAE."""
    log_to_terminal()
    run_quickstart(options.output)


def run_quickstart(output: str | os.PathLike) -> None:
    """Trains both models on the built-in reviews, compares them and draws pictures.

    Runs that `output` already holds are continued or used as they are.

    Args:
        output: folder for the runs `vae` and `scale` and the pictures.

    Raises:
        InputError: matplotlib is not installed, or `output` is a run.
    """
    open_pyplot()
    output = Path(output)
    if RunFolder(output).config_path.exists():
        raise InputError(f"{output} is a run: choose another folder, which will hold two")
    console = terminal()
    folders = {name: _train(name, output / name, console) for name in _TITLES}
    corpus = open_corpus("reviews")
    models = {name: folder.load_model() for name, folder in folders.items()}
    console.rule("evaluation on the test sentences")
    metrics, maps = {}, {}
    for name, folder in folders.items():
        metrics[name] = evaluate_run(
            folder.path, "test", _SAMPLES, None, seed=0, progress=console.is_terminal
        )
        maps[_TITLES[name]] = encode_sentences(models[name], folder.encode("test")).mean
    grammar = ReviewGrammar()
    texts = [line.text for line in corpus.lines("test")]
    sentiments = [grammar.parse(text)[_COLOURED_BY] for text in texts]
    pictures = [
        draw_latent_map(maps, sentiments, _COLOURED_BY, output / "latent_map.png"),
        draw_curves(
            {_TITLES[name]: folder.history_path for name, folder in folders.items()},
            output / "training.png",
        ),
    ]
    written = {name: load(folder.path) for name, folder in folders.items()}
    console.print(f"reviews, {len(texts):,} test sentences, {_SAMPLES} importance samples of each")
    console.print(_comparison(metrics, grammar.entropy()))
    console.print(_sentence_quality(written, grammar, texts[:_SENTENCES]))
    _print_sentences(written, texts, console)
    console.print("pictures: " + ", ".join(map(str, pictures)))


def _train(name, path, console):
    console.rule(f"training the {_TITLES[name]}")
    config = configure("reviews", name, "small", **_SETTINGS, **_OWN_SETTINGS[name])
    run = Run.open(config, path)
    run.fit(verbose=1 if console.is_terminal else 2)
    return run.folder


def _comparison(metrics, entropy):
    names = ("objective_nll", "elbo_nll", "iw_nll", "kl", "mi", "mi_cap", "au")
    about = {
        metric.name: (metric.unit, "; ".join(filter(None, [metric.meaning, metric.bound])))
        for metric in map(EVALUATION.__getitem__, names)
    }
    unit = EVALUATION["iw_nll"].unit
    about["entropy"] = (unit, "of the corpus: no likelihood can be better")
    figures = {
        _TITLES[run]: {name: EVALUATION[name].show(values[name]) for name in names}
        | {"entropy": EVALUATION["iw_nll"].show(entropy)}
        for run, values in metrics.items()
    }
    return ComparedRuns(figures, about)


def _sentence_quality(models, grammar, texts):
    rows = {
        "sentences of the grammar": [],
        "sentences of the grammar or one word away": [],
        "reconstructions with the same aspect and sentiment": [],
    }
    for model in models.values():
        shares = grammar_shares(grammar, model.generate(_SENTENCES, seed=1))
        kept = kept_share(grammar, texts, model.reconstruct(texts))
        for cells, share in zip(rows.values(), (*shares, kept), strict=True):
            cells.append(f"{share:.1%}")
    return FittedTable(
        ["share of", *(_TITLES[name] for name in models)],
        [[meaning, *cells] for meaning, cells in rows.items()],
        title=f"{_SENTENCES:,} sentences from each prior, {len(texts):,} reconstructed test "
        "sentences",
    )


def _print_sentences(models, texts, console):
    for name, model in models.items():
        console.rule(f"{_TITLES[name]}: sentences from the prior")
        console.print("\n".join(model.generate(5, seed=1)), highlight=False)
        console.rule(f"{_TITLES[name]}: reconstructions")
        for text, copy in zip(texts, model.reconstruct(texts[:4]), strict=False):
            console.print(f"  {text}\n→ {copy}", highlight=False)
        console.rule(f"{_TITLES[name]}: from one sentence to another")
        console.print("\n".join(model.interpolate(texts[0], texts[1], steps=5)), highlight=False)
