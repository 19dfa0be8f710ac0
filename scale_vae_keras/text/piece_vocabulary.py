"""Tokens that may hold white space, and their ids."""

import json
import os

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.vocabulary import SPECIALS, Vocabulary


class PieceVocabulary(Vocabulary):
    """Four special tokens, then pieces of text: characters, matches of a pattern, subwords.

    A piece may be white space. The file is a JSON list with one token per line.

    Args:
        words: the pieces in id order; the first one has id 4.

    Attributes:
        tokens: all tokens in id order, the special ones first.

    Raises:
        InputError: there is no piece, or one is repeated, empty or a special token.

    Example:
        >>> vocabulary = sv.text.PieceVocabulary(["a", " ", "b"])
        >>> sv.text.Tokenizer(vocabulary, "characters")(["b a"]).to_list()
        [[1, 6, 5, 4, 2]]
    """

    file_name = "vocabulary.json"
    _markers = frozenset(SPECIALS)

    @staticmethod
    def _check(word):
        if not word:
            raise InputError("a token is empty: leave it out of the vocabulary")

    @classmethod
    def from_file(cls, path: str | os.PathLike) -> "PieceVocabulary":
        """Reads what `save` wrote.

        Raises:
            InputError: the file cannot be read or is not such a list, or its tokens are invalid.
        """
        try:
            with open(path, encoding="utf-8") as file:
                tokens = json.load(file)
        except OSError as error:
            raise InputError(f"cannot read the vocabulary {path}: {error.strerror}") from error
        except ValueError as error:
            raise InputError(f"vocabulary {path} is not JSON: {error}") from error
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise InputError(f"vocabulary {path} is not a JSON list of strings")
        if tuple(tokens[: len(SPECIALS)]) != SPECIALS:
            raise InputError(f"vocabulary {path} does not begin with {', '.join(SPECIALS)}")
        try:
            return cls(tokens[len(SPECIALS) :])
        except InputError as error:
            raise InputError(f"vocabulary {path}: {error}") from error

    def _text(self) -> str:
        lines = ",\n".join(json.dumps(token, ensure_ascii=False) for token in self.tokens)
        return f"[\n{lines}\n]\n"
