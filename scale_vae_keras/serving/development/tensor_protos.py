"""`TensorProto` to arrays and back."""

import math

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.framework.types_pb2 import DT_INVALID

from scale_vae_keras.serving.development.request_error import RequestError, invalid

MAX_ELEMENTS = 2**22
_FIELDS = {"f": "float_val", "d": "double_val", "i": "int_val", "l": "int64_val", "?": "bool_val"}


def array_from_proto(proto: TensorProto, name: str, expected: int, place: int) -> np.ndarray:
    """The array of a tensor in either of its encodings.

    Args:
        proto: what the client sent.
        name: name of the input.
        expected: the data type in the signature, a value of the enumeration `DataType`.
        place: place of the input in the signature.

    Raises:
        RequestError: the tensor is broken, too large, or of another type.
    """
    if proto.dtype == DT_INVALID:
        raise _broken(name)
    if proto.dtype != expected:
        raise invalid(
            f"Expects arg[{place}] to be {tf.as_dtype(expected).name} but "
            f"{_type_name(proto.dtype)} is provided ({name})"
        )
    sizes = [dimension.size for dimension in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or min(sizes, default=0) < 0:
        raise _broken(name)
    if math.prod(sizes) > MAX_ELEMENTS:
        raise invalid(f"tensor parsing error: {name} has more than {MAX_ELEMENTS} elements")
    try:
        return tf.io.parse_tensor(proto.SerializeToString(), tf.as_dtype(expected)).numpy()
    except tf.errors.OpError as error:
        raise _broken(name) from error


def _type_name(number: int) -> str:
    try:
        return tf.as_dtype(number).name
    except TypeError:
        return f"unknown type {number}"


def _broken(name: str) -> RequestError:
    return invalid(f"tensor parsing error: {name}")


def proto_from_array(array: np.ndarray) -> TensorProto:
    """The tensor with its values in the field of their type, as TensorFlow Serving sends them."""
    field = _FIELDS.get(array.dtype.char)
    if field is None:
        return tf.make_tensor_proto(array)
    proto = TensorProto(dtype=tf.as_dtype(array.dtype).as_datatype_enum)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, field).extend(array.ravel().tolist())
    return proto
