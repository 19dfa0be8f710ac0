"""One text or many."""

from collections.abc import Iterable, Mapping

from scale_vae_keras.errors import InputError


def check_no_table(texts: object, name: str, verb: str = "is") -> None:
    """Refuses what yields the names of its columns and not their entries.

    Args:
        texts: what is given.
        name: what to call it in the error.
        verb: that goes with the name.

    Raises:
        InputError: it is a table or a dictionary.
    """
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        raise InputError(
            f"{name} {verb} a {type(texts).__name__}: give one of its columns, {name}['COLUMN']"
        )


def text_list(texts: str | Iterable[str]) -> list[str]:
    """Texts as a list; a string is one text, and no list of letters.

    Raises:
        InputError: it is a table or a dictionary, which yields the names of its columns, or neither
            a string nor several.
    """
    check_no_table(texts, "texts", "are")
    if isinstance(texts, str):
        return [texts]
    try:
        if isinstance(texts, bytes):
            raise TypeError
        return list(texts)
    except TypeError as error:
        raise InputError(f"texts must be a string or several, got {texts!r:.60}") from error
