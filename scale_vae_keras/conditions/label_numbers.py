"""Labels by name and by number."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scale_vae_keras.data.corpus import Corpus
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError, did_you_mean

UNLABELLED = -1
"""The number of a sentence without a label."""

_LABELLED_STREAM = 4


def numbers_known(labels: int, unlabelled: bool) -> tuple[int, str]:
    """The least number of a label, and what is said where one is below it or too large.

    Args:
        labels: how many labels there are.
        unlabelled: whether a sentence may lack its label, number `UNLABELLED`.
    """
    least = UNLABELLED if unlabelled else 0
    advice = "" if unlabelled else "; without a label (-1) needs semi_supervised"
    return least, f"a label is outside of {least} to {labels - 1}{advice}"


def check_numbers(numbers: np.ndarray, labels: int, unlabelled: bool, where: str = "") -> None:
    """Refuses numbers of labels that are not known.

    Args:
        numbers: whole numbers `[sentences]`.
        labels: how many labels there are.
        unlabelled: whether a sentence may lack its label, number `UNLABELLED`.
        where: what the error begins with.

    Raises:
        InputError: one is not known.
    """
    least, message = numbers_known(labels, unlabelled)
    if np.any((numbers < least) | (numbers >= labels)):
        raise InputError(where + message)


def label_names(split: EncodedSplit, limit: int | None = None) -> tuple[str, ...]:
    """The names of the labels of training sentences, sorted; an empty one is none.

    Args:
        split: the training sentences.
        limit: training is to see this many, the first ones; None for all.

    Raises:
        InputError: there are fewer than two, or the first sentences lack one.
    """
    names = sorted(set(split.labels.counts() if split.labels else ()) - {""})
    if len(names) < 2:
        raise InputError(
            f"a condition needs training sentences with at least two labels, and there are "
            f"{len(names)}: write label<TAB>text"
        )
    if limit is not None:
        missing = set(names) - split.first(limit).labels.counts().keys()
        if missing:
            raise InputError(
                f"the first {limit:,} training sentences have no label {min(missing)!r}: raise "
                "train_limit, or put the lines of train.txt into another order"
            )
    return tuple(names)


def labels_of_test(corpus: Corpus, names: Sequence[str]) -> str | None:
    """What is wrong with the labels of a corpus's test sentences for a model with a condition.

    Args:
        corpus: the corpus.
        names: the labels that the model knows.
    """
    counts = Counter(line.label or "" for line in corpus.lines("test") if line.text.strip())
    unknown = sorted(counts.keys() - {*names, ""})
    if unknown:
        return (
            f"test sentences have the label {unknown[0]!r}, which no training sentence has: the "
            "model cannot be evaluated on them"
        )
    if counts[""]:
        return f"{counts['']:,} test sentences have no label: the model cannot be evaluated on them"
    return None


def label_numbers(
    labels: str | Sequence[str] | np.ndarray, names: Sequence[str], rows: int
) -> np.ndarray:
    """The numbers of labels given by name, int32 `[rows]`.

    Args:
        labels: a name for all rows, or one for each; an array or a tensor may hold UTF-8.
        names: the known ones; a label's number is its place.
        rows: how many sentences there are.

    Raises:
        InputError: a name is unknown, there is not one for each row, or they are no list.

    Example:
        >>> from scale_vae_keras.conditions import label_numbers
        >>> label_numbers(["good", "bad"], ("bad", "good"), rows=2).tolist()
        [1, 0]
    """
    if hasattr(labels, "__array__"):
        labels = np.asarray(labels).tolist()
    if isinstance(labels, str | bytes):
        labels = [labels] * rows
    elif np.ndim(labels) != 1:
        raise InputError(
            f"label is of type {type(labels).__name__}: give a name, or a list of names, one for "
            "each sentence"
        )
    labels = [each.decode() if isinstance(each, bytes) else each for each in labels]
    if len(labels) != rows:
        raise InputError(f"{rows} sentences have {len(labels)} labels: give one, or one for each")
    number_of = {name: number for number, name in enumerate(names)}
    for label in labels:
        if not isinstance(label, str) or label not in number_of:
            raise InputError(
                f"unknown label {label!r}: choose {', '.join(names)}"
                f"{did_you_mean(str(label), names)}"
            )
    return np.array([number_of[label] for label in labels], np.int32)


def numbered(
    split: EncodedSplit, names: Sequence[str], unlabelled: bool = False, name: str = "given"
) -> EncodedSplit:
    """A split whose batches hold the numbers of the labels beside the ids.

    Args:
        split: the sentences.
        names: of the labels, as the model knows them.
        unlabelled: whether a sentence may lack its label, which the corpus writes as an empty one,
            `<TAB>text`; its number is `UNLABELLED`.
        name: of the split, for errors.

    Raises:
        InputError: a label is missing or unknown.
    """
    if split.labels is None:
        raise InputError(f"the {name} split has no labels: write label<TAB>text")
    counts = split.labels.counts()
    if counts.get("") and not unlabelled:
        raise InputError(
            f"{counts['']:,} sentences of the {name} split have no label: label them, remove them, "
            "or train with semi_supervised"
        )
    numbers = np.full(len(split.labels.names), UNLABELLED, np.int32)
    for code, label in enumerate(split.labels.names):
        if label and label in counts:
            numbers[code] = label_numbers(label, names, 1)[0]
    return replace(split, label_numbers=numbers[split.labels.codes])


def hidden(split: EncodedSplit, labelled: int, seed: int) -> EncodedSplit:
    """A split of which training sees some of the labels alone, for experiments.

    Args:
        split: sentences with numbers of labels, see `numbered`.
        labelled: how many labels are kept, drawn without regard to what they are.
        seed: of the draw.

    Raises:
        InputError: there are not so many labels.
    """
    known = np.flatnonzero(split.label_numbers != UNLABELLED)
    if labelled > len(known):
        raise InputError(f"labelled is {labelled} and the sentences have {len(known):,} labels")
    random = np.random.default_rng([seed, _LABELLED_STREAM])
    kept = random.choice(known, labelled, replace=False)
    numbers = np.full_like(split.label_numbers, UNLABELLED)
    numbers[kept] = split.label_numbers[kept]
    return replace(split, label_numbers=numbers)
