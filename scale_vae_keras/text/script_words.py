"""Words of one script each, with the marks that belong to them."""

import tensorflow as tf
import tensorflow_text

# Combining marks, joiners and variation selectors (UAX #24).
_INHERITED = r"\p{Inherited}"


# Run eagerly, the tokenizer's operation takes 25 ms at every call; in a graph it does not.
@tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
def split_script_words(strings: tf.Tensor) -> tf.RaggedTensor:
    """Splits text at white space and wherever the script changes.

    A character of inherited script (UAX #24: combining marks, the zero-width joiner, variation
    selectors) has the script of what it follows, so that `за́мок`, `مُحَمَّد` and an emoji sequence
    with joiners are one word each. Digits, punctuation and emoji are of one script, "common".

    Args:
        strings: text, string `[n]`, UTF-8.

    Returns:
        The words, ragged string `[n, (words)]`.
    """
    marked = tf.reduce_any(tf.strings.regex_full_match(strings, f"(?s).*{_INHERITED}.*"))
    words, starts, ends = tensorflow_text.UnicodeScriptTokenizer().tokenize_with_offsets(strings)
    # Where no text has a mark, which is usual, nothing is to be joined.
    values, lengths = tf.cond(
        marked,
        lambda: _join_marks(words, starts.values, ends.values),
        lambda: (words.values, words.row_lengths()),
    )
    return tf.RaggedTensor.from_row_lengths(values, lengths, validate=False)


def _join_marks(words, starts, ends):
    """The words with their marks, string `[total]`, and their number in each text `[n]`."""
    values = words.values
    rows = words.value_rowids()
    touches = (rows[1:] == rows[:-1]) & (starts[1:] == ends[:-1])
    touches = tf.concat([tf.zeros([1], bool), touches], 0)[: tf.size(rows)]
    is_mark = tf.strings.regex_full_match(values, f"{_INHERITED}+")
    joins = touches & (is_mark | _continues(values, touches, is_mark))
    # Words are numbered from 0; each part has the number of the word that it belongs to.
    numbers = tf.cumsum(tf.cast(~joins, tf.int64)) - 1
    parts = tf.RaggedTensor.from_value_rowids(values, numbers, validate=False)
    first_parts = tf.boolean_mask(rows, ~joins)
    lengths = tf.math.unsorted_segment_sum(tf.ones_like(first_parts), first_parts, words.nrows())
    return tf.strings.reduce_join(parts, axis=1), lengths


def _continues(values, touches, is_mark):
    """Whether a part has the script of the part before the marks that it touches, bool `[total]`.

    Parts of one script are adjacent only with marks between.
    """
    total = tf.size(values, tf.int64)
    after_mark = touches[2:] & touches[1:-1] & is_mark[1:-1] & ~is_mark[2:]
    places = tf.where(after_mark)[:, 0] + 2
    pairs = tf.strings.join(
        [
            tf.strings.substr(tf.gather(values, places - 2), -1, 1, unit="UTF8_CHAR"),
            tf.strings.substr(tf.gather(values, places), 0, 1, unit="UTF8_CHAR"),
        ]
    )
    alike = tensorflow_text.UnicodeScriptTokenizer().tokenize(pairs).row_lengths() == 1
    return tf.scatter_nd(tf.boolean_mask(places, alike)[:, None], alike[alike], total[None])
