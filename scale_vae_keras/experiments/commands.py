"""The body of each command of `scale-vae`."""

import argparse
import json
import logging
import shlex
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from scale_vae_keras import samplers
from scale_vae_keras.callbacks.step_profile import StepProfile
from scale_vae_keras.data.corpus import corpus_address, open_corpus
from scale_vae_keras.data.encoded import EncodedSplit, build_vocabulary, encode_split
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.prior import FITTED, declared_prior
from scale_vae_keras.evaluation.report import metrics_table, notes
from scale_vae_keras.experiments.config import RunConfig, configure
from scale_vae_keras.experiments.density_benchmark import (
    Protocol,
    all_systems,
    benchmark_density,
)
from scale_vae_keras.experiments.density_table import density_table
from scale_vae_keras.experiments.evaluate_run import evaluate_run
from scale_vae_keras.experiments.generation_benchmark import generation_table, measure_generation
from scale_vae_keras.experiments.latent_benchmark import benchmark_latent, latent_table
from scale_vae_keras.experiments.paper_benchmark import benchmark_paper
from scale_vae_keras.experiments.paper_table import show_paper_table
from scale_vae_keras.experiments.probe_benchmark import probe_run, probe_table
from scale_vae_keras.experiments.report import write_report
from scale_vae_keras.experiments.run_folder import RunFolder
from scale_vae_keras.experiments.speed_benchmark import benchmark_speed, speed_table
from scale_vae_keras.experiments.train import Run
from scale_vae_keras.files import write_csv, written_whole
from scale_vae_keras.layers.replica import is_chief
from scale_vae_keras.models.text_generator import row_seeds
from scale_vae_keras.text.tokenizer import Tokenizer

_ENCODED_LINES = 256


def quickstart(options: argparse.Namespace) -> None:
    """Trains and compares the plain VAE and Scale-VAE."""
    from scale_vae_keras.experiments.quickstart import run_quickstart

    _log_to_terminal()
    run_quickstart(options.output)


def train(options: argparse.Namespace) -> None:
    """Trains a new run, or continues one."""
    _log_to_terminal()
    chosen = {"data", "method", "preset"}
    given = {
        field.name: getattr(options, field.name, None)
        for field in fields(RunConfig)
        if field.name not in chosen
    }
    profile = None
    if options.profile:
        profile = StepProfile(RunFolder(options.output).logs / "train", *options.profile)
    if options.resume:
        run = Run.resume(options.output, given.pop("epochs"), given.pop("replicas"))
        _refuse_changes(run.folder.config, options, given)
    else:
        if options.data is None:
            raise InputError("which corpus? Give its folder or the name of a built-in one")
        config = configure(
            corpus_address(options.data),
            options.method or "scale",
            options.preset or "base",
            **given,
        )
        run = Run.start(config, options.output)
    _print_counts({"train": run.train, "valid": run.valid}, len(run.folder.tokenizer.vocabulary))
    run.fit(
        verbose=1 if sys.stdout.isatty() else 2,
        profile=profile,
        save_steps=options.save_steps,
        save_minutes=options.save_minutes,
        max_skipped_share=options.max_skipped_share,
    )
    if is_chief(run.strategy):
        print(
            f"{run.folder.path} holds the best model: epoch {run.best_epoch}, {run.seconds:.0f} s"
        )


def _refuse_changes(config, options, given):
    asked = {**given, "method": options.method, "preset": options.preset}
    if options.data is not None:
        asked["data"] = corpus_address(options.data)
    changed = [
        f"{name} is {getattr(config, name)}, not {value}"
        for name, value in asked.items()
        if value is not None and value != getattr(config, name)
    ]
    if changed:
        raise InputError(f"the run in {options.output} has other settings: {'; '.join(changed)}")


def _log_to_terminal():
    logger = logging.getLogger("scale_vae_keras")
    logger.addHandler(logging.StreamHandler())
    logger.handlers[-1].setFormatter(logging.Formatter("warning: %(message)s"))


def tune(options: argparse.Namespace) -> None:
    """Searches for the settings of Scale-VAE, or shows what a search has found."""
    from scale_vae_keras.tuning.command import tune as run

    _log_to_terminal()
    run(options)


