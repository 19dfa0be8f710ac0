"""Generation, reconstruction and interpolation for every model with a latent code."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from scale_vae_keras.conditions.conditional import Labels
from scale_vae_keras.data.input_checks import batch_errors
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.graphs import graph_of, needs_autograph
from scale_vae_keras.layers.interpolation import between
from scale_vae_keras.samplers.greedy_sampler import GreedySampler
from scale_vae_keras.samplers.row_random import row_seeds, row_uniforms
from scale_vae_keras.samplers.sampler import MAX_LENGTH, Sampler, Sentences
from scale_vae_keras.samplers.serialization import get
from scale_vae_keras.samplers.temperature_sampler import TemperatureSampler
from scale_vae_keras.settings import whole_number

_WRITTEN_AT_ONCE = 256
"""Memory grows with sentences written at once times words of the vocabulary."""

_LARGEST_CODE = {"float16": 1e3}
_LARGEST_CODE_BY_DEFAULT = 1e6


class Generated(NamedTuple):
    """Sentences written from the prior.

    Attributes:
        ids: int32 `[batch, time]`, `w ... </s>`, right padded.
        log_probability: log p(ids | z), in nats, float32 `[batch]`.
        z: what the decoder was fed, in the space of `encode` and `decode`, float32
            `[batch, latent]`.
    """

    ids: tf.Tensor
    log_probability: tf.Tensor
    z: tf.Tensor


class TextGenerator:
    """Mixin for models with `encode`, `decoder`, `prior` and `latent_dim`.

    Example:
        >>> model = sv.TextVAE(9, latent_dim=2, embedding_dim=3, units=4)
        >>> model.decode([[0.0, 0.0]], max_length=1).ids.shape
        TensorShape([1, 1])
        >>> model.interpolate([[1, 5, 2]], [[1, 6, 2]], steps=3, max_length=1).ids.shape
        TensorShape([3, 1])
    """

    def decode(
        self,
        z: tf.Tensor,
        sampler: Sampler | str | None = None,
        seeds: tf.Tensor | None = None,
        max_length: int = MAX_LENGTH,
        label: Labels | None = None,
    ) -> Sentences:
        """Writes one sentence per z.

        Args:
            z: float32 `[batch, latent]`, in the space of `encode`.
            sampler: how tokens are chosen, or a name, see `samplers.get`; greedy by default.
            seeds: int64 `[batch]`, each row's seed; zeros by default.
            max_length: maximum number of tokens per sentence, including `</s>`.
            label: what a model with a condition writes, by name or number: one for all rows, or
                one for each.

        Raises:
            InputError: `z` does not have two dimensions, or the wrong width, or no row; an entry is
                not finite or beyond `largest_code`; there is not one seed for each row, no such
                sampler, or a label is missing or unknown; or `max_length` is more than the decoder
                has learned positions.
        """
        z = tf.convert_to_tensor(z, tf.float32)
        if z.shape.rank != 2 or z.shape[1] != self.latent_dim or z.shape[0] == 0:
            raise InputError(f"z must have shape [batch, {self.latent_dim}], got {z.shape}")
        if tf.executing_eagerly() and not self.can_be_decoded(z):
            raise InputError(
                f"z must be finite and at most {self.largest_code:,.0f} in size in every row"
            )
        max_length = whole_number("max_length", max_length, 1)
        label = self.numbers_of(label, z.shape[0])
        seeds = np.zeros(z.shape[0], np.int64) if seeds is None else seeds
        sampler = GreedySampler() if sampler is None else get(sampler)
        self.ensure_built()
        seeds = tf.convert_to_tensor(seeds, tf.int64)
        if not seeds.shape.is_compatible_with(z.shape[:1]):
            raise InputError(f"seeds must have shape [{z.shape[0]}], one each, got {seeds.shape}")
        code = self.with_label(z, label)
        with batch_errors():
            return self._writer(sampler)(code, seeds, tf.constant(max_length), *sampler.inputs())

    @property
    def largest_code(self) -> float:
        """The largest absolute value of an entry of z that is decoded.

        A million, or a thousand where the decoder computes in float16: log-probabilities are
        finite up to there.
        """
        return _LARGEST_CODE.get(self.compute_dtype, _LARGEST_CODE_BY_DEFAULT)

    def can_be_decoded(self, z: tf.Tensor) -> tf.Tensor:
        """Whether all entries of z are finite and at most `largest_code` in size, bool scalar."""
        return tf.reduce_all(tf.abs(z) <= self.largest_code)

    def _writer(self, sampler):
        """The loop of a kind of sampler as a graph, whose numbers are inputs."""

        def make():
            def write(z, seeds, max_length, *numbers):
                uniforms = row_uniforms(seeds, max_length)
                return sampler.with_inputs(numbers).write(self.decoder, z, uniforms, max_length)

            return tf.function(
                write,
                input_signature=(
                    tf.TensorSpec([None, self.decoder.latent_dim], tf.float32),
                    tf.TensorSpec([None], tf.int64),
                    tf.TensorSpec([], tf.int32),
                    *(tf.TensorSpec([], number.dtype) for number in sampler.inputs()),
                ),
                autograph=needs_autograph(sampler, self.decoder),
            ).get_concrete_function()

        return graph_of(self, ("write", sampler.kind()), make)

    def generate(
        self,
        count: int,
        seed: int = 0,
        sampler: Sampler | str | None = None,
        max_length: int = MAX_LENGTH,
        label: Labels | None = None,
    ) -> Generated:
        """Writes sentences from the model's prior.

        Args:
            count: number of sentences.
            seed: the same seed gives the same sentences; a larger count begins with the same ones.
            sampler: how tokens are chosen, or a name, see `samplers.get`; temperature 1 by
                default.
            max_length: maximum number of tokens per sentence, including `</s>`.
            label: as for `decode`.

        Raises:
            InputError: `count` is below 1, `seed` is below 0, the prior is not fitted yet, or a
                label is missing or unknown.
        """
        seeds = row_seeds(count, seed)
        sampler = TemperatureSampler() if sampler is None else get(sampler)
        label = self.numbers_of(label, count)
        z = self.draw_codes(seeds)
        parts = []
        for start in range(0, count, _WRITTEN_AT_ONCE):
            rows = slice(start, start + _WRITTEN_AT_ONCE)
            own = None if label is None else label[rows]
            parts.append(self.decode(z[rows], sampler, seeds[rows], max_length, own))
        longest = max(part.ids.shape[1] for part in parts)
        ids = [tf.pad(part.ids, [[0, 0], [0, longest - part.ids.shape[1]]]) for part in parts]
        log_probability = tf.concat([part.log_probability for part in parts], axis=0)
        return Generated(tf.concat(ids, axis=0), log_probability, z)

    def draw_codes(self, seeds: tf.Tensor) -> tf.Tensor:
        """Codes from the model's prior, in the space of `decode`.

        Args:
            seeds: int64 `[batch]`, each row's seed, as `row_seeds` gives them.

        Returns:
            float32 `[batch, latent]`.

        Raises:
            InputError: the prior is not fitted yet.
        """
        self.ensure_built()
        self.prior.check_fitted()
        return self.prior.sample(tf.convert_to_tensor(seeds, tf.int64))

    def reconstruct(
        self,
        ids: tf.Tensor,
        sampler: Sampler | str | None = None,
        max_length: int = MAX_LENGTH,
        label: Labels | None = None,
        text_label: Labels | None = None,
    ) -> Sentences:
        """Reconstructs each sentence from its posterior mean.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            sampler: how tokens are chosen, or a name, see `samplers.get`; greedy by default.
            max_length: maximum number of tokens per sentence, including `</s>`.
            label: what is written, as for `decode`; another than the sentence's own is a transfer
                of style.
            text_label: the sentence's own, where the encoder reads it; `label` by default.
        """
        own = label if text_label is None else text_label
        return self.decode(self.encode(ids, own).mean, sampler, None, max_length, label)

    def interpolate(
        self,
        start: tf.Tensor,
        end: tf.Tensor,
        steps: int = 7,
        sampler: Sampler | str | None = None,
        max_length: int = MAX_LENGTH,
        label: Labels | None = None,
    ) -> Sentences:
        """Writes sentences on the line between the posterior means of two sentences.

        Args:
            start: int32 ids `[1, time]` of the first sentence.
            end: int32 ids `[1, time]` of the last sentence.
            steps: number of sentences written, both ends counted.
            sampler: how tokens are chosen, or a name, see `samplers.get`; greedy by default.
            max_length: maximum number of tokens per sentence, including `</s>`.
            label: label of all sentences, as for `decode`.

        Raises:
            InputError: fewer than two steps, or a label is missing or unknown.
        """
        steps = whole_number("steps", steps, 2)
        if len(start) != 1 or len(end) != 1:
            raise InputError("interpolate takes one sentence as start and one as end")
        alpha = tf.linspace(0.0, 1.0, steps)
        first, last = (self.encode(ids, label).mean for ids in (start, end))
        return self.decode(between(first, last, alpha), sampler, None, max_length, label)
