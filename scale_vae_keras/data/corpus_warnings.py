"""What is probably wrong with a corpus, a line each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import zip_longest

from scale_vae_keras.data.corpus import BuiltInCorpus, Corpus
from scale_vae_keras.data.encoded import EncodedSplit

_FEWEST_SENTENCES = 1000
_LARGEST_OVERLAP = 0.01
_LARGEST_UNKNOWN_SHARE = 0.2
_LARGEST_CUT_SHARE = 0.05
_MISSING = ("nan", "none", "null", "na", "n/a", "<na>")
_SHOWN = 3


def corpus_warnings(corpus: Corpus, splits: Mapping[str, EncodedSplit]) -> list[str]:
    """Says what is probably wrong with a corpus; nothing is about a built-in one.

    It reads train and valid once more, a line at a time, and holds hashes of valid.

    Args:
        corpus: the corpus.
        splits: its encoded splits by name; `train` is needed.

    Returns:
        A line for each of: train has fewer than 1,000 sentences; train equals valid, or more than
        1 % of the sentences of valid are in train; more than 20 % of the words of a split are
        `<unk>`; more than 5 % of its sentences are cut; labels that look like the numbers of lines,
        are on one line only, or are written as a missing value is; tabs in the text of a corpus
        without labels.

    Example:
        >>> corpus = sv.data.corpus_from(["the cat", "the cat sat"], ["a cat"], ["the dog"])
        >>> tokenizer = sv.text.Tokenizer(sv.data.build_vocabulary(corpus, "words"))
        >>> splits = {"train": sv.data.encode_split(corpus, "train", tokenizer)}
        >>> sv.data.corpus_warnings(corpus, splits)
        ['...']
    """
    if isinstance(corpus, BuiltInCorpus):
        return []
    warnings = [
        *_few_sentences(splits["train"]),
        *_overlap(corpus),
        *split_warnings(splits),
    ]
    if splits["train"].labels is None:
        return warnings + _tabs(corpus)
    return warnings + label_warnings(splits["train"].labels.counts(), "train")


def split_warnings(splits: Mapping[str, EncodedSplit]) -> list[str]:
    """Says if more than 20 % of the words of a split are `<unk>`, or 5 % of its sentences cut.

    Args:
        splits: encoded splits by name.

    Returns:
        At most two lines.
    """
    return _unknown_words(splits) + _cut_sentences(splits)


def label_warnings(counts: Mapping[str, int], name: str) -> list[str]:
    """Says if labels look like the numbers of lines, are on one line only, or stand for none.

    Args:
        counts: how many sentences have each label.
        name: what the sentences are of, for the warning.

    Returns:
        At most two lines.
    """
    warnings = _unlikely_labels(counts, name)
    if missing := [label for label in counts if label.lower() in _MISSING]:
        warnings.append(
            f"{name} has the label {_some(missing)}: is it a missing one? Leave it empty"
        )
    return warnings


def _unlikely_labels(counts, name) -> list[str]:
    sentences = sum(counts.values())
    single = [label for label, count in counts.items() if count == 1]
    if 2 * len(counts) > sentences > 2:
        return [
            f"{name} has {len(counts):,} labels for {sentences:,} sentences: "
            f"is it an id rather than a label? ({_some(counts)})"
        ]
    if single:
        noun, verb = ("label", "is") if len(single) == 1 else ("labels", "are")
        return [
            f"{name} has {len(single):,} {noun} that {verb} on one line only, of {len(counts):,}: "
            f"check them ({_some(single)})"
        ]
    return []


def _some(labels) -> str:
    shown = [f'"{label}"' for label, _ in zip(labels, range(_SHOWN), strict=False)]
    return ", ".join(shown) + (", ..." if len(labels) > _SHOWN else "")


def _few_sentences(train: EncodedSplit) -> list[str]:
    if train.sentences >= _FEWEST_SENTENCES:
        return []
    return [
        f"train has {train.sentences:,} sentences: a model hardly learns from fewer than "
        f"{_FEWEST_SENTENCES:,}"
    ]


def _overlap(corpus: Corpus) -> list[str]:
    if all(one == other for one, other in zip_longest(*map(corpus.lines, ("train", "valid")))):
        return [
            "train and valid are the same: what is measured on valid says nothing about new text"
        ]
    valid = Counter(_hashes(corpus, "valid"))
    sentences = valid.total()
    for found in _hashes(corpus, "train"):
        valid.pop(found, None)
        if not valid:
            break
    shared = sentences - valid.total()
    if shared <= _LARGEST_OVERLAP * sentences:
        return []
    return [
        f"{shared:,} of the {sentences:,} sentences of valid are in train "
        f"({shared / sentences:.1%}): make the splits again with scale-vae prepare, "
        "which keeps equal texts in one split"
    ]


def _hashes(corpus: Corpus, split: str) -> Iterator[bytes]:
    for _, text in corpus.lines(split):
        if text := text.strip():
            yield blake2b(text.encode(), digest_size=8).digest()


def _unknown_words(splits: Mapping[str, EncodedSplit]) -> list[str]:
    shares = {name: split.unknown / split.words for name, split in splits.items()}
    return [
        f"more than {_LARGEST_UNKNOWN_SHARE:.0%} of the words are unknown ({high}): lower "
        "--min-count or raise --vocabulary-limit, or choose a tokenizer without unknown words"
        for high in _above(_LARGEST_UNKNOWN_SHARE, shares)
    ]


def _cut_sentences(splits: Mapping[str, EncodedSplit]) -> list[str]:
    shares = {
        name: split.truncated / split.sentences
        for name, split in splits.items()
        if split.truncated is not None  # those of a limit are not counted
    }
    return [
        f"more than {_LARGEST_CUT_SHARE:.0%} of the sentences are cut ({high}): raise "
        "--max-length, or divide the texts"
        for high in _above(_LARGEST_CUT_SHARE, shares)
    ]


def _above(limit: float, shares: Mapping[str, float]) -> list[str]:
    """The shares above a limit in one line, if there are some."""
    high = [f"{share:.0%} in {name}" for name, share in shares.items() if share > limit]
    return [", ".join(high)] if high else []


def _tabs(corpus: Corpus) -> list[str]:
    lines = tabs = 0
    for _, text in corpus.lines("train"):
        lines += 1
        tabs += "\t" in text
    if not tabs:
        return []
    return [
        f"{tabs:,} of the {lines:,} lines of train hold a tab and the first one does not: tabs are "
        "read as text, and no line has a label"
    ]
