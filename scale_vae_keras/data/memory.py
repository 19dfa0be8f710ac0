"""A corpus of strings in memory."""

import hashlib
import numbers
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from scale_vae_keras.data.folder import FEWEST_SENTENCES, SPLITS
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.labelled_text import LabelledText, label_text
from scale_vae_keras.text.lines import check_writable, one_line
from scale_vae_keras.text.text_list import check_no_table


class MemoryCorpus:
    """Strings in three splits, see `corpus_from`.

    Attributes:
        name: what to call the corpus in reports.
        vocabulary_path: None: the words of train are counted.
        has_labels: whether the sentences have labels.
    """

    vocabulary_path = None

    def __init__(self, splits: Mapping[str, list[LabelledText]], name: str):
        self.name = name
        self.has_labels = splits["train"][0].label is not None
        self._splits = splits

    def lines(self, split: str) -> Iterator[LabelledText]:
        """Yields the sentences of a split.

        Raises:
            InputError: the split is unknown.
        """
        if split not in SPLITS:
            raise InputError(f'unknown split "{split}": choose train, valid or test')
        yield from self._splits[split]

    def fingerprint(self) -> str:
        """SHA-256 of the contents of the splits, as 64 hexadecimal digits.

        It is that of a corpus folder that holds the same lines, each ended by a line feed.
        """
        total = hashlib.sha256()
        for split in SPLITS:
            content = hashlib.sha256()
            for label, text in self._splits[split]:
                line = text if label is None else f"{label}\t{text}"
                content.update(f"{line}\n".encode())
            total.update(content.digest())
        return total.hexdigest()


def corpus_from(
    train: Iterable[str],
    valid: Iterable[str],
    test: Iterable[str],
    labels: Mapping[str, Iterable[str | int]] | None = None,
    name: str = "texts",
) -> MemoryCorpus:
    """Makes a corpus of strings: lists, a pandas series, a column of a data set, a generator.

    It is usable wherever `open_corpus`'s is. Tabs and line breaks within a text or label become
    spaces, as in a corpus folder, whose lines end at them; those at its ends go.

    Args:
        train: texts to train on, read once.
        valid: texts to select the best model by.
        test: texts to measure it on.
        labels: the labels of the texts by split: `{"train": ..., "valid": ..., "test": ...}`; the
            empty string for a sentence without one, see `semi_supervised`.
        name: what to call the corpus in reports.

    Raises:
        InputError: a text is not a string, a split has too few texts, or labels do not match them.

    Example:
        >>> corpus = sv.data.corpus_from(["a b", "b"], ["a"], ["b a"])
        >>> list(corpus.lines("test"))
        [LabelledText(label=None, text='b a')]
    """
    texts = {"train": train, "valid": valid, "test": test}
    if labels is not None and set(labels) != set(SPLITS):
        raise InputError("labels needs train, valid and test, as the texts: give a dict of three")
    splits = {}
    for split in SPLITS:
        lines = [one_line(text) for text in _strings(texts[split], split)]
        found = sum(1 for line in lines if line.strip())
        if found < FEWEST_SENTENCES[split]:
            raise InputError(
                f"{split} has too few texts ({found}): give at least {FEWEST_SENTENCES[split]}"
            )
        names = [None] * len(lines) if labels is None else _labels(labels[split], split)
        if len(names) != len(lines):
            raise InputError(
                f"{split} has {len(lines)} texts and {len(names)} labels: give each text its label"
            )
        splits[split] = list(map(LabelledText, names, lines))
    return MemoryCorpus(splits, name)


def _strings(texts, split) -> Iterator[str]:
    if isinstance(texts, str | bytes):
        raise InputError(f"{split} is one string: give a list of strings, one a text")
    check_no_table(texts, split)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(
                f"{split}: text {number} is {text!r}, of type {type(text).__name__}: give strings"
            )
        check_writable(text, f"{split}: text {number}")
        yield text


def _labels(labels, split) -> list[str]:
    if isinstance(labels, str | bytes):
        raise InputError(f"the labels of {split} are one string: give a list, a label for each")
    check_no_table(labels, f"labels['{split}']")
    names = []
    for number, label in enumerate(labels):
        if label is not None and not isinstance(label, str | numbers.Real | np.bool_):
            raise InputError(
                f"{split}: the label of text {number} is {label!r}, of type "
                f"{type(label).__name__}: give a string or a number"
            )
        name = one_line(label_text(label)).strip()
        if not name and label != "":
            raise InputError(
                f"{split}: text {number} has no label: give one to each, or to none; for training "
                "with semi_supervised, the empty string"
            )
        check_writable(name, f"{split}: the label of text {number}")
        names.append(name)
    return names
