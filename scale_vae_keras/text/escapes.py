"""A character that SentencePiece cannot keep, written with others, and back."""

import tensorflow as tf

# SentencePiece writes a space as U+2581, so that a U+2581 of the text would come back as a space.
# U+0010 (data link escape, which text hardly has) and a letter stand for it, and for U+0010.
_ESCAPES = (("\x10", "\x10d"), ("\u2581", "\x10b"))


def escape(text: str) -> str:
    """Writes U+0010 and U+2581 as U+0010 and a letter."""
    for character, escaped in _ESCAPES:
        text = text.replace(character, escaped)
    return text


def escape_strings(strings: tf.Tensor) -> tf.Tensor:
    """`escape` in graph operations, string `[n]`."""
    for character, escaped in _ESCAPES:
        strings = tf.strings.regex_replace(strings, character, escaped)
    return strings


def unescape_strings(strings: tf.Tensor) -> tf.Tensor:
    """Undoes `escape_strings`, string `[n]`; U+0010 before any other letter stays."""
    for character, escaped in reversed(_ESCAPES):
        strings = tf.strings.regex_replace(strings, escaped, character)
    return strings
