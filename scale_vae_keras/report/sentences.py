"""What a report shows of sentences and their codes: lengths and neighbours."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.evaluation.encode import Encoded
from scale_vae_keras.report.pictures import Picture, draw_lengths
from scale_vae_keras.runs.tensorboard import sentence_texts
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID

_WRITTEN = 256
_NEIGHBOURS = 3
_BLOCK = 24


class Lengths(NamedTuple):
    """How long sentences are.

    Attributes:
        picture: of the corpus and of what the model writes.
        note: the share of unknown words, and how many sentences were cut.
    """

    picture: Picture
    note: str


def describe_lengths(model, valid: EncodedSplit, max_length: int) -> Lengths:
    """Draws the lengths of sentences of the corpus and of sentences that the model writes.

    Args:
        model: the model.
        valid: sentences of the corpus.
        max_length: most tokens of a sentence that is written, `</s>` counted.

    Raises:
        InputError: matplotlib is not installed.
    """
    label = model.labels_in_turn(_WRITTEN)
    ids = model.generate(_WRITTEN, 0, DEFAULT_SAMPLER, max_length, label=label).ids.numpy()
    written = np.count_nonzero((ids != PAD_ID) & (ids != END_ID), axis=1)
    share = valid.unknown / valid.words if valid.words else 0.0
    note = (
        f"Of {valid.words:,} tokens in {valid.sentences:,} validation sentences {share:.2%} are "
        f"unknown to the vocabulary; {valid.truncated:,} sentences were cut at max_length."
    )
    lengths = {"validation sentences": valid.lengths - 2, "sentences from the prior": written}
    return Lengths(draw_lengths(lengths), note)


def neighbours(
    tokenizer: Tokenizer, valid: EncodedSplit, encoded: Encoded, chosen: np.ndarray
) -> pd.DataFrame:
    """The sentences whose posterior means are nearest to those of some, with Euclidean distances.

    Args:
        tokenizer: turns ids into text.
        valid: what is searched.
        encoded: its posteriors.
        chosen: places of the sentences that are looked up, int64 `[chosen]`; they and their
            doubles are not their own neighbours.
    """
    rows = []
    for place, text in zip(chosen, sentence_texts(tokenizer, valid, chosen), strict=True):
        distance = np.linalg.norm(encoded.mean - encoded.mean[place], axis=1)
        order = np.argsort(distance, kind="stable")
        found = {text: 0.0}
        for start in range(0, len(order), _BLOCK):
            near = order[start : start + _BLOCK]
            for other, away in zip(
                sentence_texts(tokenizer, valid, near), distance[near], strict=True
            ):
                found.setdefault(other, away)
            if len(found) > _NEIGHBOURS:
                break
        for other, away in list(found.items())[1 : _NEIGHBOURS + 1]:
            rows.append({"sentence": text, "neighbour": other, "distance": f"{away:.3f}"})
    return pd.DataFrame(rows, columns=["sentence", "neighbour", "distance"])
