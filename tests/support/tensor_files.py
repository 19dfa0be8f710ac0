"""Named arrays in a file, with nothing but TensorFlow; text is `bytes` in arrays of objects."""

import tensorflow as tf
from tensorflow.core.protobuf.named_tensor_pb2 import NamedTensorProto


def write_arrays(path, arrays):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, array in arrays.items():
            tensor = NamedTensorProto(name=name, tensor=tf.make_tensor_proto(array))
            writer.write(tensor.SerializeToString())


def read_arrays(path):
    records = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    tensors = map(NamedTensorProto.FromString, records)
    return {tensor.name: tf.make_ndarray(tensor.tensor) for tensor in tensors}
