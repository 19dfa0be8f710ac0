import json

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from scale_vae_keras.serving.development.json_tensors import (
    parse_inputs,
    parse_object,
    signature_name,
    to_json,
)
from scale_vae_keras.serving.development.request_error import RequestError


def infos(**dtypes):
    return {
        name: TensorInfo(dtype=dtype.as_datatype_enum) for name, dtype in sorted(dtypes.items())
    }


FLOAT, INT, TEXT = tf.float32, tf.int64, tf.string


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"a": 1} and more', {"a": 1}),
        (b' \n{"a": 1}{', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', {"a": 1}),
        (b'{"a": -Infinity}', {"a": -np.inf}),
    ],
)
def test_the_first_object_is_read(body, document):
    assert parse_object(body) == document


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "document is empty"),
        (b"  ", "document is empty"),
        (b"{", "JSON Parse error"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": "\xff"}', "JSON Parse error"),
        (b'{"a": ' + b"[" * 100_000, "JSON Parse error"),
        (b'{"a": ' + b"9" * 5000 + b"}", "JSON Parse error"),
        (b"null", "Is not object"),
        (b'"{}"', "Is not object"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_object_is_refused(body, message):
    with pytest.raises(RequestError, match=message) as caught:
        parse_object(body)
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_the_name_of_the_signature_is_a_string():
    assert signature_name({}) == ""
    assert signature_name({"signature_name": "score"}) == "score"
    with pytest.raises(RequestError, match="must be a string"):
        signature_name({"signature_name": 1})


@pytest.mark.parametrize(
    ("document", "types", "expected"),
    [
        ({"inputs": 1.5}, {"a": FLOAT}, {"a": np.float32(1.5)}),
        ({"inputs": {"a": 1, "b": 2, "z": 0}}, {"a": FLOAT, "b": INT}, {"a": 1.0, "b": 2}),
        ({"inputs": {"a": [[1, 2], [3, 4]]}}, {"a": FLOAT}, {"a": [[1, 2], [3, 4]]}),
        ({"inputs": []}, {"a": FLOAT}, {"a": np.zeros([0])}),
        ({"inputs": {"b64": "YQ"}}, {"a": TEXT}, {"a": b"a"}),
        ({"instances": [1, 2]}, {"a": INT}, {"a": [1, 2]}),
        ({"instances": [[1, 2]]}, {"a": FLOAT}, {"a": [[1, 2]]}),
        ({"instances": ["é", {"b64": "/w=="}]}, {"a": TEXT}, {"a": ["é".encode(), b"\xff"]}),
        (
            {"instances": [{"a": 1, "b": 2}, {"b": 4, "a": 3}]},
            {"a": FLOAT, "b": INT},
            {"a": [1.0, 3.0], "b": [2, 4]},
        ),
        ({"inputs": 1e300}, {"a": FLOAT}, {"a": np.inf}),
        ({"inputs": -(2**63)}, {"a": INT}, {"a": -(2**63)}),
    ],
)
def test_inputs_become_arrays(document, types, expected):
    arrays, row_form = parse_inputs(document, infos(**types))
    assert row_form == ("instances" in document)
    assert set(arrays) == set(expected)
    for name, array in arrays.items():
        assert array.dtype == types[name].as_numpy_dtype
        assert array.tolist() == np.array(expected[name]).tolist()


@pytest.mark.parametrize(
    ("document", "types", "message"),
    [
        ({}, {"a": INT}, "Missing 'inputs' or 'instances'"),
        ({"inputs": 1, "instances": [1]}, {"a": INT}, "only one of"),
        ({"instances": {}}, {"a": INT}, "to be an list"),
        ({"instances": []}, {"a": INT}, "No values in 'instances'"),
        ({"instances": [1]}, {"a": INT, "b": INT}, "list of objects"),
        ({"instances": [{"b64": "YQ=="}]}, {"a": INT, "b": INT}, "keys must be equal to|named"),
        ({"instances": [{"a": 1}, 2]}, {"a": INT}, "Expecting object but got"),
        ({"instances": [1, {"a": 2}]}, {"a": INT}, "Expecting value/list but got object"),
        ({"instances": [{"a": 1, "c": 1}]}, {"a": INT}, "does not have named input: c"),
        ({"instances": [{"a": 1}]}, {"a": INT, "b": INT}, "keys must be equal to: a,b"),
        ({"instances": [[1], [1, 2]]}, {"a": INT}, "Expecting shape"),
        ({"instances": [True]}, {"a": INT}, "not of expected type: int64"),
        ({"inputs": 1.0}, {"a": INT}, "not of expected type: int64"),
        ({"inputs": 2**63}, {"a": INT}, "not of expected type: int64"),
        ({"inputs": None}, {"a": FLOAT}, "Null is not of expected type: float"),
        ({"inputs": True}, {"a": FLOAT}, "Bool is not of expected type: float"),
        ({"inputs": 10**400}, {"a": FLOAT}, "too large"),
        ({"inputs": "\ud800"}, {"a": TEXT}, "lone surrogate"),
        ({"inputs": {"a": {"b64": "@"}}}, {"a": TEXT}, "base64"),
        ({"inputs": {"a": {"b64": "YQ==", "c": 1}}}, {"a": TEXT}, "base64"),
        ({"inputs": {"b": 1}}, {"a": INT}, "Missing named input: a"),
        ({"inputs": [1]}, {"a": INT, "b": INT}, "plain value/list"),
        ({"inputs": [[1], 2]}, {"a": INT}, "incorrect level"),
        ({"inputs": [1, [2]]}, {"a": INT}, "unexpected level"),
        ({"inputs": [[1], [1, 2]]}, {"a": INT}, "unexpected size"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_inputs_that_do_not_fit_are_refused(document, types, message):
    with pytest.raises(RequestError, match=message) as caught:
        parse_inputs(document, infos(**types))
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_lists_nested_deeper_than_any_tensor_are_refused():
    value = 1
    for _ in range(200):
        value = [value]
    with pytest.raises(RequestError, match="too many dimensions"):
        parse_inputs({"inputs": value}, infos(a=INT))


OUTPUTS = {
    "text": np.array([b"a", "é".encode()], object),
    "raw_bytes": np.array([b"\xff", b""], object),
    "score": np.array([0.2, np.nan], np.float32),
    "codes": np.array([[1, 2], [3, 4]]),
}


def test_columns_are_answered_by_name():
    document = json.loads(to_json(OUTPUTS, row_form=False))["outputs"]
    assert document["text"] == ["a", "é"]
    assert document["raw_bytes"] == [{"b64": "/w=="}, {"b64": ""}]
    assert document["score"][0] == 0.2
    assert np.isnan(document["score"][1])
    assert document["codes"] == [[1, 2], [3, 4]]
    assert json.loads(to_json({"a": np.array(3)}, row_form=False)) == {"outputs": 3}


def test_rows_are_answered_one_by_one():
    assert json.loads(to_json({"a": np.array([1, 2])}, row_form=True)) == {"predictions": [1, 2]}
    pair = {"a": np.array([1, 2]), "b": np.array([[3], [4]])}
    assert json.loads(to_json(pair, row_form=True)) == {
        "predictions": [{"a": 1, "b": [3]}, {"a": 2, "b": [4]}]
    }
    with pytest.raises(RequestError, match="no shape information"):
        to_json({"a": np.array(1)}, row_form=True)
    with pytest.raises(RequestError, match="inconsistent batch size"):
        to_json({"a": np.array([1]), "b": np.array([1, 2])}, row_form=True)


def test_text_that_is_not_utf8_is_written_raw():
    assert to_json({"a": np.array([b"\xff"], object)}, row_form=True) == (
        b'{"predictions": ["\xff"]}'
    )
