"""The loop of an LSTM, with a gradient by hand."""

import tensorflow as tf

from scale_vae_keras.layers.custom_gradient import custom_gradient


def _wide(values: tf.Tensor) -> tf.Tensor:
    """bfloat16 as float32: processors support it only for products, and gates are slower in it.

    A cell state, which is a long sum, keeps its digits, too.
    """
    return tf.cast(values, tf.float32) if values.dtype == tf.bfloat16 else values


def _activate(gates: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    i, f, g, o = tf.split(gates, 4, axis=1)
    return tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)


def advance(gates: tf.Tensor, cell: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Hidden state of the dtype of the gates, and cell state of its own dtype."""
    hidden, new = _advance(_wide(gates), _wide(cell))
    return tf.cast(hidden, gates.dtype), tf.cast(new, cell.dtype)


def _advance(gates, cell):
    i, f, g, o = _activate(gates)
    new = f * cell + i * g
    return o * tf.tanh(new), new


@custom_gradient
def recurrence(
    inputs: tf.Tensor, recurrent_kernel: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor
) -> tf.Tensor:
    """Runs the loop on the inputs' share of the gates, time first.

    Args:
        inputs: `[time, batch, 4 * units]`.
        recurrent_kernel: `[units, 4 * units]`.
        hidden: initial hidden state, `[batch, units]`.
        cell: initial cell state, `[batch, units]`.

    Returns:
        Hidden states, `[time, batch, units]`.
    """
    time = tf.shape(inputs)[0]
    units = recurrent_kernel.shape[0]
    first_cell = _wide(cell)

    def steps(width: int, dtype: tf.DType = inputs.dtype) -> tf.TensorArray:
        return tf.TensorArray(
            dtype, size=time, element_shape=[inputs.shape[1], width], infer_shape=False
        )

    def forward(t, h, c, all_gates, all_hidden, all_cells):
        gates = _wide(inputs[t] + tf.matmul(h, recurrent_kernel))
        h, c = _advance(gates, c)
        h = tf.cast(h, inputs.dtype)
        return (
            t + 1,
            h,
            c,
            all_gates.write(t, gates),
            all_hidden.write(t, h),
            all_cells.write(t, c),
        )

    *_, all_gates, all_hidden, all_cells = tf.while_loop(
        lambda t, *_: t < time,
        forward,
        (
            *(0, hidden, first_cell),
            *(steps(4 * units, first_cell.dtype), steps(units), steps(units, first_cell.dtype)),
        ),
    )
    all_gates, all_hidden, all_cells = all_gates.stack(), all_hidden.stack(), all_cells.stack()

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        transposed = tf.transpose(recurrent_kernel)
        hidden_before = tf.concat([hidden[tf.newaxis], all_hidden[:-1]], axis=0)
        cells_before = tf.concat([first_cell[tf.newaxis], all_cells[:-1]], axis=0)

        def backward(t, dh, dc, all_dgates):
            i, f, g, o = _activate(all_gates[t])
            squashed = tf.tanh(all_cells[t])
            dh = _wide(dh + upstream[t])
            dc += dh * o * (1 - squashed * squashed)
            dgates = tf.concat(
                [
                    dc * g * i * (1 - i),
                    dc * cells_before[t] * f * (1 - f),
                    dc * i * (1 - g * g),
                    dh * squashed * o * (1 - o),
                ],
                axis=1,
            )
            dgates = tf.cast(dgates, inputs.dtype)
            return t - 1, tf.matmul(dgates, transposed), dc * f, all_dgates.write(t, dgates)

        _, dhidden, dcell, all_dgates = tf.while_loop(
            lambda t, *_: t >= 0,
            backward,
            (time - 1, tf.zeros_like(hidden), tf.zeros_like(first_cell), steps(4 * units)),
        )
        all_dgates = all_dgates.stack()
        drecurrent = tf.matmul(
            tf.reshape(hidden_before, [-1, units]),
            tf.reshape(all_dgates, [-1, 4 * units]),
            transpose_a=True,
        )
        return all_dgates, drecurrent, dhidden, tf.cast(dcell, cell.dtype)

    return all_hidden, gradient
