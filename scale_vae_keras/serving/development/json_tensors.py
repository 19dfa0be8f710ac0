"""The JSON of the REST interface, both ways."""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from scale_vae_keras.serving.development.request_error import RequestError, invalid

_SHOWN = 256
_TYPES = {dict: "Object", list: "Array", str: "String", bool: "Bool", type(None): "Null"}

Arrays = dict[str, np.ndarray]


def _first_of_equal_names(pairs):
    return dict(reversed(pairs))


def _finite_decimal(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{digits[:20]} is too large for a number")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_first_of_equal_names, parse_float=_finite_decimal)


def parse_object(body: bytes) -> dict:
    """The object at the start of a body; what follows it is ignored.

    Raises:
        RequestError: the body is not JSON in UTF-8, or does not begin with an object.
    """
    try:
        text = body.decode("utf-8-sig").lstrip(" \t\r\n")
        if not text:
            raise invalid("JSON Parse error: The document is empty")
        document, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise invalid(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {_show(document)} Is not object")
    return document


def signature_name(document: dict) -> str:
    """The `signature_name` of a request, empty when it has none.

    Raises:
        RequestError: it is not a string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid(
            f"JSON Value: {_show(document)} not formatted correctly. 'signature_name' key must be "
            "a string value."
        )
    return name


def parse_inputs(document: dict, infos: Mapping[str, TensorInfo]) -> tuple[Arrays, bool]:
    """The inputs of a request for prediction.

    Args:
        document: the request.
        infos: the inputs of the signature by name.

    Returns:
        Arrays by name, and whether the request is in row form.

    Raises:
        RequestError: the inputs do not fit the signature.
    """
    if "instances" in document:
        if "inputs" in document:
            raise invalid(
                f"JSON Value: {_show(document)} Not formatted correctly expecting only one of "
                "'inputs' or 'instances' keys to exist"
            )
        read, value = _rows, document["instances"]
    elif "inputs" in document:
        read, value = _columns, document["inputs"]
    else:
        raise invalid("Missing 'inputs' or 'instances' key")
    try:
        return read(value, infos), read is _rows
    except RecursionError as error:
        raise invalid("JSON Value: lists are nested too deeply") from error


def _rows(instances: Any, infos: Mapping[str, TensorInfo]) -> Arrays:
    if not isinstance(instances, list):
        raise invalid("JSON Value: Expecting 'instances' to be an list/array")
    if not instances:
        raise invalid("JSON Value: No values in 'instances' array")
    if len(infos) > 1 and not isinstance(instances[0], dict):
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    named = _is_named(instances[0])
    columns: dict[str, list] = {name: [] for name in infos}
    for place, element in enumerate(instances):
        if _is_named(element) != named:
            expected, got = ("object", "value/list") if named else ("value/list", "object")
            raise invalid(f"Expecting {expected} but got {got} at item {place} of input list")
        if not named:
            element = {next(iter(infos)): element}
        for name in element:
            if name not in infos:
                raise invalid(
                    f"Failed to process element: {place} key: {name[:_SHOWN]} of 'instances' "
                    f"list. Error: JSON object: does not have named input: {name[:_SHOWN]}"
                )
        if set(element) != set(infos):
            raise invalid(
                f"Failed to process element: {place} of 'instances' list. JSON object: "
                f"{_show(element)} keys must be equal to: {','.join(sorted(infos))}"
            )
        for name, value in element.items():
            columns[name].append(value)
    return {name: _stack(values, infos[name].dtype) for name, values in columns.items()}


def _is_named(element: Any) -> bool:
    return isinstance(element, dict) and not _is_base64(element)


def _stack(values: list, dtype: int) -> np.ndarray:
    arrays = []
    for place, value in enumerate(values):
        try:
            arrays.append(_array(value, dtype))
        except RequestError as error:
            raise invalid(
                f"Failed to process element: {place} of 'instances' list. Error: {error.message}"
            ) from error
        if arrays[-1].shape != arrays[0].shape:
            raise invalid(
                f"Failed to process element: {place} of 'instances' list. Error: Expecting shape "
                f"{list(arrays[0].shape)} but got: {list(arrays[-1].shape)}"
            )
    return np.stack(arrays)


def _columns(inputs: Any, infos: Mapping[str, TensorInfo]) -> Arrays:
    if not _is_named(inputs):
        if len(infos) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        inputs = {next(iter(infos)): inputs}
    for name in infos:
        if name not in inputs:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
    return {name: _array(inputs[name], info.dtype) for name, info in infos.items()}


def _array(value: Any, dtype: int) -> np.ndarray:
    shape = []
    first = value
    while isinstance(first, list):
        shape.append(len(first))
        if not first:
            break
        first = first[0]
    flat: list = []
    _flatten(value, 0, shape, tf.as_dtype(dtype), flat)
    with np.errstate(over="ignore"):
        array = np.array(flat, tf.as_dtype(dtype).as_numpy_dtype)
    try:
        return array.reshape(shape)
    except ValueError as error:
        raise invalid(f"JSON Value: {_show(value)} has too many dimensions") from error


def _flatten(value: Any, level: int, shape: list[int], dtype: tf.DType, flat: list) -> None:
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid(
                f"JSON Value: {_show(value)} found at incorrect level: {level + 1} in the JSON "
                f"DOM. Expected at level: {len(shape)}"
            )
        flat.append(_scalar(value, dtype))
        return
    if level >= len(shape):
        raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
            f"{shape[level]}"
        )
    for element in value:
        _flatten(element, level + 1, shape, dtype, flat)


def _scalar(value: Any, dtype: tf.DType) -> Any:
    kind = type(value)
    if dtype == tf.string:
        if kind is str:
            return _utf8(value)
        if kind is dict:
            return _base64(value)
    elif dtype == tf.bool:
        if kind is bool:
            return value
    elif dtype.is_floating:
        if kind in (int, float):
            return _as_float(value)
    elif dtype.is_integer and kind is int and dtype.min <= value <= dtype.max:
        return value
    raise invalid(
        f"JSON Value: {_show(value)} Type: {_TYPES.get(kind, 'Number')} is not of expected type: "
        f"{dtype.name}"
    )


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise invalid(f"JSON Parse error: {_show(value)} is too large for a number") from error


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise invalid(f"JSON Parse error: a lone surrogate in a string: {error}") from error


def _is_base64(value: dict) -> bool:
    return len(value) == 1 and isinstance(value.get("b64"), str)


def _base64(value: dict) -> bytes:
    if not _is_base64(value):
        raise invalid(f"JSON Value: {_show(value)} not formatted correctly for base64 data")
    text = value["b64"]
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("Unable to base64 decode") from error


def _show(value: Any) -> str:
    try:
        return json.dumps(value)[:_SHOWN]
    except (RecursionError, ValueError):
        return f"({type(value).__name__})"


def to_json(outputs: Arrays, row_form: bool) -> bytes:
    """The answer to a request for prediction.

    Args:
        outputs: arrays by name.
        row_form: whether to answer with one element per row.

    Raises:
        RequestError: the outputs do not have the same number of rows, in row form.
    """
    if row_form:
        document = {"predictions": _predictions(outputs)}
    elif len(outputs) == 1:
        ((name, array),) = outputs.items()
        document = {"outputs": _plain(name, array)}
    else:
        document = {"outputs": {name: _plain(name, array) for name, array in outputs.items()}}
    return json.dumps(document, ensure_ascii=False).encode(errors="surrogateescape")


def _predictions(outputs: Arrays) -> list:
    rows = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information")
        if rows not in (None, len(array)):
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {rows}"
            )
        rows = len(array)
    columns = {name: _plain(name, array) for name, array in outputs.items()}
    if len(columns) == 1:
        return next(iter(columns.values()))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(name: str, array: np.ndarray) -> Any:
    if array.dtype == np.float32:
        shortest_digits = array.astype(str)
        return shortest_digits.astype(np.float64).tolist()
    if array.dtype == object:
        if name.endswith("_bytes"):
            return _map(lambda value: {"b64": base64.b64encode(value).decode()}, array.tolist())
        return _map(lambda value: value.decode(errors="surrogateescape"), array.tolist())
    return array.tolist()


def _map(function, value):
    if isinstance(value, list):
        return [_map(function, element) for element in value]
    return function(value)
