"""A residual block of causal dilated convolution."""

import keras
import tensorflow as tf

from scale_vae_keras.layers.add_bias import add_bias

_WIDTH = 3


@keras.saving.register_keras_serializable("scale_vae_keras")
class CausalConvolution(keras.layers.Layer):
    """`x + expand(relu(convolve(relu(reduce(relu(x))))))`, which never looks ahead.

    Reducing and expanding act on each position; the convolution of width 3 sees the positions t,
    t - dilation and t - 2 * dilation, at half the width of the block, zeros before the start.

    Args:
        units: width of the block.
        dilation: distance of the positions that are seen.
    """

    def __init__(self, units: int, dilation: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.inner = max(1, units // 2)
        self.dilation = dilation
        self.supports_jit = False

    def build(self, input_shape):
        """Creates the weights for inputs `[batch, time, units]`."""
        self.reduce_kernel, self.reduce_bias = self._dense("reduce", self.units, self.inner)
        self.convolve_kernel, self.convolve_bias = self._dense(
            "convolve", _WIDTH * self.inner, self.inner
        )
        self.expand_kernel, self.expand_bias = self._dense("expand", self.inner, self.units)

    def _dense(self, name, inputs, outputs):
        kernel = self.add_weight(
            name=f"{name}_kernel", shape=(inputs, outputs), initializer="he_uniform"
        )
        return kernel, self.add_weight(name=f"{name}_bias", shape=(outputs,), initializer="zeros")

    def _map(self, inputs, kernel, bias):
        # A step runs outside of `call`, where Keras does not cast the weights.
        product = tf.matmul(inputs, tf.cast(kernel, self.compute_dtype))
        return tf.cast(add_bias(product, bias), self.compute_dtype)

    def _reduce(self, inputs):
        reduced = self._map(tf.nn.relu(inputs), self.reduce_kernel, self.reduce_bias)
        return tf.nn.relu(reduced)

    def _finish(self, inputs, seen):
        convolved = self._map(seen, self.convolve_kernel, self.convolve_bias)
        return inputs + self._map(tf.nn.relu(convolved), self.expand_kernel, self.expand_bias)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Runs over whole sequences `[batch, time, units]`."""
        time = tf.shape(inputs)[1]
        reach = (_WIDTH - 1) * self.dilation
        padded = tf.pad(self._reduce(inputs), [[0, 0], [reach, 0], [0, 0]])
        seen = [padded[:, i * self.dilation :][:, :time] for i in range(_WIDTH)]
        return self._finish(inputs, tf.concat(seen, axis=2))

    def initial_state(self, rows: tf.Tensor) -> tf.Tensor:
        """What is remembered before the first position, `[batch, 2 * dilation, units / 2]`."""
        return tf.zeros([rows, (_WIDTH - 1) * self.dilation, self.inner], self.compute_dtype)

    def step(self, inputs: tf.Tensor, memory: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One position: output `[batch, units]` and what is remembered, from inputs and memory."""
        window = tf.concat([memory, self._reduce(inputs)[:, tf.newaxis]], axis=1)
        seen = tf.concat([window[:, i * self.dilation] for i in range(_WIDTH)], axis=1)
        return self._finish(inputs, seen), window[:, 1:]

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), "units": self.units, "dilation": self.dilation}
