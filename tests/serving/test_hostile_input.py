"""Whatever a client sends, the server answers and stays as it was."""

import contextlib
import gzip
import http.client
import json
import math
import socket
import struct
import time

import grpc
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_process import server_process
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import predict_pb2

from scale_vae_keras.serving import Client
from scale_vae_keras.serving.development.rest import HTTP_STATUS

PATH = "/v1/models/reviews:predict"
SIGNATURES = [
    *("generate", "encode", "decode", "beam", "reconstruct", "interpolate", "shift", "score"),
]
INPUTS = [
    *("seed", "temperature", "top_p", "text", "z", "start", "end", "alpha", "vector", "amount"),
]
MANY = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
numbers = (
    st.integers(-(2**65), 2**65)
    | st.floats()
    | st.sampled_from([0, -1, -0.0, 1e-45, 3.4e38, 1e300, math.nan, math.inf, -math.inf])
)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=20)
values = st.recursive(
    scalars | st.fixed_dictionaries({"b64": st.text(max_size=8)}),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, min_size=64, max_size=66),
    max_leaves=80,
)
likely = {
    "seed": st.lists(st.integers(-(2**63), 2**63 - 1) | scalars, max_size=3),
    "temperature": st.lists(numbers, max_size=3),
    "top_p": st.lists(numbers, max_size=3),
    "alpha": st.lists(numbers, max_size=3),
    "amount": st.lists(numbers, max_size=3),
    "z": st.lists(st.lists(numbers, min_size=3, max_size=5), max_size=3),
    "vector": st.lists(st.lists(numbers, min_size=3, max_size=5), max_size=3),
}
inputs = st.fixed_dictionaries(
    {},
    optional={
        name: likely.get(name, st.lists(st.text(max_size=30), max_size=3)) | values
        for name in INPUTS
    },
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "signature_name": st.sampled_from([*SIGNATURES, "serving_default", "", "no", 3, None]),
        "inputs": inputs | values,
        "instances": st.lists(inputs | values, max_size=4) | values,
    },
)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("log") / "log"


@pytest.fixture(scope="module")
def server(models, log):
    with server_process(models, log) as server:
        yield server


@pytest.fixture(autouse=True)
def _stays_as_it_was(server):
    yield
    assert server.process.poll() is None
    with Client(f"http://{server.rest}", "reviews") as client:
        assert client.request("decode", z=[[0.0] * 4])["text"]


def check_answer(status, body):
    assert status in HTTP_STATUS.values()
    assert status not in (500, 503)
    document = json.loads(body, parse_constant=pytest.fail)  # NaN is no answer
    if status == 200:
        assert set(document) in ({"outputs"}, {"predictions"})
    else:
        assert isinstance(document["error"], str)
        assert document["error"]


def post(address, body, headers=None):
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("POST", PATH, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@MANY
@given(document=documents)
def test_documents(server, document):
    check_answer(*post(server.rest, json.dumps(document)))


@settings(MANY, max_examples=100)
@given(body=st.binary(max_size=200), packed=st.booleans())
def test_bodies(server, body, packed):
    check_answer(*post(server.rest, body, {"Content-Encoding": "gzip"} if packed else {}))


PACKED = gzip.compress(b'{"inputs": {"seed": [1], "temperature": [1.0], "top_p": [1.0]}}')


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"inputs":' * 50_000, {}),
        (b'{"inputs":' + b"[" * 50_000 + b"]" * 50_000 + b"}", {}),
        (json.dumps({"signature_name": "encode", "inputs": ["\0" * 1_000_000]}), {}),
        (json.dumps({"signature_name": "encode", "inputs": ["a b " * 250_000]}), {}),
        (json.dumps({"signature_name": "encode", "inputs": ["a"] * 100_000}), {}),
        (b'{"signature_name": "encode", "inputs": ["\xff\xfe"]}', {}),
        (PACKED[:20], {"Content-Encoding": "gzip"}),
        (gzip.compress(b" " * 10**8), {"Content-Encoding": "gzip"}),
        (PACKED, {"Content-Encoding": "br"}),
    ],
    ids=["objects", "lists", "nul", "words", "rows", "utf8", "cut", "bomb", "encoding"],
)
def test_large_and_broken_bodies(server, body, headers):
    check_answer(*post(server.rest, body, headers))


shapes = st.lists(st.integers(-3, 5) | st.sampled_from([2**31, 2**62, 65]), max_size=4)


types = st.sampled_from(3 * [types_pb2.DT_FLOAT, types_pb2.DT_INT64, types_pb2.DT_STRING]) | (
    st.sampled_from([*types_pb2.DataType.values(), 999])
)


@st.composite
def tensors(draw):
    tensor = tensor_pb2.TensorProto(dtype=draw(types))
    for size in draw(shapes | st.just([1]) | st.just([1, 4])):
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_shape.unknown_rank = draw(st.sampled_from([False] * 9 + [True]))
    tensor.float_val.extend(draw(st.lists(st.floats(width=32), max_size=4)))
    tensor.int64_val.extend(draw(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)))
    tensor.string_val.extend(draw(st.lists(st.binary(max_size=20), max_size=4)))
    tensor.tensor_content = draw(st.just(b"") | st.binary(max_size=20))
    return tensor


