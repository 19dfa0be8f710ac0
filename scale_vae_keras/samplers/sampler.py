"""The loop that writes sentences token by token."""

import copy
import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from scale_vae_keras.layers.graphs import comparable
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.samplers.loop_shapes import state_shapes
from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID, START_ID

FIRST_WRITABLE_ID = max(PAD_ID, START_ID) + 1
_TILE = 8

MAX_LENGTH = 100
"""Default maximum number of tokens per sentence, including `</s>`."""


class Sentences(NamedTuple):
    """Written sentences.

    Attributes:
        ids: int32 `[batch, time]`, `w ... </s>`, right padded; a sentence that was cut off at the
            length limit has no `</s>`.
        log_probability: log p(ids | z) under the decoder at temperature 1, including the end
            symbol, in nats, float32 `[batch]`.

    Example:
        >>> ids, log_probability = tf.constant([[4, 5, 2]]), tf.math.log([0.25])
        >>> sentences = sv.samplers.Sentences(ids, log_probability)
        >>> tf.exp(sentences.log_probability).numpy()
        array([0.25], dtype=float32)
    """

    ids: tf.Tensor
    log_probability: tf.Tensor


def writable(logits: tf.Tensor) -> tf.Tensor:
    """The logits `[batch, vocabulary]` with padding and the start symbol ruled out."""
    blocked = tf.fill([tf.shape(logits)[0], FIRST_WRITABLE_ID], logits.dtype.min / 2)
    return tf.concat([blocked, logits[:, FIRST_WRITABLE_ID:]], axis=1)


