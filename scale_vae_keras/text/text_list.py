"""One text or many."""

from collections.abc import Iterable, Mapping

from scale_vae_keras.errors import InputError


def text_list(texts: str | Iterable[str]) -> list[str]:
    """Texts as a list; a string is one text, and no list of letters.

    Raises:
        InputError: it is a table or a dictionary, which yields the names of its columns.
    """
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        raise InputError(
            f"texts are a {type(texts).__name__}: give one of its columns, such as texts['text']"
        )
    return [texts] if isinstance(texts, str) else list(texts)
