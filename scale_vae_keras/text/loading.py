"""Reads tokenizers from their files."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.hub_tokenizer import HubTokenizer
from scale_vae_keras.text.piece_vocabulary import PieceVocabulary
from scale_vae_keras.text.sentencepiece_tokenizer import MODEL_FILE, SentencePieceTokenizer
from scale_vae_keras.text.splitting import WORD_KINDS, check_kind
from scale_vae_keras.text.tokenizer import SETTINGS_FILE, Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary


def vocabulary_class(kind: str) -> type[Vocabulary]:
    """The class of the vocabulary that a tokenizer of this kind has."""
    return Vocabulary if kind in WORD_KINDS else PieceVocabulary


def load_tokenizer(folder: str | os.PathLike, settings: Mapping | None = None) -> Tokenizer:
    """Reads a tokenizer of any kind.

    Args:
        folder: where `Tokenizer.save` or `Tokenizer.save_vocabulary` wrote it.
        settings: what `Tokenizer.settings` gave; by default they are read from `tokenizer.json`.

    Raises:
        InputError: a file is missing or broken, or the settings name no tokenizer.

    Example:
        >>> tokenizer = sv.text.Tokenizer(sv.text.Vocabulary(["the", "cat"]), max_length=20)
        >>> tokenizer.save(".")
        >>> sv.text.load_tokenizer(".").max_length
        20
    """
    folder = Path(folder)
    settings = dict(_read_settings(folder) if settings is None else settings)
    kind = settings.pop("kind", None)
    if kind == "hub":
        return HubTokenizer.from_folder(folder, settings.get("max_length"))
    if kind == "sentencepiece":
        return _load_sentencepiece(folder / MODEL_FILE, settings.get("max_length"))
    check_kind(kind, settings.get("pattern"))
    vocabulary = vocabulary_class(kind)
    return Tokenizer(vocabulary.from_file(folder / vocabulary.file_name), kind, **settings)


def _load_sentencepiece(path, max_length):
    try:
        model = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the tokenizer {path}: {error.strerror}") from error
    try:
        return SentencePieceTokenizer(model, max_length)
    except InputError as error:
        raise InputError(f"tokenizer {path}: {error}") from error


def _read_settings(folder):
    path = folder / SETTINGS_FILE
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the tokenizer {path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    if not isinstance(settings, dict) or not settings.keys() <= {"kind", "max_length", "pattern"}:
        raise InputError(f"{path} does not hold a tokenizer's settings")
    return settings
