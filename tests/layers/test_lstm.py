import keras
import numpy as np
import pytest
import tensorflow as tf
from child_python import run_python

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.lstm import LSTM
from scale_vae_keras.layers.portable_graphs import portable_graph

BATCH, TIME, INPUT, CONTEXT, UNITS = 3, 5, 4, 2, 6
LENGTHS = [5, 2, 3]
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}


def tensors(dtype="float32", seed=0):
    """Inputs, context, hidden and cell state."""
    random = np.random.default_rng(seed)
    shapes = ((BATCH, TIME, INPUT), (BATCH, CONTEXT), (BATCH, UNITS), (BATCH, UNITS))
    return [tf.constant(random.normal(size=shape), dtype) for shape in shapes]


def weights(rows=INPUT + CONTEXT, seed=1):
    random = np.random.default_rng(seed)
    shapes = ((rows, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,))
    return [random.normal(scale=0.5, size=shape) for shape in shapes]


def context_layer(dtype="float32", **arguments):
    layer = LSTM(UNITS, dtype=dtype, **arguments)
    layer.build((None, None, INPUT), (None, CONTEXT))
    layer.set_weights(weights())
    return layer


def keras_layer(dtype="float32", rows=INPUT + CONTEXT, **arguments):
    layer = keras.layers.LSTM(UNITS, dtype=dtype, **arguments)
    layer.build((None, None, rows))
    layer.set_weights(weights(rows))
    return layer


def join(inputs, context):
    time = tf.shape(inputs)[1]
    return tf.concat([inputs, tf.repeat(context[:, tf.newaxis], time, axis=1)], axis=2)


def outputs_and_gradients(run, variables, arguments, loss_weights):
    """Outputs, then the gradients of a weighted sum of their sines."""

    @tf.function
    def differentiate(*arguments):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            outputs = run(*arguments)
            loss = tf.reduce_sum(tf.sin(outputs) * loss_weights)
        return [outputs, *tape.gradient(loss, [*arguments, *variables])]

    return differentiate(*arguments)