def evaluate(options: argparse.Namespace) -> None:
    """Measures runs, writes their `metrics.json` and prints a table or JSON."""
    console = Console()
    metrics = {}
    for run in options.runs:
        metrics[run] = evaluate_run(
            run,
            options.split,
            options.samples,
            options.generator,
            options.seed,
            options.limit,
            progress=sys.stderr.isatty(),
        )
    if options.json:
        print(json.dumps(metrics if len(metrics) > 1 else metrics[run], indent=2))
        return
    console.print(metrics_table({Path(run).name: values for run, values in metrics.items()}))
    for run, values in metrics.items():
        for line in notes(values):
            console.print(f"{Path(run).name}: {line}")


def benchmark(options: argparse.Namespace) -> None:
    """Compares runs by one measure."""
    if options.benchmark == "probe":
        table = probe_table(
            {Path(run).name: probe_run(run, options.repeats) for run in options.runs}
        )
    elif options.benchmark == "density":
        table = density_table(_benchmark_density(options))
    elif options.benchmark == "speed":
        table = speed_table(_benchmark_speed(options))
    elif options.benchmark == "latent":
        table = latent_table(_benchmark_latent(options))
    elif options.benchmark == "paper" and options.figure is None:
        print(_paper_table(options), end="")
        return
    elif options.benchmark == "paper":
        if options.output is None:
            raise InputError("where to? Give --output DIR")
        table = latent_table(_benchmark_latent(options))
    else:
        table = generation_table(
            {
                Path(run).name: measure_generation(
                    run, options.language_model, options.n, options.seed
                )
                for run in options.runs
            }
        )
    Console().print(table)


def _benchmark_latent(options):
    command = shlex.join(["scale-vae", *options.words])
    return benchmark_latent(options.output, options.epochs, options.seed, command)


def _benchmark_speed(options):
    if options.output is not None and not options.output.endswith(".csv"):
        raise InputError(f"{options.output} must end in .csv")
    if options.output is not None and not Path(options.output).parent.is_dir():
        raise InputError(f"there is no folder {Path(options.output).parent}: make it first")
    command = shlex.join(["scale-vae", *options.words])
    rows = benchmark_speed(options.shape, options.data, options.rounds, options.sweep, command)
    if options.output is not None:
        write_csv(options.output, rows)
    return rows


def _benchmark_density(options):
    systems = list(
        dict.fromkeys(
            system
            for name in options.methods
            for system in (all_systems() if name == "all" else [name])
        )
    )
    command = shlex.join(["scale-vae", *options.words])
    return benchmark_density(systems, options.seeds, _protocol(options), options.output, command)


def _protocol(options):
    return Protocol(
        options.data,
        options.preset,
        options.settings,
        options.samples,
        options.limit,
        options.generator,
    )


def _paper_table(options):
    if options.show is not None:
        return show_paper_table(options.show)
    if options.data is None or options.output is None:
        raise InputError("a table needs a corpus and a folder: give --data DATA and --output DIR")
    return benchmark_paper(
        options.table,
        _protocol(options),
        options.output,
        shlex.join(["scale-vae", *options.words]),
        options.beside,
        options.methods,
        options.seeds,
        options.n,
    )


def report(options: argparse.Namespace) -> None:
    """Writes the page about a run and prints where it is."""
    print(write_report(options.run, options.output))


def generate(options: argparse.Namespace) -> None:
    """Prints sentences from the prior of the declared generator."""
    folder = RunFolder(options.run)
    sampler = _sampler(options)
    model = folder.load_model()
    fitted = options.generator in FITTED
    fitted_on = encode_sentences(model, folder.encode("train")) if fitted else None
    z = declared_prior(model, options.generator, fitted_on).sample(options.n, options.seed)
    sentences = model.decode(z, sampler, row_seeds(options.n, options.seed), _longest(folder))
    _print_sentences(folder.tokenizer, sentences.ids)


def _sampler(options):
    temperature = 1.0 if options.temperature is None else options.temperature
    if options.beam is not None:
        if options.temperature is not None:
            raise InputError("beam search has no temperature: leave --temperature or --beam out")
        return samplers.BeamSampler(options.beam)
    if options.top_k is not None:
        return samplers.TopKSampler(options.top_k, temperature)
    if options.top_p is not None:
        return samplers.TopPSampler(options.top_p, temperature)
    return samplers.TemperatureSampler(temperature)


