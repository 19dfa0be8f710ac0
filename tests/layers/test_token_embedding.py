import numpy as np
import tensorflow as tf

from scale_vae_keras.layers.token_embedding import TokenEmbedding

SIZE, WIDTH = 50, 3


def test_rows_are_cast_and_the_table_is_not():
    layer = TokenEmbedding(SIZE, WIDTH, dtype="mixed_bfloat16")
    layer.build()
    assert layer.weights[0].dtype == "float32"
    ids = tf.constant([[7, 0], [1, 7]])
    expected = tf.cast(tf.gather(np.array(layer.weights[0]), ids), tf.bfloat16)
    found = layer(ids)
    assert found.dtype == tf.bfloat16
    np.testing.assert_array_equal(tf.cast(found, tf.float32), tf.cast(expected, tf.float32))
    graph = tf.function(layer).get_concrete_function(ids).graph
    shapes = [op.outputs[0].shape.as_list() for op in graph.get_operations() if op.type == "Cast"]
    assert [2, 2, WIDTH] in shapes
    assert [SIZE, WIDTH] not in shapes


def test_the_gradient_is_of_rows():
    layer = TokenEmbedding(SIZE, WIDTH, dtype="mixed_bfloat16")
    layer.build()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(layer(tf.constant([[7, 0], [1, 7]])), tf.float32))
    gradient = tape.gradient(loss, layer.weights[0].value)
    assert isinstance(gradient, tf.IndexedSlices)
    assert gradient.values.dtype == tf.float32
    dense = tf.convert_to_tensor(gradient).numpy()
    assert dense[:, 0].tolist() == [2.0 if i == 7 else float(i in (0, 1)) for i in range(SIZE)]
