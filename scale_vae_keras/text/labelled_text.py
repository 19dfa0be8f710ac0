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
