"""Named arrays of numbers or text in a file, as protocol buffers."""

import os
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.named_tensor_pb2 import NamedTensorProto


def write_arrays(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays, a TFRecord file of `NamedTensorProto`.

    Args:
        path: the file.
        arrays: by name; of numbers, or of `bytes` with the type object.
    """
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, array in arrays.items():
            tensor = NamedTensorProto(name=name, tensor=tf.make_tensor_proto(array))
            writer.write(tensor.SerializeToString())


def read_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The arrays that `write_arrays` wrote, by name."""
    records = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    tensors = map(NamedTensorProto.FromString, records)
    return {tensor.name: tf.make_ndarray(tensor.tensor) for tensor in tensors}
