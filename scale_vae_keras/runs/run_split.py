"""The sentences that a run trains on and measures."""

from collections.abc import Sequence

from scale_vae_keras.conditions.label_numbers import hidden, numbered
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.runs.config import RunConfig


def split_of_run(
    sentences: EncodedSplit, name: str, config: RunConfig, labels: Sequence[str]
) -> EncodedSplit:
    """A split as the settings of a run say: its sentences, and the labels that training sees.

    Args:
        sentences: all of the corpus's split.
        name: name of the split.
        config: the settings of the run.
        labels: the names of the labels; none without a condition.

    Raises:
        InputError: a label is missing or unknown that the condition needs.
    """
    if name == "train" and config.train_limit is not None:
        sentences = sentences.first(config.train_limit)
    if not labels:
        return sentences
    unlabelled = getattr(config, "semi_supervised", False)
    sentences = numbered(sentences, labels, unlabelled, name)
    if name == "train" and config.labelled is not None:
        return hidden(sentences, config.labelled, config.seed)
    return sentences
