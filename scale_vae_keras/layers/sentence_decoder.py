"""The interface and base class of the decoders."""

from abc import abstractmethod
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from scale_vae_keras.layers.dropout_seed import DropoutSeed
from scale_vae_keras.layers.token_embedding import TokenEmbedding
from scale_vae_keras.layers.token_log_likelihood import token_log_likelihood
from scale_vae_keras.settings import real_number, whole_number
from scale_vae_keras.text.vocabulary import PAD_ID, START_ID, UNKNOWN_ID

Seed = DropoutSeed | tf.Tensor


class DecoderStates(NamedTuple):
    """A decoder's states at the positions of all real target tokens of a batch.

    Attributes:
        hidden: states before dropout, `[tokens, units]`.
        sentence: int64 `[tokens]`, the row of the batch that a token belongs to.
        target: int32 `[tokens]`, the token to be predicted.
    """

    hidden: tf.Tensor
    sentence: tf.Tensor
    target: tf.Tensor


class SentenceDecoder(keras.layers.Layer):
    """p(x | z), token by token; subclasses say how the previous tokens and z become a state.

    A decoder is a subclass with four methods, which must agree with each other:

    - `build(ids_shape, z_shape)` creates its own weights and then calls `super().build`.
    - `hidden_states(inputs, z, training, seed)`: the states of whole sentences at once.
    - `initial_state(z, max_length)`: the state before the first token. Any structure of tensors
      whose first dimension is the row; rows are removed from it as their sentences end.
    - `advance(inputs, state, context)`: reads one more token.

    Two optional methods save work: `input_context(z)` is computed once per sentence, and
    `read(token)` once for all samples of z of a sentence. This class provides everything else,
    from dropout to the map to the vocabulary. `scale_vae_keras.testing.check_decoder` checks
    whether a decoder keeps to all this.

    A linear map without bias, not tied to the embeddings, gives the logits from the state, or with
    `skip` from the state and z (Dieng et al., 2019). Dropout acts on the token embeddings and on
    the states. With word dropout (Bowman et al., 2016) the decoder reads `<unk>` in training for a
    share of the previous tokens, never for `<s>`; with embedding noise it reads the embeddings
    with Gaussian noise added.

    Args:
        vocabulary_size: number of token ids, specials included.
        embedding_dim: width of the token embeddings.
        units: width of the states.
        latent_dim: width of z; 0 for a language model, whose z has no entries.
        dropout: share of embedding and hidden entries dropped in training.
        initializer_range: weights start uniform in plus or minus this value, embeddings in plus or
            minus 0.1.
        word_dropout: share of the tokens read that become `<unk>` in training.
        skip: whether z also joins the state before the map to the vocabulary.
        embedding_noise: standard deviation of the noise on the token embeddings in training.

    Raises:
        InputError: a size is no positive whole number, `dropout` is not in [0, 1), `word_dropout`
            not in [0, 1], or a range or noise is negative or not finite.

    Example:
        >>> decoder = sv.layers.LSTMDecoder(9, 3, 4, latent_dim=2, dropout=0, initializer_range=0.1)
        >>> ids, z = tf.constant([[1, 5, 2]]), tf.zeros([1, 2])
        >>> decoder(ids, z).shape
        TensorShape([1])
        >>> state = decoder.initial_state(z, max_length=2)
        >>> logits, state = decoder.step(ids[:, 0], state, decoder.context(z))
        >>> logits.shape
        TensorShape([1, 9])
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        units: int,
        latent_dim: int,
        dropout: float,
        initializer_range: float,
        word_dropout: float = 0.0,
        skip: bool = False,
        embedding_noise: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = whole_number("vocabulary_size", vocabulary_size, 1)
        self.embedding_dim = whole_number("embedding_dim", embedding_dim, 1)
        self.units = whole_number("units", units, 1)
        self.latent_dim = whole_number("latent_dim", latent_dim, 0)
        self.dropout = real_number("dropout", dropout, least=0, below=1)
        self.initializer_range = real_number("initializer_range", initializer_range, least=0)
        self.word_dropout = real_number("word_dropout", word_dropout, least=0, most=1)
        self.skip = skip
        self.embedding_noise = real_number("embedding_noise", embedding_noise, least=0)
        self.supports_jit = False
        self.embedding = TokenEmbedding(
            self.vocabulary_size,
            self.embedding_dim,
            embeddings_initializer=keras.initializers.RandomUniform(-0.1, 0.1),
            dtype=self.dtype_policy,
            name="embedding",
        )

    def _uniform(self):
        return keras.initializers.RandomUniform(-self.initializer_range, self.initializer_range)

    def build(self, ids_shape, z_shape):
        """Creates the embeddings and the map to the vocabulary.

        Args:
            ids_shape: `[batch, time]`.
            z_shape: `[batch, latent]`.
        """
        self.embedding.build(ids_shape)
        width = self.units + (self.latent_dim if self.skip else 0)
        self.output_kernel = self.add_weight(
            name="output_kernel",
            shape=(width, self.vocabulary_size),
            initializer=self._uniform(),
        )

    @abstractmethod
    def hidden_states(
        self,
        inputs: tf.Tensor,
        z: tf.Tensor,
        training: bool = False,
        seed: DropoutSeed | None = None,
    ) -> tf.Tensor:
        """The state after each token, `[batch, time, units]`.

        Args:
            inputs: embeddings of the tokens, with dropout, `[batch, time, embedding]`; what they
                are after the end of a sentence must not matter.
            z: `[batch, latent]`.
            training: whether to apply dropout of its own.
            seed: what that dropout is drawn from, the same on one replica and on many.
        """

    @abstractmethod
    def initial_state(self, z: tf.Tensor, max_length: tf.Tensor | int) -> Any:
        """State before the first token: a structure of tensors `[batch, ...]`.

        Args:
            z: `[batch, latent]`.
            max_length: maximum number of tokens that will be read, an int32 scalar.
        """

    def input_context(self, z: tf.Tensor) -> Any:
        """What every step of a sentence needs of z `[batch, latent]`: z itself."""
        return z

    def read(self, token: tf.Tensor) -> tf.Tensor:
        """What a step needs of a token, int32 `[batch]`: its embedding `[batch, embedding]`."""
        return self.embedding(token)

    @abstractmethod
    def advance(self, inputs: tf.Tensor, state: Any, context: Any) -> tuple[tf.Tensor, Any]:
        """One step without dropout.

        Args:
            inputs: what `read` returned.
            state: the state before.
            context: what `input_context(z)` returned.

        Returns:
            The hidden state that the logits come from, `[batch, units]`, and the new state.
        """

    def call(
        self,
        ids: tf.Tensor,
        z: tf.Tensor,
        training: bool = False,
        seed: Seed | None = None,
    ) -> tf.Tensor:
        """Log-likelihood of each sentence given its z, including the end symbol.

        Only real positions are projected to the vocabulary.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            z: `[batch, latent]`.
            training: whether to apply dropout.
            seed: seed of the dropout masks, int32 `[2]` for a whole batch, or a `DropoutSeed` for
                a replica's share of one; required in training.

        Returns:
            Sum over tokens of log p(token | previous tokens, z) in nats, float32 `[batch]`.
        """
        return self.log_likelihood(self.states(ids, z, training, seed), z, training, seed)

    def states(
        self,
        ids: tf.Tensor,
        z: tf.Tensor,
        training: bool = False,
        seed: Seed | None = None,
    ) -> DecoderStates:
        """The states that predict each token; arguments as for `call`."""
        inputs, targets = ids[:, :-1], ids[:, 1:]
        embedded = self.embedding(self._drop_words(inputs, training, seed))
        embedded = self._add_noise(embedded, training, seed)
        hidden = self.hidden_states(
            self._drop(embedded, training, seed, stream=0),
            tf.cast(z, self.compute_dtype),
            training,
            _placed(seed) if training and seed is not None else None,
        )
        positions = tf.where(targets != PAD_ID)
        return DecoderStates(
            tf.gather_nd(hidden, positions), positions[:, 0], tf.gather_nd(targets, positions)
        )

    def log_likelihood(
        self,
        states: DecoderStates,
        z: tf.Tensor,
        training: bool = False,
        seed: Seed | None = None,
    ) -> tf.Tensor:
        """Log-likelihood of each sentence from its states; arguments as for `call`."""
        hidden = self._drop(states.hidden, training, seed, stream=1, of="tokens")
        if self.skip:
            own = tf.gather(tf.cast(z, self.compute_dtype), states.sentence)
            hidden = tf.concat([hidden, own], axis=1)
        log_likelihood = self.target_log_likelihood(hidden, states.target)
        return tf.math.unsorted_segment_sum(log_likelihood, states.sentence, tf.shape(z)[0])

    def target_log_likelihood(self, hidden: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Log-probability of each target, in nats, `[positions]`, see `token_log_likelihood`.

        Args:
            hidden: `[positions, units]`, with `skip` joined by z.
            targets: int32 `[positions]`.
        """
        kernel = tf.cast(self.output_kernel, self.compute_dtype)
        return token_log_likelihood(hidden, kernel, targets)

    def _drop(self, values, training, seed, stream, of="rows"):
        if not training or self.dropout == 0:
            return values
        return _placed(seed).folded(stream).dropout(values, self.dropout, of)

    def _drop_words(self, ids, training, seed):
        if not training or self.word_dropout == 0:
            return ids
        uniform = _placed(seed).folded(2).uniform(tf.shape(ids))
        dropped = (uniform < self.word_dropout) & (ids != PAD_ID) & (ids != START_ID)
        return tf.where(dropped, UNKNOWN_ID, ids)

    def _add_noise(self, embedded, training, seed):
        if not training or self.embedding_noise == 0:
            return embedded
        noise = _placed(seed).folded(3).normal(tf.shape(embedded))
        return embedded + tf.cast(self.embedding_noise * noise, embedded.dtype)

    def context(self, z: tf.Tensor) -> Any:
        """What z adds at every step, for `step`: to the input, and with `skip` to the output."""
        z = tf.cast(z, self.compute_dtype)
        return (self.input_context(z), z) if self.skip else self.input_context(z)

    def step(self, token: tf.Tensor, state: Any, context: Any) -> tuple[tf.Tensor, Any]:
        """Logits of the next token after reading one more token, without dropout.

        Args:
            token: int32 `[batch]`, the token read.
            state: the state before, from `initial_state` or the last step.
            context: what `context(z)` returned.

        Returns:
            Logits, float32 `[batch, vocabulary]`, and the new state.
        """
        return self.step_from(self.read(token), state, context)

    def step_from(self, inputs: tf.Tensor, state: Any, context: Any) -> tuple[tf.Tensor, Any]:
        """As `step`, for tokens read already: `inputs` is what `read(token)` returned."""
        hidden, state = self.hidden_from(inputs, state, context)
        return self.logits(hidden), state

    def hidden_from(self, inputs: tf.Tensor, state: Any, context: Any) -> tuple[tf.Tensor, Any]:
        """As `step_from`, with the state that the logits come from in their place.

        It is `[batch, units]`, with `skip` joined by z.
        """
        input_context, z = context if self.skip else (context, None)
        hidden, state = self.advance(inputs, state, input_context)
        return tf.concat([hidden, z], axis=1) if self.skip else hidden, state

    def logits(self, hidden: tf.Tensor) -> tf.Tensor:
        """Unnormalised log-probabilities, float32 `[..., vocabulary]`.

        Args:
            hidden: states `[..., units]`, with `skip` joined by z.
        """
        return tf.cast(
            tf.matmul(hidden, tf.cast(self.output_kernel, self.compute_dtype)), tf.float32
        )

    def compute_output_shape(self, ids_shape, z_shape):
        """Shape of the log-likelihood."""
        return (ids_shape[0],)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "units": self.units,
            "latent_dim": self.latent_dim,
            "dropout": self.dropout,
            "initializer_range": self.initializer_range,
            "word_dropout": self.word_dropout,
            "skip": self.skip,
            "embedding_noise": self.embedding_noise,
        }


def _placed(seed: Seed) -> DropoutSeed:
    return seed if isinstance(seed, DropoutSeed) else DropoutSeed(seed)
