"""A long short-term memory layer whose training step is fast on CPUs and on GPUs."""

from typing import Any

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.portable_graphs import traced_for_gpu
from scale_vae_keras.layers.recurrence import advance, recurrence
from scale_vae_keras.layers.wide import wide
from scale_vae_keras.settings import LARGEST_INT32, whole_number


@keras.saving.register_keras_serializable(package="scale_vae_keras")
class LSTM(keras.layers.Layer):
    """Long short-term memory over right-padded sequences, with a context fed at every step.

    With `x_t` the step's input, or its concatenation with the context:

        i, f, g, o = split(x_t @ kernel + h_{t-1} @ recurrent_kernel + bias, 4)
        c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
        h_t = sigmoid(o) * tanh(c_t)

    The weights are those of `keras.layers.LSTM`, in its order and layout, and can be copied in
    both directions with `get_weights` and `set_weights`. There is no mask: padding on the right
    cannot reach earlier steps, so the caller passes `lengths` or leaves padding out of its loss.

    On CPUs the gradient is written by hand; gradients of gradients are not available.

    Args:
        units: size of the hidden and of the cell state.
        return_sequences: whether to return the hidden states of all steps rather than the last.
        kernel_initializer: initializer of `kernel`, `[input + context, 4 * units]`.
        recurrent_initializer: initializer of `recurrent_kernel`, `[units, 4 * units]`.
        bias_initializer: initializer of `bias`, `[4 * units]`.
        unit_forget_bias: whether the bias of the forget gate starts at one instead.
        **kwargs: arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Raises:
        InputError: `units` is not a positive integer.
    """

    def __init__(
        self,
        units: int,
        return_sequences: bool = False,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = whole_number("units", units, 1, LARGEST_INT32)
        self.return_sequences = return_sequences
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.unit_forget_bias = unit_forget_bias
        self.supports_jit = False

    def build(self, inputs_shape: tuple, context_shape: tuple | None = None) -> None:
        """Creates the weights.

        Args:
            inputs_shape: `[batch, time, input]`.
            context_shape: `[batch, context]`, or None for a layer called without context.
        """
        self.input_dim = inputs_shape[-1]
        self.context_dim = context_shape[-1] if context_shape else 0
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.input_dim + self.context_dim, 4 * self.units),
            initializer=self.kernel_initializer,
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(self.units, 4 * self.units),
            initializer=self.recurrent_initializer,
        )
        self.bias = self.add_weight(
            name="bias", shape=(4 * self.units,), initializer=self._initial_bias
        )

    def _initial_bias(self, shape: tuple, dtype: Any = None) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        return keras.ops.concatenate(
            [
                self.bias_initializer((self.units,), dtype=dtype),
                keras.ops.ones((self.units,), dtype=dtype),
                self.bias_initializer((2 * self.units,), dtype=dtype),
            ]
        )

    def call(
        self,
        inputs: tf.Tensor,
        initial_state: tuple[tf.Tensor, tf.Tensor] | None = None,
        context: tf.Tensor | None = None,
        lengths: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Runs the recurrence over whole sequences.

        Args:
            inputs: `[batch, time, input]`, in the compute dtype.
            initial_state: hidden and cell state before the first step, each `[batch, units]`;
                None for zeros.
            context: `[batch, context]`, joined to the input of every step.
            lengths: int32 `[batch]`, from 1 to `time`: the step whose hidden state is returned
                when `return_sequences` is false; None for `time`.

        Returns:
            Hidden states `[batch, time, units]` if `return_sequences`, else `[batch, units]`.

        Raises:
            InputError: a context is missing or is not expected.
        """
        batch = tf.shape(inputs)[0]
        if initial_state is None:
            zeros = tf.zeros([batch, self.units], inputs.dtype)
            initial_state = (zeros, zeros)
        run = self._cudnn if traced_for_gpu() else self._portable
        hidden = run(tf.transpose(inputs, [1, 0, 2]), initial_state, context)
        if self.return_sequences:
            return tf.transpose(hidden, [1, 0, 2])
        if lengths is None:
            return hidden[-1]
        return tf.gather_nd(hidden, tf.stack([lengths - 1, tf.range(batch)], axis=1))

    def project_context(self, context: tf.Tensor | None) -> tf.Tensor:
        """Computes the part of the gates that is the same at every step, bias included.

        Args:
            context: `[batch, context]`, or None for a layer built without context.

        Returns:
            `[batch, 4 * units]`, or `[4 * units]` without context.

        Raises:
            InputError: a context is missing or is not expected.
        """
        self._check_context(context)
        bias = tf.cast(self.bias, self.compute_dtype)
        if context is None:
            return bias
        _, kernel = self._split_kernel()
        return tf.matmul(context, kernel) + bias

    def step(
        self,
        inputs: tf.Tensor,
        state: tuple[tf.Tensor, tf.Tensor],
        context_projection: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Runs one step, for decoding token by token.

        Args:
            inputs: `[batch, input]`.
            state: hidden and cell state, each `[batch, units]`.
            context_projection: what `project_context` returned.

        Returns:
            The new hidden and cell state, each `[batch, units]`.
        """
        return self.step_projected(self.project_inputs(inputs), state, context_projection)

    def project_inputs(self, inputs: tf.Tensor) -> tf.Tensor:
        """Computes the inputs' part of the gates.

        Args:
            inputs: `[..., input]`.

        Returns:
            `[..., 4 * units]`.
        """
        kernel, _ = self._split_kernel()
        return tf.matmul(inputs, kernel)

    def step_projected(
        self,
        projection: tf.Tensor,
        state: tuple[tf.Tensor, tf.Tensor],
        context_projection: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Runs one step from an input that is projected already.

        Args:
            projection: what `project_inputs` returned, `[batch, 4 * units]`.
            state: hidden and cell state, each `[batch, units]`.
            context_projection: what `project_context` returned.

        Returns:
            The new hidden and cell state, each `[batch, units]`.
        """
        hidden, cell = state
        recurrent_kernel = tf.cast(self.recurrent_kernel, self.compute_dtype)
        return advance(projection + tf.matmul(hidden, recurrent_kernel) + context_projection, cell)

    def _split_kernel(self) -> list[tf.Tensor]:
        kernel = tf.cast(self.kernel, self.compute_dtype)
        return tf.split(kernel, [self.input_dim, self.context_dim], axis=0)

    def _check_context(self, context: tf.Tensor | None) -> None:
        if context is None and self.context_dim:
            raise InputError(f"{self.name} was built with a context: pass context")
        if context is not None and not self.context_dim:
            raise InputError(f"{self.name} was built without a context: do not pass one")

    def _portable(
        self, inputs: tf.Tensor, initial_state: tuple, context: tf.Tensor | None
    ) -> tf.Tensor:
        """Hidden states `[time, batch, units]` from inputs `[time, batch, input]`."""
        kernel, _ = self._split_kernel()
        gates = tf.tensordot(inputs, kernel, 1) + self.project_context(context)
        recurrent_kernel = tf.cast(self.recurrent_kernel, self.compute_dtype)
        return recurrence(gates, recurrent_kernel, *initial_state)

    def _cudnn(
        self, inputs: tf.Tensor, initial_state: tuple, context: tf.Tensor | None
    ) -> tf.Tensor:
        """Hidden states `[time, batch, units]` from inputs `[time, batch, input]`."""
        self._check_context(context)
        # TensorFlow's gradient of this operation is wrong in bfloat16, without an error.
        dtype = wide(self.compute_dtype)
        time, batch = tf.unstack(tf.shape(inputs)[:2])
        if context is not None:
            inputs = tf.concat([inputs, tf.repeat(context[tf.newaxis], time, axis=0)], axis=2)
        matrices = [
            tf.reshape(tf.transpose(matrix), [-1])
            for weight in (self.kernel, self.recurrent_kernel)
            for matrix in tf.split(tf.cast(weight, dtype), 4, axis=1)
        ]
        bias = tf.cast(self.bias, dtype)
        hidden, *_ = tf.raw_ops.CudnnRNNV3(
            input=tf.cast(inputs, dtype),
            input_h=tf.cast(initial_state[0], dtype)[tf.newaxis],
            input_c=tf.cast(initial_state[1], dtype)[tf.newaxis],
            params=tf.concat([*matrices, tf.zeros_like(bias), bias], axis=0),
            sequence_lengths=tf.fill([batch], time),
            rnn_mode="lstm",
            time_major=True,
            is_training=True,
        )
        return tf.cast(hidden, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "return_sequences": self.return_sequences,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": keras.initializers.serialize(self.recurrent_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "unit_forget_bias": self.unit_forget_bias,
        }
