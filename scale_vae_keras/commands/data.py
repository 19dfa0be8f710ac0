"""`scale-vae data`: statistics of a corpus."""

import argparse

from scale_vae_keras.commands.console import print_counts
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.data.encoded import build_vocabulary, encode_split
from scale_vae_keras.text.tokenizer import Tokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--tokenizer", default="words")
    parser.add_argument("--vocabulary-limit", type=int, metavar="N")
    parser.add_argument("--min-count", type=int, default=1, metavar="N")
    parser.add_argument("--max-length", type=int, default=200, metavar="N")


def run(options: argparse.Namespace) -> None:
    """Prints what a corpus consists of."""
    corpus = open_corpus(options.data)
    vocabulary = build_vocabulary(
        corpus, options.tokenizer, options.vocabulary_limit, options.min_count
    )
    tokenizer = Tokenizer(vocabulary, options.tokenizer, options.max_length)
    splits = {split: encode_split(corpus, split, tokenizer) for split in ("train", "valid", "test")}
    print_counts(splits, len(vocabulary))
