"""Corpora: preparing, reading, encoding and batching."""

from scale_vae_keras.data.batches import epoch_batches, evaluation_batches, training_batches
from scale_vae_keras.data.corpus import Corpus, open_corpus, open_same_corpus
from scale_vae_keras.data.corpus_warnings import corpus_warnings
from scale_vae_keras.data.encoded import EncodedSplit, build_vocabulary, encode_split
from scale_vae_keras.data.memory import corpus_from
from scale_vae_keras.data.preparation import prepare
from scale_vae_keras.text.labelled_text import LabelledText
from scale_vae_keras.text.lines import read_lines

__all__ = [
    "Corpus",
    "EncodedSplit",
    "LabelledText",
    "build_vocabulary",
    "corpus_from",
    "corpus_warnings",
    "encode_split",
    "epoch_batches",
    "evaluation_batches",
    "open_corpus",
    "open_same_corpus",
    "prepare",
    "read_lines",
    "training_batches",
]
