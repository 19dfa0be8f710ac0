"""What the model writes as one dimension of a code changes: a picture, figures and sentences."""

import re
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from scale_vae_keras.evaluation.encode import Encoded
from scale_vae_keras.report.pictures import Effect, Picture, draw_effects
from scale_vae_keras.runs.tensorboard import spread
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID

_STEPS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
_CENTRE = 2
_DIMENSIONS = 6
_EXAMPLES = 3
_SENTENCES = 32
_WORDS = 4
_LEAST_MORE = 0.1
_BATCH = 256


class Traversal(NamedTuple):
    """What the model writes as one dimension of a sentence's code changes.

    Attributes:
        title: which dimension.
        texts: from two standard deviations below the mean over sentences to two above.
    """

    title: str
    texts: list[str]

    @property
    def table(self) -> pd.DataFrame:
        """The texts, each with its place; one that is the same as the one before says so.

        Words that differ from the text in the middle are marked.
        """
        before = [None, *self.texts]
        shown = [
            "the same" if text == last else marked(self.texts[_CENTRE], text)
            for text, last in zip(self.texts, before, strict=False)
        ]
        deviations = [f"{step:+g}" for step in _STEPS]
        # As objects, which pandas leaves as they are: of a string it would keep the text alone.
        return pd.DataFrame({"deviations": deviations, "sentence": shown}, dtype=object)


class Traversals(NamedTuple):
    """What the most active dimensions do to the text.

    Attributes:
        picture: how much of the text changes along each dimension.
        effects: the same as a table of strings, with lengths and words.
        examples: one sentence along the first dimensions.
        sentences: how many sentences picture and table are of.
    """

    picture: Picture
    effects: pd.DataFrame
    examples: list[Traversal]
    sentences: int


def traverse(
    model,
    tokenizer: Tokenizer,
    encoded: Encoded,
    max_length: int,
    labels: np.ndarray | None = None,
) -> Traversals:
    """Changes the most active dimensions of the codes of some sentences, one at a time.

    A dimension is as active as its posterior means differ between sentences. It goes to five
    places, from two standard deviations below its mean over sentences to two above, and the model
    writes greedily; what changes is counted against the text in the middle.

    Args:
        model: the model.
        tokenizer: turns ids into text.
        encoded: posteriors of sentences; the first one is the example.
        max_length: most tokens of a sentence that is written, `</s>` counted.
        labels: numbers of the labels of all sentences, for a model with a condition; a sentence
            without one is written with the first label.

    Raises:
        InputError: matplotlib is not installed.
    """
    means = np.float64(encoded.mean)
    centre, deviation = means.mean(axis=0), means.std(axis=0)
    dimensions = np.argsort(-deviation, kind="stable")[:_DIMENSIONS]
    chosen = spread(len(means), _SENTENCES)
    numbers = None if labels is None else np.maximum(labels[chosen], 0)
    copies = _Written.of(model, tokenizer, means[chosen], max_length, numbers)
    effects, rows, examples = [], [], []
    for dimension in dimensions:
        along = []
        for step in _STEPS:
            codes = means[chosen].copy()
            codes[:, dimension] = centre[dimension] + step * deviation[dimension]
            along.append(_Written.of(model, tokenizer, codes, max_length, numbers))
        effect = _effect(int(dimension), along)
        effects.append(effect)
        rows.append(_row(effect, deviation[dimension], along))
        title = f"Dimension {dimension}, standard deviation of its means {deviation[dimension]:.2f}"
        examples.append(Traversal(title, [each.texts[0] for each in along]))
    others = zip(copies.tokens, copies.tokens[1:], strict=False)
    between = [differing(one, other) for one, other in others]
    return Traversals(
        draw_effects(effects, _STEPS, float(np.mean(between)) if between else None),
        pd.DataFrame(rows),
        examples[:_EXAMPLES],
        len(chosen),
    )


class _Written(NamedTuple):
    """Sentences as text and as ids."""

    texts: list[str]
    tokens: list[list[int]]

    @classmethod
    def of(cls, model, tokenizer, codes, max_length, labels):
        texts, tokens = [], []
        for start in range(0, len(codes), _BATCH):
            rows = slice(start, start + _BATCH)
            label = None if labels is None else labels[rows]
            ids = model.decode(codes[rows], max_length=max_length, label=label).ids
            texts += [text.decode() for text in tokenizer.detokenize(ids).numpy()]
            tokens += [row[(row != PAD_ID) & (row != END_ID)].tolist() for row in ids.numpy()]
        return cls(texts, tokens)


def differing(one: list, other: list) -> float:
    """The share of two sequences that they do not have in common, from 0 to 1.

    In common is what stands in the matching blocks of `difflib`; two empty sequences are equal.

    Example:
        >>> from scale_vae_keras.report.traversals import differing
        >>> differing(["a", "good", "soup"], ["a", "bad", "soup", "indeed"])
        0.4285714285714286
    """
    return 1 - SequenceMatcher(None, one, other, autojunk=False).ratio()


def marked(centre: str, text: str) -> Markup:
    """A text as HTML, with `<mark>` around the words that are not in another text.

    Where neither text has white space, characters are compared.
    """
    between = " " if re.search(r"\s", centre + text) else ""
    one, other = (each.split() if between else list(each) for each in (centre, text))
    parts = []
    for kind, _, _, start, end in SequenceMatcher(None, one, other, False).get_opcodes():
        if start < end:
            part = escape(between.join(other[start:end]))
            parts.append(part if kind == "equal" else Markup("<mark>{}</mark>").format(part))
    return Markup(between).join(parts)


def _effect(dimension, along):
    pairs = [list(zip(along[_CENTRE].tokens, each.tokens, strict=True)) for each in along]
    return Effect(
        dimension,
        np.array([np.mean([differing(*pair) for pair in step]) for step in pairs]),
        np.array([np.mean([one != other for one, other in step]) for step in pairs]),
    )


def _row(effect, deviation, along):
    ends = along[0], along[-1]
    lengths = [np.mean([len(tokens) for tokens in end.tokens]) for end in ends]
    spaced = any(" " in text for each in along for text in each.texts)
    below, above = (_frequencies(end.texts, spaced) for end in ends)
    return {
        "dimension": effect.dimension,
        "standard deviation": f"{deviation:.2f}",
        "tokens changed at -2, +2": f"{effect.tokens[0]:.0%}, {effect.tokens[-1]:.0%}",
        "sentences changed at -2, +2": f"{effect.sentences[0]:.0%}, {effect.sentences[-1]:.0%}",
        "tokens long at -2, +2": f"{lengths[0]:.1f}, {lengths[1]:.1f}",
        "more often at -2": _more_often(below, above),
        "more often at +2": _more_often(above, below),
    }


def _frequencies(texts, spaced):
    """The share of the texts that each word is in, or each character where nothing is spaced."""
    words = [word for text in texts for word in set(text.split() if spaced else text)]
    words = [word for word in words if any(map(str.isalnum, word))]
    return pd.Series(words, dtype=object).value_counts() / len(texts)


def _more_often(here, there):
    """Words that are in more of the texts here than there, and by how many of them."""
    more = here.sub(there, fill_value=0.0)
    more = more[more >= _LEAST_MORE]
    ranked = sorted(more.items(), key=lambda item: (-item[1], item[0]))[:_WORDS]
    return ", ".join(f"{word} (+{share:.0%})" for word, share in ranked)
