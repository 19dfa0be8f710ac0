"""Corpora: reading, encoding and batching."""

from scale_vae_keras.data.batches import epoch_batches, evaluation_batches, training_batches
from scale_vae_keras.data.corpus import Corpus, open_corpus
from scale_vae_keras.data.encoded import EncodedSplit, build_vocabulary, encode_split
from scale_vae_keras.data.labelled_text import LabelledText

__all__ = [
    "Corpus",
    "EncodedSplit",
    "LabelledText",
    "build_vocabulary",
    "encode_split",
    "epoch_batches",
    "evaluation_batches",
    "open_corpus",
    "training_batches",
]
