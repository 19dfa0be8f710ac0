"""`scale-vae data`: statistics of a corpus."""

import argparse
import logging

from scale_vae_keras.commands.console import listed_labels, log_to_terminal, print_counts
from scale_vae_keras.commands.setting_flags import add_named
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.data.corpus_warnings import corpus_warnings
from scale_vae_keras.data.encoded import encode_split
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.run_tokenizer import run_tokenizer

_SETTINGS = ("tokenizer", "pattern", "subwords", "vocabulary_limit", "min_count", "max_length")
_logger = logging.getLogger("scale_vae_keras")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("data", metavar="DATA", help="the corpus, as for train")
    parser.add_argument(
        "--encoding", metavar="NAME", help="encoding of the files, UTF-8 by default"
    )
    add_named(parser, _SETTINGS)


def run(options: argparse.Namespace) -> None:
    """Prints what a corpus consists of, and what is probably wrong with it."""
    log_to_terminal()
    corpus = open_corpus(options.data, options.encoding)
    settings = {name: getattr(options, name) for name in _SETTINGS}
    config = configure(options.data, "lm", "small", **settings)
    _, tokenizer, lines = run_tokenizer(config, corpus)
    print("\n".join(lines))
    splits = {split: encode_split(corpus, split, tokenizer) for split in ("train", "valid", "test")}
    for warning in corpus_warnings(corpus, splits):
        _logger.warning(warning)
    if splits["train"].labels is not None:
        print(f"labels of train: {listed_labels(splits['train'].labels.counts())}")
    print_counts(splits, len(tokenizer.vocabulary))