@settings(MANY, max_examples=200)
@given(
    signature=st.sampled_from(SIGNATURES),
    protos=st.dictionaries(st.sampled_from(INPUTS), tensors(), max_size=4),
    fitting=st.booleans(),
)
def test_tensors(server, signature, protos, fitting):
    names = {
        "generate": ["seed", "temperature", "top_p"],
        "decode": ["z"],
        "beam": ["z"],
        "interpolate": ["start", "end", "alpha"],
        "shift": ["text", "vector", "amount"],
        "score": ["text", "seed"],
    }.get(signature, ["text"])
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "reviews"
    request.model_spec.signature_name = signature
    for name, (sent, proto) in zip(names, protos.items(), strict=False):
        request.inputs[name if fitting else sent].CopyFrom(proto)
    with grpc.insecure_channel(server.grpc) as channel:
        call = channel.unary_unary(
            "/tensorflow.serving.PredictionService/Predict",
            request_serializer=predict_pb2.PredictRequest.SerializeToString,
            response_deserializer=predict_pb2.PredictResponse.FromString,
        )
        answer = call.future(request, timeout=60)
        assert answer.code().name in ("OK", "INVALID_ARGUMENT"), answer.details()
        if answer.code() == grpc.StatusCode.OK:
            outputs = map(tf.make_ndarray, answer.result().outputs.values())
            assert all(np.isfinite(array).all() for array in outputs if array.dtype.kind == "f")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n\r\n",
        b"\x16\x03\x01" + bytes(100),
        b"GET /v1/models/reviews",
        f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode(),
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /v1/models/%00%ff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
@pytest.mark.parametrize("interface", ["rest", "grpc"])
def test_connections_that_break_off(server, sent, interface):
    host, port = getattr(server, interface).split(":")
    for _ in range(3):
        with (
            socket.create_connection((host, int(port)), timeout=20) as connection,
            contextlib.suppress(OSError),
        ):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(0.2)
            while connection.recv(4096):
                pass


RESET = struct.pack("ii", 1, 0)
BODY = b'{"inputs": {"seed": [1], "temperature": [1.0], "top_p": [1.0]}}'
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: a\r\n".encode()


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        (HEAD + b"Content-Length: 100\r\n\r\nabc", f"REST POST {PATH} 499 "),
        (HEAD + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n", f"REST POST {PATH} 499 "),
        (HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY), f"REST POST {PATH} 200 "),
        (HEAD + b"Content-Length: -1\r\n\r\n", "REST malformed 400: Invalid character in"),
    ],
    ids=["mid-body", "expect", "answer", "length"],
)
def test_a_reset_connection_is_one_line_in_the_log(server, log, sent, line):
    host, port = server.rest.split(":")
    before = len(log.read_text())
    for _ in range(5):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(sent)
            time.sleep(0.05)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    lines = []
    for _ in range(100):
        lines = log.read_text()[before:].splitlines()
        if len(lines) >= 5:
            break
        time.sleep(0.05)
    assert len(lines) == 5
    assert all(line in each for each in lines)


def test_every_call_is_one_line_in_the_log(server, log):
    before = len(log.read_text())
    with grpc.insecure_channel(server.grpc) as channel:

        def call(method, content=b"", seconds=60):
            future = channel.unary_unary(f"/tensorflow.serving.{method}").future(content, seconds)
            return future.code().name

        request = predict_pb2.PredictRequest()
        request.model_spec.name = "reviews"
        request.inputs["seed"].CopyFrom(tf.make_tensor_proto(list(range(64)), tf.int64))
        for name in ("temperature", "top_p"):
            request.inputs[name].CopyFrom(tf.make_tensor_proto([1.0] * 64, tf.float32))
        assert call("PredictionService/Predict", b"\xff\xff") == "INTERNAL"
        assert call("PredictionService/Nothing") == "UNIMPLEMENTED"
        assert call("ModelService/GetModelStatus") == "INVALID_ARGUMENT"
        content = request.SerializeToString()
        assert call("PredictionService/Predict", content, 0.002) == "DEADLINE_EXCEEDED"
        assert call("PredictionService/Predict", content) == "OK"
    lines = [line.split(" gRPC ")[1] for line in log.read_text()[before:].splitlines()]
    said = [" ".join(line.split()[:2]) for line in lines]
    # The call past its deadline may end before the server hears of it; otherwise the server
    # sees that the client left or its own clock run out, whichever comes first.
    late = [each for each in said if each in ("Predict CANCELLED", "Predict DEADLINE_EXCEEDED")]
    assert len(late) <= 1
    assert [each for each in said if each not in late] == [
        "Predict INTERNAL",
        "Nothing UNIMPLEMENTED",
        "GetModelStatus INVALID_ARGUMENT",
        "Predict OK",
    ]


def test_memory_does_not_grow(server):
    bodies = [
        json.dumps({"signature_name": "encode", "inputs": ["a b " * 250_000]}),
        json.dumps({"inputs": {"seed": [1], "temperature": [-1], "top_p": [1]}}),
        json.dumps(
            {"inputs": {"seed": list(range(64)), "temperature": [1] * 64, "top_p": [1] * 64}}
        ),
        b'{"inputs":' + b"[" * 50_000,
        b"{" + b" " * 2_000_000,
    ]

    def ask_all():
        for body in bodies:
            check_answer(*post(server.rest, body))

    for _ in range(20):
        ask_all()
    before = server.resident_bytes()
    for _ in range(40):
        ask_all()
    assert server.resident_bytes() < 1.1 * before
