"""One line of a corpus."""

from typing import NamedTuple


class LabelledText(NamedTuple):
    """A sentence or document, with its label where the corpus has one.

    Attributes:
        label: the label as written in the corpus, or `None`.
        text: the words, separated by single spaces.

    Example:
        >>> sv.data.LabelledText("positive", "a good film").label
        'positive'
    """

    label: str | None
    text: str


def label_text(value: object) -> str:
    """The label that a table, a JSON object or a list means, empty where there is none.

    Args:
        value: a string, a number, or a truth value; None and NaN are none.

    Example:
        >>> from scale_vae_keras.text.labelled_text import label_text
        >>> [label_text(value) for value in ("good", 4, 4.0, 0.5, True, None, float("nan"))]
        ['good', '4', '4', '0.5', 'true', '', '']
    """
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return value
    text = str(value)
    return text.lower() if text in ("True", "False") else text.removesuffix(".0")
