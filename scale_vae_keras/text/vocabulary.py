"""The words that a model knows, and their ids."""

import hashlib
import os
from collections.abc import Iterable, Mapping

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import written_whole
from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.lines import check_writable, file_lines
from scale_vae_keras.text.white_space import has_white_space

PAD_ID, START_ID, END_ID, UNKNOWN_ID = range(4)
SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
_OTHER_CONVENTIONS = ("_PAD", "<bos>", "<sos>", "_GO", "<eos>", "_EOS", "_UNK", "UNK")
MARKERS = frozenset(SPECIALS + _OTHER_CONVENTIONS)


class Vocabulary:
    """Four special tokens, then words; a token's id is its place in `tokens`.

    Args:
        words: the words in id order; the first one has id 4.

    Attributes:
        tokens: all tokens in id order, the special ones first.
        file_name: what the file of such a vocabulary is called.
        kind: how the text was split whose tokens these are, if they were counted.

    Raises:
        InputError: there is no word, or one is repeated, empty, contains white space (any of
            Unicode), is a special token, no string, or one that UTF-8 cannot write.

    Example:
        >>> vocabulary = sv.text.Vocabulary.from_counts({"the": 3, "cat": 1, "sat": 2}, min_count=2)
        >>> vocabulary.tokens
        ('<pad>', '<s>', '</s>', '<unk>', 'the', 'sat')
    """

    file_name = "vocabulary.txt"
    kind: str | None = None
    _markers = MARKERS

    def __init__(self, words: Iterable[str]):
        words = tuple(words)
        if not words:
            raise InputError("the vocabulary is empty: give at least one word")
        seen = set(self._markers)
        for word in words:
            if not isinstance(word, str):
                raise InputError(f"{word!r} is not a string: give the words as strings")
            check_writable(word, f"the word {word!r}")
            self._check(word)
            if word in seen:
                problem = "a special token" if word in self._markers else "repeated"
                raise InputError(f"{word!r} is {problem}: leave it out of the words")
            seen.add(word)
        self.tokens = SPECIALS + words

    @staticmethod
    def _check(word):
        if not word or has_white_space(word):
            raise InputError(f"{word!r} is not one word: give one word without white space")

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def from_file(cls, path: str | os.PathLike, encoding: str | None = None) -> "Vocabulary":
        """Reads one token per line, in id order.

        The special tokens that the file lists, in this package's spelling or another usual one
        (`<bos>`, `<eos>`, `_UNK`, ...), become this package's four.

        Args:
            path: the file.
            encoding: as for `text_encoding`.

        Raises:
            InputError: the file cannot be read, has no word, an empty line or a repeated token, or
                bytes do not belong to the encoding.
        """
        try:
            tokens = list(file_lines(path, encoding))
        except OSError as error:
            raise InputError(f"cannot read the vocabulary {path}: {error.strerror}") from error
        try:
            return cls(token for token in tokens if token not in MARKERS)
        except InputError as error:
            raise InputError(f"vocabulary {path}: {error}") from error

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], limit: int | None = None, min_count: int = 1
    ) -> "Vocabulary":
        """Keeps the most frequent words, in falling order of frequency, ties by code point.

        Markers of unknown words in the text (`_UNK`, `<unk>`, `UNK`) and the other special tokens
        are not counted as words.

        Args:
            counts: how often each word occurs.
            limit: the largest size of the vocabulary, its four special tokens included.
            min_count: a rarer word is left out.

        Raises:
            InputError: no word is left, or a number is no whole one.
        """
        min_count = whole_number("min_count", min_count, 0)
        words = [
            word
            for word, count in counts.items()
            if count >= min_count and word not in cls._markers
        ]
        words.sort(key=lambda word: (-counts[word], word))
        if limit is not None:
            limit = whole_number("limit", limit)
            if limit <= len(SPECIALS):
                raise InputError(
                    f"a vocabulary of at most {limit} has no room for words: "
                    f"allow more than its {len(SPECIALS)} special tokens"
                )
            words = words[: limit - len(SPECIALS)]
        if not words:
            raise InputError(
                f"no word occurs at least {min_count} times: lower min_count or give more text"
            )
        return cls(words)

    def save(self, path: str | os.PathLike) -> None:
        """Writes one token per line, UTF-8; a reader never sees a half-written file."""
        with written_whole(path) as temporary:
            temporary.write_text(self._text(), encoding="utf-8", newline="\n")

    def fingerprint(self) -> str:
        """SHA-256 of the tokens in id order, as 64 hexadecimal digits."""
        return hashlib.sha256(self._text().encode()).hexdigest()

    def _text(self) -> str:
        return "".join(f"{token}\n" for token in self.tokens)
