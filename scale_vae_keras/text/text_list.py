"""One text or many."""

from collections.abc import Iterable


def text_list(texts: str | Iterable[str]) -> list[str]:
    """Texts as a list; a string is one text, and no list of letters."""
    return [texts] if isinstance(texts, str) else list(texts)
