"""What a run logs for TensorBoard."""

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.callbacks.hyperparameters_log import HyperparametersLog
from scale_vae_keras.callbacks.latent_monitor import WATCHED_SENTENCES, LatentMonitor
from scale_vae_keras.callbacks.latent_projector import LatentProjector
from scale_vae_keras.callbacks.posterior_histograms import PosteriorHistograms
from scale_vae_keras.callbacks.scalar_log import ScalarLog
from scale_vae_keras.callbacks.text_samples_log import TextSamplesLog
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.event_log import EventLog
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.text.tokenizer import Tokenizer

_PROJECTED = 2000
_RECONSTRUCTED = 8


def tensorboard_callbacks(
    folder: RunFolder,
    train: EncodedSplit,
    valid: EncodedSplit,
    monitor: LatentMonitor | None,
    config: RunConfig,
    finished: int = 0,
) -> list[keras.callbacks.Callback]:
    """The callbacks that log to `logs/train` and `logs/validation` of a run folder.

    They act after `monitor` and the KL annealing, and before callbacks that change the learning
    rate or the weights, see `schedules.order`.

    Args:
        folder: the run folder.
        train: the training sentences.
        valid: the validation sentences.
        monitor: encodes the validation sentences, 4,000 of more, in the order of
            `evaluation_batches`; None for a language model.
        config: the settings of the run.
        finished: epochs that were finished before.
    """
    training, validation = (
        EventLog(folder.logs / name, finished) for name in ("train", "validation")
    )
    common = [
        HyperparametersLog(validation, config.to_json()),
        ScalarLog(training, validation, train, valid),
    ]
    tokenizer, longest = folder.tokenizer, config.max_length + 1
    if monitor is None:
        return [*common, TextSamplesLog(validation, tokenizer, max_length=longest)]
    valid = valid.spread(WATCHED_SENTENCES)
    row_of = np.argsort(np.argsort(valid.lengths, kind="stable"))
    projected, reconstructed = (
        spread(valid.sentences, count) for count in (_PROJECTED, _RECONSTRUCTED)
    )
    labels = None if valid.labels is None else valid.labels[projected]
    return [
        *common,
        PosteriorHistograms(validation, monitor, row_of[projected]),
        TextSamplesLog(
            validation,
            tokenizer,
            sentence_texts(tokenizer, valid, reconstructed),
            monitor,
            row_of[reconstructed],
            None if valid.label_numbers is None else valid.label_numbers[reconstructed],
            longest,
        ),
        LatentProjector(
            validation,
            monitor,
            row_of[projected],
            sentence_texts(tokenizer, valid, projected),
            labels,
        ),
    ]


def spread(sentences: int, most: int) -> np.ndarray:
    """Sentences at even distances over a split, int64 `[at most most]`."""
    return np.linspace(0, sentences - 1, min(sentences, most)).astype(np.int64)


def sentence_texts(tokenizer: Tokenizer, split: EncodedSplit, sentences: np.ndarray) -> list[str]:
    """The text of some sentences of a split, as the vocabulary has it."""
    ids = tf.RaggedTensor.from_row_splits(split.tokens, split.offsets, validate=False)
    chosen = tf.gather(ids, sentences).to_tensor()
    return [text.decode() for text in tokenizer.detokenize(chosen).numpy()]
