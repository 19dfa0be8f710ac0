"""What is a user's own and what is this package's."""

from collections.abc import Callable


def is_custom(thing: type | Callable) -> bool:
    """Whether a class or function is defined outside of this package."""
    return thing.__module__.partition(".")[0] != __name__.partition(".")[0]
