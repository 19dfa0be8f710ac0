"""The sentences of a new run."""

import logging
import os
from pathlib import Path
from typing import NamedTuple

from scale_vae_keras.cache.made_once import made_once
from scale_vae_keras.cache.split_cache import cached_split, split_key
from scale_vae_keras.conditions.label_numbers import label_names, labels_of_test
from scale_vae_keras.data.corpus import Corpus
from scale_vae_keras.data.corpus_warnings import corpus_warnings
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import read_json, write_json
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.runs.run_split import split_of_run
from scale_vae_keras.runs.run_tokenizer import run_tokenizer
from scale_vae_keras.text.tokenizer import Tokenizer

_logger = logging.getLogger("scale_vae_keras")
_WARNINGS = "warnings.json"


class RunSentences(NamedTuple):
    """What a new run trains on.

    Attributes:
        config: the settings of the run, its tokenizer named.
        tokenizer: its tokenizer.
        fingerprint: fingerprint of the corpus.
        train: the training sentences.
        valid: the validation sentences.
        labels: the names of the labels, for a condition.
    """

    config: RunConfig
    tokenizer: Tokenizer
    fingerprint: str
    train: EncodedSplit
    valid: EncodedSplit
    labels: tuple[str, ...]


def run_sentences(
    config: RunConfig, corpus: Corpus, cache: str | os.PathLike | None = None
) -> RunSentences:
    """Makes the tokenizer and tokenises; says what is probably wrong with the corpus.

    With a cache all of it is done once, and a second run reads no text but to hash it.

    Args:
        config: the settings of the run.
        corpus: its corpus.
        cache: a folder, see `cached_split`; None for none.

    Raises:
        InputError: corpus, settings or cache are invalid.
    """
    fingerprint = corpus.fingerprint()
    config, tokenizer, lines = run_tokenizer(config, corpus, cache, fingerprint)
    for line in lines:
        _logger.info(line)
    train, valid = (
        cached_split(corpus, split, tokenizer, cache, fingerprint) for split in ("train", "valid")
    )
    labels = label_names(train, config.train_limit) if config.condition == "label" else ()
    train = split_of_run(train, "train", config, labels)
    valid = split_of_run(valid, "valid", config, labels)
    if valid.sentences < 2 and config.method != "lm":
        raise InputError(
            "a code is measured over validation sentences: give at least two in the valid split, "
            "which has one"
        )
    if labels and (line := labels_of_test(corpus, labels)):
        _logger.warning(line)
    sentences = RunSentences(config, tokenizer, fingerprint, train, valid, labels)
    for line in _warnings(sentences, corpus, cache):
        _logger.warning(line)
    return sentences


def _warnings(sentences, corpus, cache) -> list[str]:
    def found() -> list[str]:
        return corpus_warnings(corpus, {"train": sentences.train, "valid": sentences.valid})

    if cache is None:
        return found()
    key = {
        **split_key(corpus, "train", sentences.tokenizer, sentences.fingerprint),
        "kind": "warnings",
        "limit": sentences.config.train_limit,
    }

    def write(folder: Path) -> None:
        write_json(folder / _WARNINGS, {"lines": found()})

    made = made_once(cache, key, write)
    return read_json(made / _WARNINGS, "remove its folder", "lines")["lines"]
