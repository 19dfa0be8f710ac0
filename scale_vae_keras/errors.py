"""The one exception for anything that the caller can put right."""

import contextlib
import difflib
from collections.abc import Iterable, Iterator


class InputError(ValueError):
    """Bad input: the message is one line that says what is wrong and what to do.

    The command line prints it as `error: ...` and exits with status 2.

    Example:
        >>> sv.ScaleVAE(9, des_std=-1.0)
        Traceback (most recent call last):
        scale_vae_keras.errors.InputError: des_std must be positive and finite, got -1.0
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


@contextlib.contextmanager
def needs(what: str, extra: str) -> Iterator[None]:
    """Imports in the block are of a library that an extra installs.

    Args:
        what: what needs which library, such as "pictures need matplotlib".
        extra: the name of the extra.

    Raises:
        InputError: the library is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise InputError(f"{what}: pip install 'scale-vae-keras[{extra}]'") from error