def assert_all_close(actual, expected, tolerance):
    assert len(actual) == len(expected)
    for left, right in zip(actual, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_hidden_states_and_all_gradients_equal_keras(dtype):
    layer = context_layer(dtype, return_sequences=True)
    reference = keras_layer(dtype, return_sequences=True)
    random = np.random.default_rng(2)
    loss_weights = random.normal(size=(BATCH, TIME, UNITS))
    loss_weights *= tf.sequence_mask(LENGTHS, TIME)[..., tf.newaxis]
    loss_weights = tf.cast(loss_weights, dtype)
    actual = outputs_and_gradients(
        lambda x, context, h, c: layer(x, initial_state=(h, c), context=context),
        [variable.value for variable in layer.trainable_variables],
        tensors(dtype),
        loss_weights,
    )
    expected = outputs_and_gradients(
        lambda x, context, h, c: reference(join(x, context), initial_state=[h, c]),
        [variable.value for variable in reference.trainable_variables],
        tensors(dtype),
        loss_weights,
    )
    assert all(np.any(gradient != 0) for gradient in actual)
    assert_all_close(actual, expected, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_last_real_state_and_all_gradients_equal_keras_with_a_mask(dtype):
    layer = LSTM(UNITS, dtype=dtype)
    layer.build((None, None, INPUT))
    layer.set_weights(weights(INPUT))
    reference = keras_layer(dtype, rows=INPUT)
    mask = tf.sequence_mask(LENGTHS, TIME)
    loss_weights = tf.ones([BATCH, UNITS], dtype)
    actual = outputs_and_gradients(
        lambda x: layer(x, lengths=tf.constant(LENGTHS)),
        [variable.value for variable in layer.trainable_variables],
        tensors(dtype)[:1],
        loss_weights,
    )
    expected = outputs_and_gradients(
        lambda x: reference(x, mask=mask),
        [variable.value for variable in reference.trainable_variables],
        tensors(dtype)[:1],
        loss_weights,
    )
    assert_all_close(actual, expected, TOLERANCE[dtype])


def test_without_lengths_the_last_step_is_returned():
    inputs, context, *state = tensors()
    last = context_layer()(inputs, initial_state=state, context=context)
    every = context_layer(return_sequences=True)(inputs, initial_state=state, context=context)
    np.testing.assert_array_equal(last, every[:, -1])


def test_padding_changes_neither_the_last_state_nor_its_gradient():
    layer = context_layer()
    inputs, context, *state = tensors()
    padding = tf.cast(~tf.sequence_mask(LENGTHS, TIME)[..., tf.newaxis], tf.float32)

    def run(x):
        return layer(x, initial_state=state, context=context, lengths=tf.constant(LENGTHS))

    variables = [variable.value for variable in layer.trainable_variables]
    first = outputs_and_gradients(run, variables, [inputs], 1.0)
    second = outputs_and_gradients(run, variables, [inputs + 7 * padding], 1.0)
    for left, right in zip(first, second, strict=True):
        np.testing.assert_array_equal(left, right)
    assert np.all(first[1].numpy()[1, 2:] == 0)


def test_a_chain_of_steps_equals_a_call():
    layer = context_layer(return_sequences=True)
    inputs, context, *state = tensors()
    expected = layer(inputs, initial_state=state, context=context)
    projection = layer.project_context(context)
    for time in range(TIME):
        state = layer.step(inputs[:, time], state, projection)
        np.testing.assert_allclose(state[0], expected[:, time], rtol=1e-5, atol=1e-6)


def test_weights_go_to_keras_and_back():
    layer = context_layer()
    reference = keras.layers.LSTM(UNITS)
    reference.build((None, None, INPUT + CONTEXT))
    reference.set_weights(layer.get_weights())
    inputs, context, *_ = tensors()
    np.testing.assert_allclose(
        layer(inputs, context=context), reference(join(inputs, context)), rtol=1e-5, atol=1e-6
    )
    other = context_layer()
    other.set_weights([np.zeros_like(weight) for weight in other.get_weights()])
    other.set_weights(reference.get_weights())
    np.testing.assert_array_equal(other(inputs, context=context), layer(inputs, context=context))


@pytest.mark.parametrize("unit_forget_bias", [True, False])
def test_initial_bias(unit_forget_bias):
    layer = LSTM(2, bias_initializer="zeros", unit_forget_bias=unit_forget_bias)
    layer.build((None, None, 3))
    forget = float(unit_forget_bias)
    np.testing.assert_array_equal(layer.bias, [0, 0, forget, forget, 0, 0, 0, 0])
    assert layer.kernel.shape == (3, 8)
    assert layer.recurrent_kernel.shape == (2, 8)


def test_config_round_trip():
    layer = LSTM(
        UNITS,
        return_sequences=True,
        kernel_initializer=keras.initializers.RandomUniform(-0.1, 0.1, seed=3),
        recurrent_initializer="zeros",
        bias_initializer="ones",
        unit_forget_bias=False,
        name="decoder",
    )
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert isinstance(copy, LSTM)
    assert copy.get_config() == layer.get_config()
    for original in (layer, copy):
        original.build((None, None, INPUT))
    for left, right in zip(layer.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_keras_file_round_trip(tmp_path):
    inputs = keras.Input((None, INPUT))
    context = keras.Input((CONTEXT,))
    lengths = keras.Input((), dtype="int32")
    hidden = LSTM(UNITS, return_sequences=True)(inputs, context=context)
    last = LSTM(UNITS)(hidden, lengths=lengths)
    assert hidden.shape == (None, None, UNITS)
    assert last.shape == (None, UNITS)
    model = keras.Model([inputs, context, lengths], last)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    arguments = [*tensors()[:2], tf.constant(LENGTHS)]
    np.testing.assert_array_equal(copy(arguments), model(arguments))


RELOAD = """
import sys
import numpy as np
import tensorflow as tf

folder = sys.argv[1]
data = np.load(folder + "/data.npz")
model = tf.saved_model.load(folder + "/model")
np.testing.assert_allclose(
    model.run(data["inputs"], data["context"]), data["outputs"], rtol=1e-6, atol=1e-6
)
assert "scale_vae_keras" not in sys.modules
"""


def test_saved_model_runs_where_the_package_is_not_imported(tmp_path):
    layer = context_layer(return_sequences=True)
    inputs, context, *_ = tensors()
    module = tf.Module()
    module.variables_of_layer = [variable.value for variable in layer.variables]
    module.run = tf.function(
        lambda inputs, context: layer(inputs, context=context),
        input_signature=[
            tf.TensorSpec([None, None, INPUT], tf.float32),
            tf.TensorSpec([None, CONTEXT], tf.float32),
        ],
    )
    tf.saved_model.save(module, tmp_path / "model")
    np.savez(
        tmp_path / "data.npz", inputs=inputs, context=context, outputs=module.run(inputs, context)
    )
    run_python(RELOAD, tmp_path)


REPLICAS = """
import keras
import numpy as np
import tensorflow as tf
from scale_vae_keras.layers.lstm import LSTM

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
keras.utils.set_random_seed(1)
with strategy.scope():
    layer = LSTM(6, return_sequences=True)
    layer.build((None, None, 4), (None, 2))
random = np.random.default_rng(0)
inputs = tf.constant(random.normal(size=(4, 5, 4)), tf.float32)
context = tf.constant(random.normal(size=(4, 2)), tf.float32)
weights = [tf.constant(weight) for weight in layer.get_weights()]
single = LSTM(6, return_sequences=True)
single.build((None, None, 4), (None, 2))
single.set_weights(weights)


def gradient(layer, inputs, context):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(layer(inputs, context=context)))
    return tape.gradient(loss, [variable.value for variable in layer.trainable_variables])


@tf.function
def two_replicas():
    def replica():
        context_of_replica = tf.distribute.get_replica_context()
        start = 2 * context_of_replica.replica_id_in_sync_group
        rows = gradient(layer, inputs[start : start + 2], context[start : start + 2])
        return context_of_replica.all_reduce("sum", rows)

    return strategy.run(replica)


assert strategy.num_replicas_in_sync == 2
expected = gradient(single, inputs, context)
for summed, whole in zip(two_replicas(), expected, strict=True):
    for value in strategy.experimental_local_results(summed):
        np.testing.assert_allclose(value, whole, rtol=1e-5, atol=1e-5)
"""


def test_two_replicas_add_up_to_the_gradient_of_one():
    run_python(REPLICAS)


def test_one_trace_serves_batches_of_any_length():
    layer = context_layer(return_sequences=True)
    inputs, context, *_ = tensors()

    @tf.function(input_signature=[tf.TensorSpec([None, None, INPUT]), tf.TensorSpec([None, 2])])
    def gradients(inputs, context):
        with tf.GradientTape() as tape:
            outputs = layer(inputs, context=context)
        return outputs, tape.gradient(outputs, layer.kernel.value)

    whole, _ = gradients(inputs, context)
    part, gradient = gradients(inputs[:2, :3], context[:2])
    np.testing.assert_allclose(part, whole[:2, :3], rtol=1e-5, atol=1e-6)
    assert gradient.shape == (INPUT + CONTEXT, 4 * UNITS)
    assert gradients.experimental_get_tracing_count() == 1


def test_mixed_bfloat16_is_near_float32():
    arguments = tensors()
    loss_weights = tf.ones([BATCH, TIME, UNITS])
    results = []
    for dtype in ("mixed_bfloat16", "float32"):
        layer = context_layer(dtype, return_sequences=True)
        results.append(
            outputs_and_gradients(
                lambda x, context, h, c, layer=layer: tf.cast(
                    layer(x, initial_state=(h, c), context=context), tf.float32
                ),
                [variable.value for variable in layer.trainable_variables],
                arguments,
                loss_weights,
            )
        )
    assert context_layer("mixed_bfloat16")(arguments[0], context=arguments[1]).dtype == tf.bfloat16
    for half, full in zip(*results, strict=True):
        assert half.dtype == tf.float32
        np.testing.assert_allclose(half, full, atol=0.02 * np.abs(full).max())


def operations(layer):
    @tf.function
    def gradient(inputs, context, hidden, cell):
        with tf.GradientTape() as tape:
            outputs = layer(inputs, initial_state=(hidden, cell), context=context)
        return outputs, tape.gradient(outputs, layer.trainable_variables[0].value)

    graph = gradient.get_concrete_function(*tensors()).graph
    return {operation.type for operation in graph.get_operations()}


def test_cudnn_is_traced_where_a_gpu_is_visible_except_for_export(visible_gpus):
    visible_gpus(1)
    layer = context_layer(return_sequences=True)
    assert {"CudnnRNNV3", "CudnnRNNBackpropV3"} <= operations(layer)
    with portable_graph():
        with portable_graph():
            pass
        assert not any("Cudnn" in operation for operation in operations(layer))
    assert "CudnnRNNV3" in operations(layer)


def test_without_a_gpu_the_loop_is_traced(visible_gpus):
    visible_gpus(0)
    found = operations(context_layer(return_sequences=True))
    assert any("While" in operation for operation in found)
    assert not any("Cudnn" in operation for operation in found)


def cudnn_lstm(input, input_h, input_c, params, sequence_lengths, **attributes):
    """What cuDNN documents: 4 input and 4 recurrent matrices, [output, input] each, 8 biases."""
    assert attributes == {"rnn_mode": "lstm", "time_major": True, "is_training": True}
    np.testing.assert_array_equal(sequence_lengths, [TIME] * BATCH)
    size = INPUT + CONTEXT
    shapes = [(UNITS, size)] * 4 + [(UNITS, UNITS)] * 4 + [(UNITS,)] * 8
    stops = np.cumsum([np.prod(shape) for shape in shapes])
    assert params.shape == (stops[-1],)
    parts = np.split(params.numpy(), stops[:-1])
    parts = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
    hidden, cell = input_h.numpy()[0], input_c.numpy()[0]
    outputs = []
    for step in input.numpy():
        i, f, g, o = (
            step @ parts[gate].T + parts[8 + gate] + hidden @ parts[4 + gate].T + parts[12 + gate]
            for gate in range(4)
        )
        cell = cell / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        hidden = np.tanh(cell) / (1 + np.exp(-o))
        outputs.append(hidden)
    return tf.constant(np.stack(outputs)), None, None, None, None


def test_cudnn_receives_weights_states_and_context_in_its_layout(visible_gpus, monkeypatch):
    visible_gpus(1)
    monkeypatch.setattr(tf.raw_ops, "CudnnRNNV3", cudnn_lstm)
    inputs, context, *state = tensors()
    layer = context_layer(return_sequences=True)
    accelerated = layer(inputs, initial_state=state, context=context)
    with portable_graph():
        portable = layer(inputs, initial_state=state, context=context)
    np.testing.assert_allclose(accelerated, portable, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
def test_cudnn_computes_in_float32_under_half_precision(visible_gpus, monkeypatch, half):
    visible_gpus(1)
    given = []

    def accelerated(**arguments):
        given.extend(arguments[name] for name in ("input", "input_h", "input_c", "params"))
        return cudnn_lstm(**arguments)

    monkeypatch.setattr(tf.raw_ops, "CudnnRNNV3", accelerated)
    inputs, context, *state = (tf.cast(each, half) for each in tensors())
    layer = context_layer(f"mixed_{half}", return_sequences=True)
    found = layer(inputs, initial_state=state, context=context)
    assert {each.dtype for each in given} == {tf.float32}
    assert found.dtype == half
    with portable_graph():
        portable = layer(inputs, initial_state=state, context=context)
    found, portable = (np.float32(each) for each in (found, portable))
    np.testing.assert_allclose(found, portable, atol=0.02)


@pytest.mark.parametrize("units", [0, -1, 2.5, "8"])
def test_units_must_be_a_positive_integer(units):
    with pytest.raises(InputError, match="units must be a whole number from 1 to"):
        LSTM(units)


def test_a_context_is_given_to_every_call_or_to_none():
    inputs, context, *_ = tensors()
    with pytest.raises(InputError, match="pass context"):
        context_layer()(inputs)
    plain = LSTM(UNITS)
    plain(inputs)
    with pytest.raises(InputError, match="do not pass one"):
        plain(inputs, context=context)
    with pytest.raises(InputError, match="pass context"):
        context_layer().project_context(None)
