"""The tokenizer for a corpus: which kind, and with what tokens."""

from typing import NamedTuple

from scale_vae_keras.data.corpus import BuiltInCorpus, Corpus
from scale_vae_keras.data.encoded import count_tokens, has_own_vocabulary, own_vocabulary
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.loading import vocabulary_class
from scale_vae_keras.text.rare_words import choose_min_count, unknown_shares
from scale_vae_keras.text.sentencepiece_tokenizer import SentencePieceTokenizer
from scale_vae_keras.text.sentencepiece_training import (
    DEFAULT_SIZE,
    SentencePieceAlgorithm,
    train_sentencepiece,
)
from scale_vae_keras.text.splitting import WORD_KINDS, check_kind
from scale_vae_keras.text.tokenizer import Tokenizer


class BuiltTokenizer(NamedTuple):
    """A tokenizer and where its tokens are from.

    Attributes:
        tokenizer: the tokenizer.
        summary: one line to print: how many tokens, from where, and the unknown share.
    """

    tokenizer: Tokenizer
    summary: str


def choose_tokenizer(corpus: Corpus) -> tuple[str, str]:
    """Chooses the tokenizer for a corpus when none is named.

    Returns:
        Its kind, `"words"` or `"sentencepiece"`, and a line to print that says why.
    """
    if corpus.vocabulary_path is not None:
        return "words", f"tokenizer: words, as {corpus.name} has a vocab.txt"
    if isinstance(corpus, BuiltInCorpus):
        return "words", f"tokenizer: words, as the built-in corpus {corpus.name} is tokenised"
    return (
        "sentencepiece",
        f"tokenizer: sentencepiece, as {corpus.name} has no vocab.txt that says that it is "
        "tokenised (--tokenizer words if it is)",
    )


def build_tokenizer(
    corpus: Corpus,
    kind: str,
    max_length: int | None = None,
    limit: int | None = None,
    min_count: int | None = 1,
    pattern: str | None = None,
    algorithm: SentencePieceAlgorithm = "unigram",
    seed: int = 0,
) -> BuiltTokenizer:
    """Makes a tokenizer of any kind, its tokens counted or trained on the train split.

    Args:
        corpus: the corpus.
        kind: `"sentencepiece"`, or a kind of `Tokenizer`.
        max_length: longer sentences are cut after this many tokens; None cuts nothing.
        limit: the largest size of the vocabulary, its four special tokens included; None is 8,000
            for SentencePiece and no limit otherwise.
        min_count: as for `build_vocabulary`; SentencePiece does not use it.
        pattern: what a token is for kind `"regex"`.
        algorithm: algorithm of SentencePiece, `"unigram"` or `"bpe"`.
        seed: seed of the choice of lines that SentencePiece is trained on, where there are many.

    Raises:
        InputError: the corpus's vocabulary or an argument is invalid, or no token is left.
    """
    if kind == "sentencepiece":
        return _train(corpus, max_length, limit, pattern, algorithm, seed)
    check_kind(kind, pattern)
    if has_own_vocabulary(corpus, kind):
        vocabulary = own_vocabulary(corpus)
        summary = f"vocabulary: {len(vocabulary):,} tokens from {corpus.vocabulary_path}"
        return BuiltTokenizer(Tokenizer(vocabulary, kind, max_length), summary)
    counts = count_tokens(corpus, kind, pattern)
    if min_count is None and kind in WORD_KINDS:
        shares = choose_min_count(counts, limit)
    else:
        shares = unknown_shares(counts, min_count or 1, limit)
    vocabulary = vocabulary_class(kind).from_counts(counts, limit, shares.min_count)
    summary = (
        f"vocabulary: {len(vocabulary):,} tokens that occur at least {shares.min_count} times in "
        f"train; unknown: {shares.train:.2%} of train, about {shares.unseen:.2%} of unseen text"
    )
    return BuiltTokenizer(Tokenizer(vocabulary, kind, max_length, pattern), summary)


def _train(corpus, max_length, limit, pattern, algorithm, seed):
    if pattern is not None:
        raise InputError(
            "a pattern is for the regex tokenizer, not for sentencepiece: leave it out"
        )
    size = DEFAULT_SIZE if limit is None else limit
    model = train_sentencepiece(
        lambda: (line.text for line in corpus.lines("train")), size, algorithm, seed
    )
    tokenizer = SentencePieceTokenizer(model, max_length)
    pieces = len(tokenizer.vocabulary)
    fewer = f", as train has no more of the {size:,} allowed" if pieces < size else ""
    summary = f"vocabulary: {pieces:,} pieces trained by SentencePiece ({algorithm}){fewer}"
    return BuiltTokenizer(tokenizer, summary)