def _longest(folder):
    return folder.config.max_length + 1


def _print_sentences(tokenizer: Tokenizer, ids: tf.Tensor) -> None:
    for text in tokenizer.detokenize(ids).numpy():
        print(text.decode())


def reconstruct(options: argparse.Namespace) -> None:
    """Prints the reconstruction of each line."""
    folder = RunFolder(options.run)
    model = folder.load_model()
    for ids in _ids_of_lines(folder.tokenizer, _read_lines(options.file)):
        _print_sentences(folder.tokenizer, model.reconstruct(ids, max_length=_longest(folder)).ids)


def _read_lines(file: str | None) -> list[str]:
    content = sys.stdin.buffer.read() if file is None else _read_bytes(file)
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    if not lines:
        raise InputError(f"{file or 'standard input'} is empty: give at least one line of text")
    return lines


def _read_bytes(file):
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error


def _ids_of_lines(tokenizer, lines):
    for start in range(0, len(lines), _ENCODED_LINES):
        yield tokenizer(lines[start : start + _ENCODED_LINES]).to_tensor()


def interpolate(options: argparse.Namespace) -> None:
    """Prints sentences between two sentences."""
    folder = RunFolder(options.run)
    model = folder.load_model()
    start, end = (folder.tokenizer([text]).to_tensor() for text in (options.start, options.end))
    sentences = model.interpolate(start, end, options.steps, max_length=_longest(folder))
    _print_sentences(folder.tokenizer, sentences.ids)


def encode(options: argparse.Namespace) -> None:
    """Writes `mean` and `stddev` `[lines, latent]` of the posterior that the decoder samples."""
    if not options.output.endswith(".npz"):
        raise InputError(f"{options.output} must end in .npz")
    folder = RunFolder(options.run)
    model = folder.load_model()
    lines = _read_lines(options.file)
    posteriors = [model.encode(ids) for ids in _ids_of_lines(folder.tokenizer, lines)]
    with written_whole(options.output) as temporary:
        np.savez(
            temporary,
            mean=np.concatenate([posterior.mean for posterior in posteriors]),
            stddev=np.concatenate([posterior.stddev for posterior in posteriors]),
        )


def export(options: argparse.Namespace) -> None:
    """Writes a run as a SavedModel and prints where."""
    from scale_vae_keras.serving.exporter import export as write

    try:
        print(write(options.run, options.directory, options.version))
    except RuntimeError as error:
        raise InputError(f"the exported model is not published: {error}") from error


def serve(options: argparse.Namespace) -> None:
    """Serves an exported model until it is stopped."""
    from scale_vae_keras.serving.launcher import serve as start

    start(options.directory, options.name, options.rest_port, options.grpc_port, options.host)


def data(options: argparse.Namespace) -> None:
    """Prints what a corpus consists of."""
    corpus = open_corpus(options.data)
    vocabulary = build_vocabulary(
        corpus, options.tokenizer, options.vocabulary_limit, options.min_count
    )
    tokenizer = Tokenizer(vocabulary, options.tokenizer, options.max_length)
    splits = {split: encode_split(corpus, split, tokenizer) for split in ("train", "valid", "test")}
    _print_counts(splits, len(vocabulary))


def _print_counts(splits: dict[str, EncodedSplit], vocabulary_size: int) -> None:
    table = Table(title=f"vocabulary: {vocabulary_size:,} tokens, specials included")
    table.add_column("")
    for name in splits:
        table.add_column(name, justify="right")
    rows = {
        "sentences": lambda split: f"{split.sentences:,}",
        "words": lambda split: f"{split.words:,}",
        "words a sentence": lambda split: f"{split.words / split.sentences:.2f}",
        "longest sentence": lambda split: f"{split.max_length:,}",
        "unknown words": lambda split: f"{split.unknown:,} ({split.unknown / split.words:.2%})",
        "truncated sentences": lambda split: f"{split.truncated:,}",
        "empty lines, skipped": lambda split: f"{split.empty:,}",
    }
    for name, show in rows.items():
        table.add_row(name, *(show(split) for split in splits.values()))
    Console().print(table)
