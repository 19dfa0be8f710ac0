"""Measures what logging for TensorBoard costs, in processor time of the same run.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/tensorboard_logging.py DATA --train-limit 6400

Trains a run and takes the processor time, of all threads, that passes inside each callback that
logs, and in the training steps between. Steps cost in proportion to the training sentences,
logging by the epoch: both give the share for epochs over the whole training split. Validation and
checkpoints count neither as training nor as logging. The first epoch also makes the graphs that
write sentences.
"""

import argparse
import functools
import tempfile
import time
from collections import defaultdict
from pathlib import Path

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


def timed(method, durations: list[float]):
    """The method, which adds the processor time of each call to the list."""

    @functools.wraps(method)
    def run(*args, **kwargs):
        started = time.process_time()
        result = method(*args, **kwargs)
        durations.append(time.process_time() - started)
        return result

    return run


def watch(callbacks) -> tuple[dict[str, list[float]], list[float], list[float]]:
    """Makes classes take the time of their methods.

    Returns:
        Seconds at the end of each epoch by class, seconds of each other call, and when training
        steps begin and end in turn.
    """
    epochs, others, marks = defaultdict(list), [], []
    for callback in callbacks:
        for name in [name for name in vars(callback) if name.startswith("on_")]:
            durations = epochs[callback.__name__] if name == "on_epoch_end" else others
            setattr(callback, name, timed(getattr(callback, name), durations))

    def marking(method):
        def run(*args, **kwargs):
            marks.append(time.process_time())
            return method(*args, **kwargs)

        return run

    for name in ("on_epoch_begin", "on_test_begin"):
        setattr(ScalarLog, name, marking(getattr(ScalarLog, name)))
    return epochs, others, marks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--method", default="scale")
    parser.add_argument("--preset", default="small")
    parser.add_argument("--train-limit", type=int, default=6400, metavar="N")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--output", metavar="RUN", help="keeps the run; a temporary one by default")
    arguments = parser.parse_args()

    epochs, others, marks = watch([*TENSORBOARD, LatentMonitor])
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

    steps = -(-run.train.sentences // config.batch_size)
    training = (marks[-1] - marks[-2]) / steps
    all_steps = -(-whole // config.batch_size)
    print(f"{1000 * training:.1f} ms of processor time a training step, last epoch")
    print(f"{1000 * sum(others) / (steps * arguments.epochs):.3f} ms of it in logging callbacks")
    print("seconds at the end of an epoch:     first    last")
    for name, durations in epochs.items():
        print(f"  {name:32} {durations[0]:6.2f}  {durations[-1]:6.2f}")
    for title, names in (
        ("TensorBoard", [callback.__name__ for callback in TENSORBOARD]),
        ("TensorBoard and LatentMonitor", list(epochs)),
    ):
        logged = sum(epochs[name][-1] for name in names if epochs[name])
        share = logged / (all_steps * training)
        print(f"{title}: {share:.2%} of training an epoch over all {whole:,} sentences")


if __name__ == "__main__":
    main()
