"""The tokenizer of a new run."""

from dataclasses import replace
from typing import NamedTuple

from scale_vae_keras.data.corpus import BuiltInCorpus, Corpus
from scale_vae_keras.data.tokenizers import build_tokenizer, choose_tokenizer
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.text.hub_tokenizer import HubTokenizer
from scale_vae_keras.text.tokenizer import Tokenizer


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


def run_tokenizer(config: RunConfig, corpus: Corpus) -> RunTokenizer:
    """Chooses and makes the tokenizer.

    Args:
        config: the settings of the run.
        corpus: its corpus.

    Raises:
        InputError: the corpus or the backbone's preset cannot be read, or a setting is out of
            range.
    """
    config, reason = resolved(config, corpus)
    if config.tokenizer == "hub":
        tokenizer = HubTokenizer.from_preset(config.backbone, config.max_length)
        summary = f"vocabulary: {len(tokenizer.vocabulary):,} tokens, the backbone's"
        return RunTokenizer(config, tokenizer, [reason, summary])
    built = build_tokenizer(
        corpus,
        config.tokenizer,
        config.max_length,
        config.vocabulary_limit,
        config.min_count,
        config.pattern,
        config.subwords,
        config.seed,
    )
    return RunTokenizer(config, built.tokenizer, [reason, built.summary])
