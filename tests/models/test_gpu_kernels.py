"""TensorFlow has a GPU kernel for all that is computed, in every precision.

What has none runs on the processor, and its tensors are copied there and back.
"""

import functools

import keras
import pytest
import tensorflow as tf
from made_models import PARTS_BY_NAME
from tensorflow.core.framework.types_pb2 import DataType
from tensorflow.python.framework.kernels import get_registered_kernels_for_op

from scale_vae_keras.models import ScaleVAE

POLICIES = ["float32", "mixed_bfloat16", "mixed_float16"]
FLOATING = {"DT_HALF", "DT_BFLOAT16", "DT_FLOAT", "DT_DOUBLE"}
CALLS = {"PartitionedCall", "StatefulPartitionedCall"}

pytestmark = pytest.mark.skipif(
    all(each.device_type != "GPU" for each in get_registered_kernels_for_op("MatMul").kernel),
    reason="this TensorFlow is built without GPU kernels",
)


@pytest.fixture(autouse=True)
def _visible_gpu(visible_gpus):
    visible_gpus(1)


def made(pair, policy):
    keras.utils.set_random_seed(1)
    encoder, decoder = pair
    sizes = {"embedding_dim": 4, "units": 8, "depth": 1, "heads": 2}
    model = ScaleVAE(13, 2, **sizes, encoder=encoder, decoder=decoder, dtype=policy)
    model.compile(keras.optimizers.SGD(0.1, global_clipnorm=5.0))
    model.ensure_built()
    return model


@functools.cache
def kernels(operation):
    """The types that each GPU kernel of an operation takes, by attribute."""
    return [
        {
            constraint.name: {DataType.Name(kind) for kind in constraint.allowed_values.list.type}
            for constraint in each.constraint
            if constraint.allowed_values.list.type
        }
        for each in get_registered_kernels_for_op(operation).kernel
        if each.device_type in ("GPU", "DEFAULT")
    ]


def without_a_kernel(graph):
    """Operations on floating-point numbers that only the processor has; integers stay there."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
    found = set()
    for node in nodes:
        types = {
            name: DataType.Name(value.type)
            for name, value in node.attr.items()
            if value.WhichOneof("value") == "type"
        }
        if node.op in CALLS or not FLOATING & set(types.values()):
            continue
        if not any(
            all(types.get(name, "") in taken for name, taken in kernel.items())
            for kernel in kernels(node.op)
        ):
            found.add((node.op, *sorted(types.values())))
    return found


def test_an_operation_without_one_is_found():
    @tf.function
    def update(values):
        return tf.tensor_scatter_nd_update(values, [[0]], values[:1])

    graph = update.get_concrete_function(tf.zeros([3], tf.bfloat16)).graph
    assert {name for name, *_ in without_a_kernel(graph)} == {"TensorScatterUpdate"}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("pair", PARTS_BY_NAME, ids="-".join)
def test_a_training_step(pair, policy):
    model = made(pair, policy)
    step = tf.function(model.train_step)
    graph = step.get_concrete_function(tf.TensorSpec([None, None], tf.int32)).graph
    assert without_a_kernel(graph) == set()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("pair", PARTS_BY_NAME, ids="-".join)
def test_a_step_of_generation(pair, policy):
    decoder = made(pair, policy).decoder

    @tf.function
    def step(token, z):
        return decoder.step(token, decoder.initial_state(z, 4), decoder.context(z))

    graph = step.get_concrete_function(tf.zeros([3], tf.int32), tf.zeros([3, 2])).graph
    assert without_a_kernel(graph) == set()
