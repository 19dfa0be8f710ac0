"""Checks for custom decoders."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.evaluation.sample_likelihood import sample_likelihood
from scale_vae_keras.layers.graphs import needs_autograph
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.samplers import BeamSampler, TemperatureSampler
from scale_vae_keras.samplers.row_random import row_uniforms
from scale_vae_keras.testing.sentences import LENGTH, WORDS, same, sentences, words_of
from scale_vae_keras.text.vocabulary import START_ID

_WRITTEN = 7


def check_decoder(decoder: SentenceDecoder, tolerance: float = 1e-5) -> None:
    """Asserts that a decoder keeps to the interface of `SentenceDecoder`.

    A copy with random weights is checked; the given decoder is left alone. What is checked:

    - the configuration brings an equal decoder back (it is registered with Keras);
    - token by token it gives the log-likelihood of the whole, as a batch and row by row;
    - right padding changes nothing, nor do the other sentences;
    - a token changes the states that have read it, and none before;
    - each entry of z reaches the prediction of every token;
    - samplers, rows leaving the batch, beam search and importance weighting, in graphs, give the
      log-likelihood of what they wrote or scored;
    - a gradient reaches every weight, and one seed gives one dropout.

    Args:
        decoder: any decoder in float32 with at least 6 token ids.
        tolerance: largest relative and absolute difference of log-likelihoods, in nats.

    Raises:
        AssertionError: it does not, with what is wrong.

    Example:
        >>> sv.testing.check_decoder(
        ...     sv.layers.LSTMDecoder(9, 3, 4, latent_dim=2, dropout=0.5, initializer_range=0.1)
        ... )
    """
    checks = _Checks(decoder, tolerance)
    for check in (
        checks.round_trip,
        checks.step_by_step,
        checks.padding_and_other_rows,
        checks.causality,
        checks.latent_code,
        checks.loops,
        checks.importance_weighting,
        checks.gradients_and_seeds,
    ):
        check()


class _Checks:
    def __init__(self, decoder: SentenceDecoder, tolerance: float):
        self.tolerance = tolerance
        self.random = np.random.default_rng(0)
        self.decoder = _copy(decoder)
        for weight in self.decoder.weights:
            weight.assign(weight + self.random.normal(0, 0.3, weight.shape))
        self.words = words_of(decoder.vocabulary_size)
        self.ids = sentences(decoder.vocabulary_size, self.random)
        self.score = tf.function(
            lambda ids, z: self.decoder(ids, z),
            input_signature=[
                tf.TensorSpec([None, None], tf.int32),
                tf.TensorSpec([None, decoder.latent_dim], tf.float32),
            ],
            autograph=needs_autograph(decoder),
        )
        self.z = self.random.normal(size=[len(WORDS), decoder.latent_dim]).astype(np.float32)

    def same(self, actual: Any, expected: Any, what: str) -> None:
        same(actual, expected, self.tolerance, what)

    def round_trip(self) -> None:
        config = keras.saving.serialize_keras_object(self.decoder)
        again = keras.saving.deserialize_keras_object(config)
        assert type(again) is type(self.decoder), "the configuration gives another class"
        assert again.get_config() == self.decoder.get_config(), (
            "get_config leaves arguments out: compare it with the constructor's"
        )
        again = _copy(again)
        again.set_weights(self.decoder.get_weights())
        self.same(
            again(self.ids, self.z),
            self.score(self.ids, self.z),
            "the decoder of the configuration, with the same weights, differs",
        )

    def step_by_step(self) -> None:
        steps = self.ids.shape[1] - 1
        z = tf.constant(self.z)
        state, context = self.decoder.initial_state(z, steps), self.decoder.context(z)
        for part in tf.nest.flatten(state):
            assert part.shape[:1] == [len(z)], (
                "initial_state: the first dimension of every tensor is the row of the batch"
            )
        total = 0.0
        for t in range(steps):
            logits, state = self.decoder.step(tf.constant(self.ids[:, t]), state, context)
            chosen = tf.gather(tf.nn.log_softmax(logits), self.ids[:, t + 1], batch_dims=1)
            total += np.where(self.ids[:, t + 1] > 0, chosen, 0.0)
        self.same(total, self.score(self.ids, self.z), "steps differ from the whole sentence")

    def padding_and_other_rows(self) -> None:
        whole = self.score(self.ids, self.z)
        padded = np.pad(self.ids, ((0, 0), (0, 3)))
        self.same(self.score(padded, self.z), whole, "right padding changes the log-likelihood")
        for row, count in enumerate(WORDS):
            alone = self.score(self.ids[row : row + 1, : count + 2], self.z[row : row + 1])
            self.same(alone[0], whole[row], "a sentence depends on the others in its batch")

    def causality(self) -> None:
        count = max(WORDS)
        row = int(np.argmax(WORDS))
        ids, z = self.ids[row : row + 1], self.z[row : row + 1]
        before = self.decoder.states(ids, z).hidden
        for place in range(1, count + 1):
            changed = ids.copy()
            changed[0, place] = next(word for word in self.words if word != ids[0, place])
            after = self.decoder.states(changed, z).hidden
            moved = np.abs(np.array(after - before)).max(axis=1)
            assert moved[:place].max() <= self.tolerance, (
                f"a state depends on a later token: token {place} changes one before it"
            )
            assert moved[place] > 0, f"token {place} does not reach the state that has read it"

    def latent_code(self) -> None:
        row = int(np.argmax(WORDS))
        # Beginnings of a sentence: the log-likelihood of a token is the difference of two.
        kept = np.tri(LENGTH, dtype=np.int32)[1:]
        beginnings = self.ids[row] * kept
        z = np.repeat(self.z[row : row + 1], len(beginnings), axis=0)
        before = np.diff(self.score(beginnings, z), prepend=0.0)
        for entry in range(self.decoder.latent_dim):
            other = z + 0.5 * np.eye(self.decoder.latent_dim, dtype=np.float32)[entry]
            moved = np.abs(np.diff(self.score(beginnings, other), prepend=0.0) - before)
            assert moved.min() > self.tolerance, (
                f"entry {entry} of z does not reach the prediction of token {moved.argmin() + 1}"
            )

    def loops(self) -> None:
        rows = 19
        z = self.random.normal(size=[rows, self.decoder.latent_dim]).astype(np.float32)
        for sampler in (TemperatureSampler(), BeamSampler(2)):

            @tf.function(autograph=False)
            def write(z, seeds, max_length, sampler=sampler):
                uniforms = row_uniforms(seeds, max_length)
                return sampler.write(self.decoder, z, uniforms, max_length)

            traced = write.get_concrete_function(
                tf.TensorSpec([None, z.shape[1]], tf.float32),
                tf.TensorSpec([None], tf.int64),
                tf.TensorSpec([], tf.int32),
            )
            seeds = tf.range(rows, dtype=tf.int64)
            sentences = traced(tf.constant(z), seeds, tf.constant(_WRITTEN))
            read = np.pad(sentences.ids, ((0, 0), (1, 0)), constant_values=START_ID)
            name = type(sampler).__name__
            self.same(
                sentences.log_probability,
                self.score(read, z),
                f"{name} writes sentences of another log-likelihood than it says",
            )

    def importance_weighting(self) -> None:
        row, samples = int(np.argmax(WORDS)), 3
        ids = np.repeat(self.ids[row : row + 1], 2, axis=0)
        z = self.random.normal(size=[2, samples, self.decoder.latent_dim]).astype(np.float32)
        expected = self.score(np.repeat(ids, samples, axis=0), z.reshape(2 * samples, -1))
        actual = sample_likelihood(self.decoder)(tf.constant(ids), tf.constant(z))
        self.same(np.ravel(actual), expected, "read and advance differ from the whole sentence")

    def gradients_and_seeds(self) -> None:
        weights = self.decoder.trainable_weights

        @tf.function(autograph=False)
        def train():
            with tf.GradientTape() as tape:
                value = self.decoder(self.ids, self.z, training=True, seed=tf.constant([1, 2]))
            gradients = tape.gradient(value, [weight.value for weight in weights])
            return value, [gradient is not None for gradient in gradients]

        first, reached = train()
        for weight, reaches in zip(weights, reached, strict=True):
            assert reaches, f"no gradient reaches {weight.path}"
        again, _ = train()
        self.same(
            again,
            first,
            "training twice with one seed differs: draw dropout from the seed of hidden_states",
        )


def _copy(decoder: SentenceDecoder) -> SentenceDecoder:
    copy = type(decoder).from_config(decoder.get_config())
    copy.build((None, None), (None, decoder.latent_dim))
    if decoder.built:
        copy.set_weights(decoder.get_weights())
    return copy
