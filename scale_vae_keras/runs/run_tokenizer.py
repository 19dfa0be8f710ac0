"""The tokenizer of a new run."""

import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from scale_vae_keras.cache.made_once import made_once
from scale_vae_keras.data.corpus import BuiltInCorpus, Corpus
from scale_vae_keras.data.encoded import has_own_vocabulary
from scale_vae_keras.data.tokenizers import BuiltTokenizer, build_tokenizer, choose_tokenizer
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import read_json, write_json
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.text.hub_tokenizer import HubTokenizer
from scale_vae_keras.text.loading import load_tokenizer
from scale_vae_keras.text.tokenizer import Tokenizer

_SUMMARY = "summary.json"
_FORMAT = 1


class RunTokenizer(NamedTuple):
    """What a new run makes of its text.

    Attributes:
        config: the settings of the run, its tokenizer named.
        tokenizer: the tokenizer.
        lines: what to print: which tokenizer was chosen and why, and what it knows.
    """

    config: RunConfig
    tokenizer: Tokenizer
    lines: list[str]


def resolved(config: RunConfig, corpus: Corpus) -> tuple[RunConfig, str]:
    """The settings with the tokenizer and the rarest word decided, and why, in one line."""
    kind, reason = config.tokenizer, f"tokenizer: {config.tokenizer}, as asked"
    if getattr(config, "backbone", None) is not None:
        kind, reason = "hub", f"tokenizer: hub, that of the backbone in {config.backbone}"
    elif kind is None and config.preset == "paper":
        kind, reason = "words", "tokenizer: words, as in the preset paper"
    elif kind is None:
        kind, reason = choose_tokenizer(corpus)
    keeps_all = isinstance(corpus, BuiltInCorpus) or config.preset == "paper"
    min_count = 1 if config.min_count is None and keeps_all else config.min_count
    return replace(config, tokenizer=kind, min_count=min_count), reason


def run_tokenizer(
    config: RunConfig,
    corpus: Corpus,
    cache: str | os.PathLike | None = None,
    fingerprint: str | None = None,
) -> RunTokenizer:
    """Chooses and makes the tokenizer.

    Args:
        config: the settings of the run.
        corpus: its corpus.
        cache: a folder that keeps the tokenizers that were made, see `made_once`; None for none.
        fingerprint: `corpus.fingerprint()`, which a cache needs.

    Raises:
        InputError: the corpus or the backbone's preset cannot be read, or a setting is out of
            range or without effect.
    """
    config, reason = resolved(config, corpus)
    _check_in_effect(config, corpus)
    if config.tokenizer == "hub":
        tokenizer = HubTokenizer.from_preset(config.backbone, config.max_length)
        summary = f"vocabulary: {len(tokenizer.vocabulary):,} tokens, the backbone's"
        return RunTokenizer(config, tokenizer, [reason, summary])
    arguments = {
        "kind": config.tokenizer,
        "max_length": config.max_length,
        "limit": config.vocabulary_limit,
        "min_count": config.min_count,
        "pattern": config.pattern,
        "algorithm": config.subwords,
        "seed": config.seed,
    }
    if cache is None or has_own_vocabulary(corpus, config.tokenizer):
        built = build_tokenizer(corpus, **arguments)
    else:
        built = _cached(corpus, arguments, cache, fingerprint)
    return RunTokenizer(config, built.tokenizer, [reason, built.summary])


def _check_in_effect(config, corpus):
    """Refuses what this tokenizer would not read; a rarest word of 1 leaves out none anyway."""
    kind = config.tokenizer
    source = f"the tokenizer is {kind}" if kind != "hub" else "the tokenizer is the backbone's"
    if own := has_own_vocabulary(corpus, kind):
        source = f"the words are those of {corpus.vocabulary_path}"
    idle = {
        "vocabulary_limit": config.vocabulary_limit is not None and own,
        "min_count": (config.min_count or 1) > 1 and (own or kind in ("hub", "sentencepiece")),
        "subwords": config.subwords != "unigram" and kind != "sentencepiece",
    }
    for name, without_effect in idle.items():
        if without_effect:
            raise InputError(f"{name} has no effect, since {source}: leave it out")


def _cached(corpus, arguments, cache, fingerprint) -> BuiltTokenizer:
    key = {
        "kind": "tokenizer",
        "format": _FORMAT,
        "tensorflow": tf.__version__,
        "corpus": fingerprint,
        "encoding": getattr(corpus, "encoding", None),
        "arguments": arguments,
    }

    def make(folder: Path) -> None:
        built = build_tokenizer(corpus, **arguments)
        built.tokenizer.save(folder)
        write_json(folder / _SUMMARY, {"summary": built.summary})

    made = made_once(cache, key, make)
    summary = read_json(made / _SUMMARY, "remove its folder", "summary")["summary"]
    return BuiltTokenizer(load_tokenizer(made), summary)
