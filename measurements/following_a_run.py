"""Measures what following a run costs, in processor time of the same run.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/following_a_run.py DATA --train-limit 6400

Trains a run and takes the processor time, of all threads, that passes inside each callback that
logs for TensorBoard, inside `LatentMonitor` and `FitPrior`, and in the training steps and the
validation between. Steps cost in proportion to the training sentences, everything else by the
epoch: both give the share of an epoch over more sentences. Checkpoints are left out. The first
epoch also makes the graphs that write sentences.
"""

import argparse
import functools
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import keras

from scale_vae_keras.callbacks.fit_prior import FitPrior
from scale_vae_keras.callbacks.hyperparameters_log import HyperparametersLog
from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.callbacks.latent_projector import LatentProjector
from scale_vae_keras.callbacks.posterior_histograms import PosteriorHistograms
from scale_vae_keras.callbacks.scalar_log import ScalarLog
from scale_vae_keras.callbacks.text_samples_log import TextSamplesLog
from scale_vae_keras.data.corpus import corpus_address, open_corpus
from scale_vae_keras.data.encoded import encode_split
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.train import Run

TENSORBOARD = (
    HyperparametersLog,
    ScalarLog,
    PosteriorHistograms,
    TextSamplesLog,
    LatentProjector,
)
ONCE_PER_EPOCH = {
    **dict.fromkeys((*TENSORBOARD, LatentMonitor), "on_epoch_end"),
    FitPrior: "on_test_begin",
}
"""The method of each callback that does its work of an epoch."""

SENTENCES = 20_000
"""An epoch of this many training sentences is shown beside one of all."""


def timed(method, durations: list[float]):
    """The method, which adds the processor time of each call to the list."""

    @functools.wraps(method)
    def run(*args, **kwargs):
        started = time.process_time()
        result = method(*args, **kwargs)
        durations.append(time.process_time() - started)
        return result

    return run


def watch_callbacks() -> tuple[dict[str, list[float]], list[float]]:
    """Makes classes take the time of their methods.

    Returns:
        Seconds of each epoch by class, and seconds of each other call.
    """
    epochs, others = defaultdict(list), []
    for callback, once in ONCE_PER_EPOCH.items():
        for name in [name for name in vars(callback) if name.startswith("on_")]:
            durations = epochs[callback.__name__] if name == once else others
            setattr(callback, name, timed(getattr(callback, name), durations))
    return epochs, others


def watch_epochs() -> dict[str, list[float]]:
    """Takes the time when the steps of an epoch begin, and when its validation begins and ends."""
    marks = defaultdict(list)

    def marked(name, first):
        method = getattr(keras.callbacks.CallbackList, name)

        def run(*args, **kwargs):
            if first:
                marks[name].append(time.process_time())
            method(*args, **kwargs)
            if not first:
                marks[name].append(time.process_time())

        setattr(keras.callbacks.CallbackList, name, run)

    marked("on_epoch_begin", first=False)
    marked("on_test_begin", first=True)
    marked("on_test_end", first=True)
    return marks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--method", default="scale")
    parser.add_argument("--preset", default="small")
    parser.add_argument("--train-limit", type=int, default=6400, metavar="N")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--output", metavar="RUN", help="keeps the run; a temporary one by default")
    arguments = parser.parse_args()

    epochs, others = watch_callbacks()
    marks = watch_epochs()
    config = configure(
        corpus_address(arguments.data),
        arguments.method,
        arguments.preset,
        train_limit=arguments.train_limit,
        epochs=arguments.epochs,
    )
    with tempfile.TemporaryDirectory() as scratch:
        run = Run.start(config, arguments.output or Path(scratch) / "run")
        run.fit(verbose=2)
    whole = encode_split(open_corpus(config.data), "train", run.folder.tokenizer).sentences

    begun, tested, ended = (marks[name][-1] for name in marks)
    steps = -(-run.train.sentences // config.batch_size)
    training = (tested - begun) / steps
    fitting = epochs[FitPrior.__name__][-1:]
    validation = ended - tested - sum(fitting)
    print(f"{1000 * training:.1f} ms of processor time per training step, last epoch")
    print(f"{1000 * sum(others) / (steps * arguments.epochs):.3f} ms of it in callbacks")
    print(f"{validation:.1f} s for the validation of {run.valid.sentences:,} sentences")
    print("seconds per epoch:                  first    last")
    for name, durations in epochs.items():
        if durations:
            print(f"  {name:32} {durations[0]:6.2f}  {durations[-1]:6.2f}")
    tensorboard = [callback.__name__ for callback in TENSORBOARD]
    for title, names in (
        ("TensorBoard", tensorboard),
        ("LatentMonitor and FitPrior", [LatentMonitor.__name__, FitPrior.__name__]),
        ("all", list(epochs)),
    ):
        cost = sum(epochs[name][-1] for name in names if epochs[name])
        for sentences in (SENTENCES, whole):
            epoch = -(-sentences // config.batch_size) * training + validation
            print(f"{title}: {cost / epoch:.2%} of an epoch over {sentences:,} sentences")


if __name__ == "__main__":
    main()
