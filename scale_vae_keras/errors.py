"""The one exception for anything that the caller can put right."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input: the message is one line that says what is wrong and what to do.

    The command line prints it as `error: ...` and exits with status 2.
    """


class DivergedError(InputError):
    """Training has diverged: a loss, a weight or a posterior is not finite."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest of the known ones, if one is near.

    Example:
        >>> from scale_vae_keras.errors import did_you_mean
        >>> did_you_mean("scal", ["vae", "scale"])
        '; did you mean scale?'
    """
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""
