"""Text to words, characters or matches of a pattern, in graph operations."""

from typing import Literal, get_args

import tensorflow as tf
import tensorflow_text

from scale_vae_keras.errors import InputError
from scale_vae_keras.quiet import quiet_standard_error
from scale_vae_keras.text.script_words import split_script_words
from scale_vae_keras.text.white_space import BEYOND_ASCII

TokenizerKind = Literal["words", "raw", "characters", "regex"]
KINDS: tuple[str, ...] = get_args(TokenizerKind)
WORD_KINDS = ("words", "raw")

RAW_FOLDS = (
    "raw turns upper case into lower case, ß into ss, compatibility forms (ligatures, full-width "
    "letters, superscripts) into plain characters, and drops white space and characters that are "
    "not seen (joiners, variation selectors, soft hyphens)"
)

# Stands around every match: no text in UTF-8 has this byte.
_CUT = b"\xff"


def split_words(
    strings: tf.Tensor, kind: TokenizerKind, pattern: str | None = None
) -> tf.RaggedTensor:
    r"""Splits text into tokens. Bytes that are not UTF-8 are replaced by U+FFFD.

    - `"words"` splits at white space, any of Unicode, and changes nothing: for text that is
      tokenised already.
    - `"raw"` splits wherever the script changes, so that punctuation stands alone, see
      `split_script_words`. Before, it brings the text to Unicode form NFKC and folds its case:
      upper case becomes lower case, `ß` becomes `ss`, ligatures, full-width letters and
      superscripts become plain characters, and characters that are not seen (joiners, variation
      selectors, soft hyphens) are dropped. None of it can be undone.
    - `"characters"` makes every Unicode character a token, white space too.
    - `"regex"` makes every match of the pattern a token, and what stands between two matches one
      too. For SMILES, where `Cl` and `Br` are one atom and a bracket is one token, the pattern
      `\[[^\]]*\]|Br|Cl|%[0-9]{2}|.` gives `C`, `Br`, `(`, `[nH]`, `)` for `CBr([nH])`.

    Args:
        strings: text, string `[n]`.
        kind: how text is split.
        pattern: for `"regex"`, what a token is, in the syntax of RE2.

    Returns:
        The tokens, ragged string `[n, (tokens)]`.

    Raises:
        InputError: `kind` is none of the four. The pattern is for `check_kind` to check.
    """
    if kind not in KINDS:
        raise _unknown(kind)
    strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="replace")
    if kind == "words":
        return _split_at_white_space(strings)
    if kind == "raw":
        return _split_raw(strings)
    if kind == "characters":
        return tf.strings.unicode_split(strings, "UTF-8")
    parts = tf.strings.split(tf.strings.regex_replace(strings, pattern, _CUT + rb"\0" + _CUT), _CUT)
    return tf.ragged.boolean_mask(parts, tf.strings.length(parts) > 0)


def _split_at_white_space(strings):
    strings = tf.strings.regex_replace(strings, f"[{BEYOND_ASCII}]", " ")
    return tensorflow_text.WhitespaceTokenizer().tokenize(strings)


def _split_raw(strings):
    # Text repeats its words: each is folded and split once.
    words = _split_at_white_space(strings)
    distinct, places = tf.unique(words.values)
    folded = tensorflow_text.case_fold_utf8(tensorflow_text.normalize_utf8(distinct, "NFKC"))
    parts = tf.gather(split_script_words(folded), places)
    return words.with_values(parts).merge_dims(1, 2)


def check_kind(kind: str, pattern: str | None = None) -> None:
    """Refuses what `split_words` cannot do.

    Raises:
        InputError: `kind` is unknown, or the pattern is missing, not wanted or cannot be read.
    """
    if kind not in KINDS:
        raise _unknown(kind)
    if kind != "regex" and pattern is not None:
        raise InputError(f"a pattern is for the regex tokenizer, not for {kind}: leave it out")
    if kind == "regex" and not pattern:
        raise InputError("the regex tokenizer needs a pattern: say what a token is")
    if pattern is not None:
        _check_pattern(pattern)


def _check_pattern(pattern):
    # RE2 prints its complaint besides.
    with quiet_standard_error(), tf.init_scope():
        try:
            tf.strings.regex_replace("", pattern, "")
            return
        except tf.errors.InvalidArgumentError as error:
            said = error.message
    reason = said.split(", error: ")[-1].split(" [Op:")[0]
    raise InputError(
        f"the pattern {pattern!r} cannot be read ({reason}): write it in the syntax of RE2"
    )


def _unknown(kind):
    if kind == "sentencepiece":
        return InputError("sentencepiece needs a trained model: make a SentencePieceTokenizer")
    return InputError(f'unknown tokenizer "{kind}": choose {", ".join(KINDS)} or sentencepiece')