def log_probability(logits: tf.Tensor, words: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    """Log-probability of each row's token under softmax(logits), in nats, float32 `[batch]`.

    The softmax of `words` is the operation that a sampler runs on them, so that the graph holds it
    once. Its largest entry gives the normaliser whatever the range of the logits.

    Args:
        logits: float32 `[batch, vocabulary]`.
        words: `writable(logits)`.
        chosen: int32 `[batch]`.
    """
    best = tf.argmax(words, axis=-1, output_type=tf.int32)
    largest = tf.gather(tf.nn.softmax(words), best, batch_dims=1)
    log_total = tf.gather(words, best, batch_dims=1) - tf.math.log(largest)
    blocked = logits[:, :FIRST_WRITABLE_ID]
    log_total = tf.reduce_logsumexp(tf.concat([log_total[:, None], blocked], axis=1), axis=1)
    return tf.gather(logits, chosen, batch_dims=1) - log_total


def without_repeats(logits: tf.Tensor, ids: tf.Tensor, size: int) -> tf.Tensor:
    """The logits with those tokens ruled out that would repeat a sequence of `size` tokens.

    `</s>` is never ruled out: a sentence that holds it has ended.

    Args:
        logits: float32 `[rows, vocabulary]`.
        ids: int32 `[rows, time]`, the sentences so far, with at least `size` tokens.
        size: length of the sequences.
    """
    starts = tf.shape(ids)[1] - size + 1
    followed = tf.ones_like(ids[:, :starts], tf.bool)
    for place in range(size - 1):
        last = ids[:, starts + place, None]
        followed &= ids[:, place : place + starts] == last
    next_tokens = ids[:, size - 1 :]
    rows = tf.broadcast_to(tf.range(tf.shape(ids)[0])[:, None], tf.shape(next_tokens))
    bounds = tf.where(followed, logits.dtype.min / 2, logits.dtype.max)
    return tf.tensor_scatter_nd_min(logits, tf.stack([rows, next_tokens], axis=-1), bounds)


def rows_to_keep(ended: tf.Tensor) -> tf.Tensor:
    """Which rows the next step computes: unfinished ones, filled up to whole tiles.

    A product of matrices rounds differently for a few rows than for many, so the last rows of
    a batch bring along rows that have ended.

    Args:
        ended: bool `[rows]`.

    Returns:
        int32 `[kept]`, the unfinished rows first.
    """
    unfinished = tf.math.count_nonzero(~ended, dtype=tf.int32)
    kept = tf.minimum(-(-unfinished // _TILE) * _TILE, tf.shape(ended)[0])
    return tf.argsort(tf.cast(ended, tf.int32), stable=True)[:kept]


class _LoopState(NamedTuple):
    """State of the loop, for the rows that are left.

    Attributes:
        rows: int32 `[kept]`, their places in the batch.
        token: int32 `[kept]`, the last token.
        state: the decoder's state, tensors `[kept, ...]`.
        ended: bool `[kept]`, whether the sentence has ended.
    """

    rows: tf.Tensor
    token: tf.Tensor
    state: Any
    ended: tf.Tensor


def _without_ended_rows(state: _LoopState) -> _LoopState:
    """Takes rows out once enough have ended: a large state is not copied at every step."""
    kept = rows_to_keep(state.ended)

    def take():
        return tf.nest.map_structure(lambda part: tf.gather(part, kept), state)

    return tf.cond(tf.shape(kept)[0] < tf.shape(state.rows)[0], take, lambda: state)


@dataclasses.dataclass(frozen=True, repr=False)
class Sampler(ABC):
    """A strategy for choosing the next token.

    Samplers are immutable and compare by value. All randomness comes from uniform numbers that
    belong to the row, so that a row's sentence does not depend on the others in its batch.

    Args:
        no_repeat_ngram_size: no sequence of this many tokens occurs twice in a sentence; 0 for no
            such bound. Log-probabilities stay those of the model without the bound.

    Raises:
        InputError: `no_repeat_ngram_size` is no whole number from 0 on.

    Example:
        >>> sv.samplers.BeamSampler(width=8, no_repeat_ngram_size=3)
        BeamSampler(width=8, no_repeat_ngram_size=3)
        >>> class SecondBest(sv.samplers.Sampler):
        ...     def next_token(self, logits, uniform):
        ...         return tf.math.top_k(logits, 2).indices[:, 1]
        >>> logits = tf.math.log([[0.2, 0.5, 0.3]])
        >>> SecondBest().next_token(logits, uniform=tf.constant([0.9])).numpy()
        array([2], dtype=int32)
    """

    no_repeat_ngram_size: int = dataclasses.field(default=0, kw_only=True)

    numbers: ClassVar[dict[str, tf.DType]] = {}
    """The fields that a graph takes as inputs, so that one graph serves all their values."""

    def __post_init__(self):
        whole_number("no_repeat_ngram_size", self.no_repeat_ngram_size, 0)

    def __repr__(self) -> str:
        """The sampler as Python writes it; no bound on repetition is left out."""
        fields = sorted(dataclasses.fields(self), key=lambda each: each.kw_only)
        shown = [
            f"{each.name}={getattr(self, each.name)!r}"
            for each in fields
            if not each.kw_only or getattr(self, each.name) != each.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def kind(self) -> Hashable:
        """Equal for samplers that share a graph: all but the graph's inputs is."""
        names = sorted(vars(self).keys() - set(self._names_of_inputs()))
        return type(self), *((name, comparable(getattr(self, name))) for name in names)

    def inputs(self) -> list[tf.Tensor]:
        """The numbers that a graph takes, scalars."""
        return [
            tf.constant(getattr(self, name), self.numbers[name]) for name in self._names_of_inputs()
        ]

    def with_inputs(self, numbers: Sequence[tf.Tensor]) -> "Sampler":
        """The sampler with tensors in the place of its numbers, in the order of `inputs`."""
        sampler = copy.copy(self)
        for name, number in zip(self._names_of_inputs(), numbers, strict=True):
            object.__setattr__(sampler, name, number)
        return sampler

    def _names_of_inputs(self):
        # At temperature 1 the softmax is that of the log-probability, which the graph holds once.
        values = {name: getattr(self, name) for name in self.numbers}
        return [name for name, value in values.items() if (name, value) != ("temperature", 1)]

    @abstractmethod
    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """Chooses a token for each row.

        Args:
            logits: float32 `[batch, vocabulary]`.
            uniform: float32 `[batch]` in [0, 1), this step's random number of each row.

        Returns:
            int32 `[batch]`.
        """

    def of_rows(self, rows: tf.Tensor) -> "Sampler":
        """The sampler for some rows of the batch, int32 `[kept]`; itself if all are alike."""
        return self

    def write(
        self, decoder: SentenceDecoder, z: tf.Tensor, uniforms: tf.Tensor, max_length: int
    ) -> Sentences:
        """Writes one sentence for each z, until all have ended.

        Rows leave the batch as they end.

        Args:
            decoder: the decoder.
            z: `[batch, latent]`, what the decoder is fed.
            uniforms: float32 `[batch, max_length]`, each row's own random numbers.
            max_length: maximum number of tokens per sentence, including `</s>`.
        """
        batch = tf.shape(z)[0]

        def unfinished(step, loop, _score, _written):
            return (step < max_length) & ~tf.reduce_all(loop.ended)

        def write_token(step, loop, score, written):
            rows, token, state, ended = loop
            context = decoder.context(tf.gather(z, rows))
            logits, state = decoder.step(token, state, context)
            words = writable(logits)
            uniform = tf.gather(uniforms[:, step], rows)
            allowed = words
            if self.no_repeat_ngram_size:
                allowed = tf.cond(
                    step >= self.no_repeat_ngram_size,
                    lambda: without_repeats(
                        words,
                        tf.gather(tf.transpose(written.stack()), rows),
                        self.no_repeat_ngram_size,
                    ),
                    lambda: words,
                )
            chosen = tf.cast(self.of_rows(rows).next_token(allowed, uniform), tf.int32)
            gain = tf.where(ended, 0.0, log_probability(logits, words, chosen))
            token = tf.where(ended, PAD_ID, chosen)
            places = rows[:, None]
            score = tf.tensor_scatter_nd_add(score, places, gain)
            written = written.write(step, tf.scatter_nd(places, token, [batch]))
            loop = _LoopState(rows, token, state, ended | (token == END_ID))
            return step + 1, _without_ended_rows(loop), score, written

        start = decoder.initial_state(z, max_length)
        shapes = state_shapes(decoder, start, decoder.context(z))

        loop = _LoopState(
            tf.range(batch),
            tf.fill([batch], START_ID),
            start,
            tf.zeros([batch], tf.bool),
        )
        tokens = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[None])
        *_, score, written = tf.while_loop(
            unfinished,
            write_token,
            (0, loop, tf.zeros([batch]), tokens),
            shape_invariants=(
                tf.TensorShape([]),
                _LoopState(*[tf.TensorShape([None])] * 2, shapes, tf.TensorShape([None])),
                tf.TensorShape([None]),
                tf.TensorShape([]),
            ),
        )
        return Sentences(tf.transpose(written.stack()), score)
