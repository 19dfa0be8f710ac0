"""The white space of Unicode."""

import re

# The 25 characters with the property White_Space, as inside a class of a regular expression that
# both Python and RE2 read. WhitespaceTokenizer cuts those beyond ASCII in the middle.
ASCII = "\t\n\v\f\r "
BEYOND_ASCII = "\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

_WHITE_SPACE = re.compile(f"[{ASCII}{BEYOND_ASCII}]")
_NOT_WHITE_SPACE = re.compile(f"[^{ASCII}{BEYOND_ASCII}]")


def has_white_space(text: str) -> bool:
    """Whether any character of the text is white space."""
    return _WHITE_SPACE.search(text) is not None


def is_blank(text: str) -> bool:
    """Whether the text has no character but white space."""
    return _NOT_WHITE_SPACE.search(text) is None
