"""The cases of the contract, against the development server or a real one.

`SCALE_VAE_SERVING=REST_HOST:PORT,GRPC_HOST:PORT` names a `tensorflow_model_server` that serves the
conformance model as the file's "model" and "server" say; without it those tests are skipped.
"""

import gzip
import http.client
import json
import os
from pathlib import Path

import grpc
import pytest
import tensorflow as tf
from conformance_model import write_conformance_model
from google.protobuf.json_format import ParseDict
from running_server import running_server
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    predict_pb2,
)

from scale_vae_keras.serving.development.served_model import ServedModel

CONTRACT = json.loads((Path(__file__).parent / "contract_cases.json").read_text())
CASES = {case["name"]: case for case in CONTRACT["cases"]}
MESSAGES = {
    "PredictionService/Predict": (predict_pb2.PredictRequest, predict_pb2.PredictResponse),
    "PredictionService/GetModelMetadata": (
        get_model_metadata_pb2.GetModelMetadataRequest,
        get_model_metadata_pb2.GetModelMetadataResponse,
    ),
    "ModelService/GetModelStatus": (
        get_model_status_pb2.GetModelStatusRequest,
        get_model_status_pb2.GetModelStatusResponse,
    ),
    "ModelService/HandleReloadConfigRequest": (
        model_management_pb2.ReloadConfigRequest,
        model_management_pb2.ReloadConfigResponse,
    ),
}


@pytest.fixture(scope="module")
def development_server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("conformance") / "vae"
    write_conformance_model(directory)
    labels = CONTRACT["model"]["version_labels"]
    with running_server(ServedModel("vae", directory, labels, versions=2)) as server:
        yield f"127.0.0.1:{server.rest_port}", f"127.0.0.1:{server.grpc_port}"


@pytest.fixture(params=["development", "real"])
def addresses(request):
    if request.param == "development":
        return request.getfixturevalue("development_server")
    if "SCALE_VAE_SERVING" not in os.environ:
        pytest.skip("no tensorflow_model_server: set SCALE_VAE_SERVING=REST_ADDRESS,GRPC_ADDRESS")
    return tuple(os.environ["SCALE_VAE_SERVING"].split(","))


@pytest.mark.parametrize("name", CASES)
def test_case(name, addresses):
    case = CASES[name]
    rest, channel = addresses
    if case["protocol"] == "rest":
        check_rest(case, rest)
    else:
        check_grpc(case, channel)


def test_there_are_seventy_cases():
    assert len(CASES) == 70


def ask_rest(request, address):
    headers = dict(request.get("headers", {}))
    body = request.get("text")
    if "json" in request:
        body = json.dumps(request["json"])
    body = body if body is None else body.encode()
    if headers.get("Content-Encoding") == "gzip":
        body = gzip.compress(body)
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(request["method"], request["path"], body, headers)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read()
    finally:
        connection.close()


def check_rest(case, address):
    expected = case["expected"]
    status, content_type, content = ask_rest(case["request"], address)
    assert status == expected["status"], content
    body = expected["body"]
    if body.get("json") is False:
        # What is no JSON may say its character set.
        assert content_type.split(";")[0] == expected["content_type"]
        for part in body.get("text_contains", ()):
            assert part in content.decode()
        return
    assert content_type == expected["content_type"]
    document = json.loads(content)
    assert sorted(document) == sorted(body["keys"])
    for part in body.get("error_contains", ()):
        assert part.lower() in document["error"].lower()
    if "versions" in body:
        entries = document["model_version_status"]
        assert sorted(entry["version"] for entry in entries) == body["versions"]
        assert [int(entry["version"]) for entry in entries] == sorted(
            (int(entry["version"]) for entry in entries), reverse=True
        )
        assert {entry["state"] for entry in entries} == {body["state"]}
    if "entry_form" in body:
        for entry in document["model_version_status"]:
            assert entry["status"] == body["entry_form"]["status"]
    value = document.get("predictions", document.get("outputs"))
    if "outputs_keys" in body:
        assert sorted(value) == sorted(body["outputs_keys"])
    for key, length in body.get("len", {}).items():
        assert len(value[key]) == length
    if "list_len" in body:
        assert len(value) == body["list_len"]
    if "equals_case" in body:
        other = ask_rest(CASES[body["equals_case"]]["request"], address)[2]
        assert document == json.loads(other)


def message_of(method, content):
    tensors = content.get("inputs", {})
    message = ParseDict(
        {name: value for name, value in content.items() if name != "inputs"}, MESSAGES[method][0]()
    )
    for name, tensor in tensors.items():
        proto = message.inputs[name]
        if tensor["dtype"] != "DT_INVALID":
            dtype = types_pb2.DataType.Value(tensor["dtype"])
            proto.CopyFrom(tf.make_tensor_proto(tensor["values"], dtype, tensor["shape"]))
    return message


def check_grpc(case, address):
    request, expected = case["request"], case["expected"]
    method = request["method"].removeprefix("tensorflow.serving.")
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(
            f"/{request['method']}",
            request_serializer=MESSAGES[method][0].SerializeToString,
            response_deserializer=MESSAGES[method][1].FromString,
        )
        answer = call.future(
            message_of(method, request["message"]), timeout=request.get("timeout_s", 30)
        )
        assert answer.code().name == expected["code"], answer.details()
    if expected["code"] != "OK":
        for part in expected.get("details_contains", ()):
            assert part in answer.details()
        return
    response = answer.result()
    if "model_spec" in expected:
        spec = response.model_spec
        assert spec.name == expected["model_spec"]["name"]
        assert spec.version.value == expected["model_spec"]["version"]
        assert spec.signature_name == expected["model_spec"]["signature_name"]
    for name, tensor in expected.get("outputs", {}).items():
        array = tf.make_ndarray(response.outputs[name])
        assert types_pb2.DataType.Name(response.outputs[name].dtype) == tensor["dtype"]
        if "shape" in tensor:
            assert list(array.shape) == tensor["shape"]
    if "outputs_exactly" in expected:
        assert sorted(response.outputs) == expected["outputs_exactly"]
    if "versions" in expected:
        entries = response.model_version_status
        assert sorted(entry.version for entry in entries) == expected["versions"]
        assert {entry.State.Name(entry.state) for entry in entries} == {expected["state"]}
        assert {entry.status.error_code for entry in entries} == {expected["error_code"]}
