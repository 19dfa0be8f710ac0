import contextlib
import copy
import http.server
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent import futures

import grpc
import pytest
from tensorflow.core.framework.types_pb2 import DT_INT64, DT_STRING
from tensorflow_serving.apis import get_model_metadata_pb2, prediction_service_pb2_grpc

from scale_vae_keras.errors import InputError
from scale_vae_keras.serving import Client, ServingError
from scale_vae_keras.serving import client as client_module
from scale_vae_keras.serving.client import read_inputs

SIGNATURES = {"echo": {"inputs": {"seed": "DT_INT64"}, "outputs": {"text": "DT_STRING"}}}
METADATA = {
    "metadata": {
        "signature_def": {
            "signature_def": {
                "echo": {
                    "inputs": {"seed": {"dtype": "DT_INT64"}},
                    "outputs": {"text": {"dtype": "DT_STRING"}},
                },
                "say": {
                    "inputs": {"text": {"dtype": "DT_STRING"}},
                    "outputs": {"text": {"dtype": "DT_STRING"}},
                },
                "__saved_model_init_op": {"inputs": {}, "outputs": {"a": {"dtype": "DT_INVALID"}}},
            }
        }
    }
}


class Script(http.server.BaseHTTPRequestHandler):
    """Answers with the metadata, and requests for prediction as the server's list says."""

    def do_GET(self):
        if self.path == "/v1/models":
            self.answer(*self.server.unnamed)
        else:
            self.server.descriptions += 1
            self.answer(*self.server.metadata)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, json.loads(body)))
        self.answer(*self.server.answers.pop(0))

    def answer(self, status, document, missing=0, pause=0.0):
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) + missing))
        self.end_headers()
        if not pause:
            self.wfile.write(content)
            return
        with contextlib.suppress(ConnectionError):
            for byte in content:
                self.wfile.write(bytes([byte]))
                threading.Event().wait(pause)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Script) as server:
        server.answers, server.requests = [], []
        server.metadata, server.descriptions = (200, METADATA), 0
        server.unnamed = 400, {"error": "Missing model name in request."}
        server.address = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def pauses(monkeypatch):
    pauses = []
    monkeypatch.setattr(client_module.time, "sleep", pauses.append)
    return pauses


OK = (200, {"outputs": ["a"]})
BUSY = (503, {"error": "busy"})


def test_unavailable_is_tried_again_with_growing_pauses(server, pauses):
    server.answers = [BUSY, BUSY, OK]
    with Client(f"http://{server.address}", "m") as client:
        assert client.request("echo", seed=[1]) == {"text": ["a"]}
    body = {"signature_name": "echo", "inputs": {"seed": [1]}}
    assert server.requests == [("/v1/models/m:predict", body)] * 3
    assert pauses == [0.1, 0.2]


def test_unavailable_is_told_after_the_last_try(server, pauses):
    server.answers = [BUSY] * 3
    with (
        Client(f"http://{server.address}", "m", retries=2) as client,
        pytest.raises(ServingError, match=r"^UNAVAILABLE: busy$"),
    ):
        client.request("echo", seed=[1])
    assert server.answers == []
    assert pauses == [0.1, 0.2]


def test_tries_end_with_the_time(server, pauses):
    server.answers = [BUSY] * 2
    with (
        Client(f"http://{server.address}", "m", timeout=0.05) as client,
        pytest.raises(ServingError, match="busy"),
    ):
        client.request("echo", seed=[1])
    assert len(server.answers) == 1
    assert pauses == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID_ARGUMENT"),
        (404, "NOT_FOUND"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "UNKNOWN"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_other_errors_are_told_at_once(server, status, code):
    server.answers = [(status, {"error": "what the server says"})]
    with (
        Client(f"http://{server.address}", "m") as client,
        pytest.raises(ServingError, match="what the server says") as caught,
    ):
        client.request("echo", seed=[1])
    assert caught.value.code == code
    assert caught.value.message == "what the server says"


@pytest.mark.parametrize("status", [502, 503])
def test_a_proxy_without_a_server_is_tried_again(server, pauses, status):
    server.answers = [(status, b"<html>no healthy upstream</html>"), OK]
    with Client(f"http://{server.address}", "m") as client:
        assert client.request("echo", seed=[1]) == {"text": ["a"]}
    assert pauses == [0.1]


@pytest.mark.parametrize(("status", "code"), [(200, "UNKNOWN"), (504, "DEADLINE_EXCEEDED")])
def test_an_answer_without_json_keeps_the_code_of_its_status(server, status, code):
    server.answers = [(status, b"<html>")]
    with (
        Client(f"http://{server.address}", "m") as client,
        pytest.raises(ServingError, match=f"^{code}: no JSON in the answer, status {status}$"),
    ):
        client.request("echo", seed=[1])


def test_the_time_limit_is_one_for_the_whole_answer(server):
    server.answers = [(200, {"outputs": ["a" * 40]}, 0, 0.1)]
    with (
        Client(f"http://{server.address}", "m", timeout=1) as client,
        pytest.raises(ServingError, match=r"^DEADLINE_EXCEEDED: .* did not answer in time$"),
    ):
        client.request("echo", seed=[1])


def test_an_answer_that_breaks_off_is_asked_for_again(server, pauses):
    server.answers = [(*OK, 5), OK]
    with Client(f"http://{server.address}", "m") as client:
        assert client.request("echo", seed=[1]) == {"text": ["a"]}
    assert pauses == [0.1]


def test_bytes_that_are_no_text_are_shown_as_over_grpc(server):
    server.answers = [(200, b'{"outputs": ["a\xff"]}')]
    with Client(f"http://{server.address}", "m") as client:
        assert client.request("echo", seed=[1]) == {"text": ["a\ufffd"]}


def test_the_time_limit_is_one_for_the_first_line_and_the_headers(pauses):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection, contextlib.suppress(ConnectionError):
                connection.sendall(b"HTTP/1.0 200 OK\r\n")
                for number in range(100):
                    connection.sendall(b"X-Header: %d\r\n" % number)
                    threading.Event().wait(0.1)

        thread = threading.Thread(target=answer)
        thread.start()
        with (
            Client(f"http://127.0.0.1:{listener.getsockname()[1]}", "m", timeout=1) as client,
            pytest.raises(ServingError, match=r"^DEADLINE_EXCEEDED: .* did not answer in time$"),
        ):
            client.signatures()
        thread.join()


def test_the_time_limit_is_one_for_all_that_a_request_asks(server):
    slow = 0.7 / len(json.dumps(METADATA))
    server.metadata = 200, METADATA, 0, slow
    server.answers = [(200, {"outputs": ["a" * 400]}, 0, slow)]
    with (
        Client(f"http://{server.address}", "m", timeout=1) as client,
        pytest.raises(ServingError, match=r"^DEADLINE_EXCEEDED"),
    ):
        client.request("echo", seed=[1])


@pytest.mark.parametrize("scheme", ["http://", "grpc://", ""])
def test_no_server_is_unavailable(scheme, pauses):
    with (
        Client(f"{scheme}127.0.0.1:9", "m", timeout=5) as client,
        pytest.raises(ServingError) as caught,
    ):
        client.signatures()
    assert caught.value.code == "UNAVAILABLE"
    assert len(pauses) == 3


def test_version_label_and_name_are_part_of_the_path(server):
    server.answers = [OK, OK]
    with Client(f"http://{server.address}", "a b", version=3) as client:
        client.request("echo", seed=[1])
    with Client(f"http://{server.address}", "m", label="x/y") as client:
        client.request("echo", seed=[1])
    assert [path for path, _ in server.requests] == [
        "/v1/models/a%20b/versions/3:predict",
        "/v1/models/m/labels/x%2Fy:predict",
    ]


def test_bytes_are_sent_in_base64(server):
    server.answers = [OK]
    with Client(f"http://{server.address}", "m") as client:
        client.request("say", text=[b"\xff", "a"])
    assert server.requests[0][1]["inputs"] == {"text": [{"b64": "/w=="}, "a"]}


def test_wrong_inputs_are_found_before_they_are_sent(server):
    with Client(f"http://{server.address}", "m") as client:
        assert client.signatures()["echo"] == SIGNATURES["echo"]
        with pytest.raises(InputError, match="choose echo, say"):
            client.request("nothing", seed=[1])
        with pytest.raises(InputError, match="zzz"):
            client.request("echo", seed=[1], zzz=[1])
        with pytest.raises(InputError, match="seed is missing"):
            client.request("echo")
        with pytest.raises(InputError, match="one element per row"):
            client.request("echo", seed=1)
    assert server.requests == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"address": "localhost"}, "cannot read the address"),
        ({"address": "ftp://localhost:1"}, "cannot read the address"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": 1e10}, "timeout"),
        ({"retries": -1}, "retries"),
        ({"version": 1, "label": "stable"}, "not both"),
        ({"version": -1}, "version must be a whole number from 0 to"),
        ({"version": 2**63}, "version must be a whole number from 0 to"),
        ({"address": "http://localhost:1/v1/models/n"}, "another model than 'm'"),
        ({"certificates": "/no/file"}, "http://localhost:1 is read without TLS"),
        ({"address": "localhost:1", "certificates": "/no/file"}, "localhost:1 is read without TLS"),
        ({"address": "https://localhost:1", "certificates": "/no/file"}, "/no/file cannot be read"),
        ({"address": "grpcs://localhost:1", "certificates": "/no/file"}, "/no/file cannot be read"),
    ],
)
def test_wrong_arguments_are_input_errors(arguments, message):
    with pytest.raises(InputError, match=message):
        Client(**{"address": "http://localhost:1", "model": "m", **arguments})


def test_the_address_may_name_the_model(server):
    server.answers = [OK]
    with Client(f"http://{server.address}/v1/models/a%20b", label="canary") as client:
        client.request("echo", seed=[1])
    assert server.requests[0][0] == "/v1/models/a%20b/labels/canary:predict"


def test_a_server_that_does_not_say_its_model_needs_a_name(server):
    with (
        Client(f"http://{server.address}/") as client,
        pytest.raises(InputError, match=r"does not say which model it serves.*--model NAME"),
    ):
        client.request("echo", seed=[1])


@pytest.mark.parametrize("status", [502, 503])
def test_a_proxy_without_a_server_is_asked_for_the_name_again(server, pauses, status):
    server.unnamed = status, b"<html>no healthy upstream</html>"
    with (
        Client(f"http://{server.address}") as client,
        pytest.raises(ServingError, match=f"^UNAVAILABLE: status {status}$"),
    ):
        client.request("echo", seed=[1])
    assert pauses == [0.1, 0.2, 0.4]


def described(inputs, outputs):
    """The metadata of a version whose `echo` has these inputs and outputs."""
    sides = {
        "inputs": {name: {"dtype": "DT_INT64"} for name in inputs},
        "outputs": {name: {"dtype": "DT_STRING"} for name in outputs},
    }
    return 200, {"metadata": {"signature_def": {"signature_def": {"echo": sides}}}}


def test_another_version_is_noticed_where_a_request_fails(server):
    server.metadata = described(["seed"], ["text"])
    server.answers = [OK]
    with Client(f"http://{server.address}", "m") as client:
        client.request("echo", seed=[1])
        server.metadata = described(["seed", "share"], ["text"])
        server.answers = [OK, (400, {"error": "no share here"}), OK]
        client.request("echo", seed=[1], share=[2])
        server.metadata = described(["seed"], ["text"])
        with pytest.raises(InputError, match="share is missing or not among them"):
            client.request("echo", seed=[1], share=[2])
        client.request("echo", seed=[1])
    sent = [body["inputs"] for _, body in server.requests]
    assert sent == [{"seed": [1]}, *[{"seed": [1], "share": [2]}] * 2, {"seed": [1]}]


def test_outputs_are_those_of_the_version_that_answers(server):
    both = (200, {"outputs": {"text": ["a"], "more": ["b"]}})
    server.metadata = described(["seed"], ["text"])
    server.answers = [both]
    with Client(f"http://{server.address}", "m") as client:
        client.signatures()
        assert client.request("echo", seed=[1]) == {"text": ["a"], "more": ["b"]}
        server.metadata = described(["seed"], ["text", "more"])
    with Client(f"http://{server.address}", "m") as client:
        client.signatures()
        server.metadata = described(["seed"], ["text"])
        server.answers = [OK] * 3
        assert client.request("echo", seed=[1]) == {"text": ["a"]}
    server.metadata = described(["seed"], ["text", "more"])
    with (
        Client(f"http://{server.address}", "m") as client,
        pytest.raises(ServingError, match=r"^FAILED_PRECONDITION: echo answers with one output"),
    ):
        client.request("echo", seed=[1])


def test_a_refused_value_is_not_sent_again(server):
    server.answers = [(400, {"error": "seed is odd"}), BUSY]
    with Client(f"http://{server.address}", "m", retries=0) as client:
        client.signatures()
        with pytest.raises(ServingError, match="seed is odd"):
            client.request("echo", seed=[1])
        assert len(server.requests) == 1
        assert server.descriptions == 2
        with pytest.raises(ServingError, match="busy"):
            client.request("echo", seed=[1])
        assert server.descriptions == 2
        server.metadata = BUSY
        with pytest.raises(InputError, match="seed is missing"):
            client.request("echo")


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_closed_client_sends_nothing(scheme, server):
    with Client(f"{scheme}{server.address}", "m") as client:
        pass
    with pytest.raises(InputError, match="the client is closed"):
        client.request("echo", seed=[1])
    with pytest.raises(InputError, match="the client is closed"):
        client.signatures()
    assert server.descriptions == 0


@pytest.mark.parametrize(
    "metadata", [(200, []), (200, {"metadata": 3}), (200, {"outputs": []}), (404, ["no"])]
)
def test_answers_of_other_servers_are_serving_errors(server, metadata):
    server.metadata = metadata
    with Client(f"http://{server.address}", "m") as client, pytest.raises(ServingError):
        client.signatures()


def test_an_answer_that_is_no_http_is_told():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"\0\0\x04nonsense\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with Client(address, "m") as client, pytest.raises(ServingError, match="port of gRPC"):
            client.signatures()
        thread.join()


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (
            "Graph execution error:\n\nassertion failed: [alpha must be in [0, 1] in every row]\n"
            "\t [[{{node Assert_4/Assert}}]]",
            "alpha must be in [0, 1] in every row",
        ),
        (
            "assertion failed: [z must be finite]\n\t [[{{node while/Assert}}]]",
            "z must be finite",
        ),
        ("Matrix size-incompatible\n\t [[{{node a}}]]\n\t [[b]]", "Matrix size-incompatible"),
        ("busy", "busy"),
        ("", ""),
    ],
)
def test_a_refusal_is_told_without_what_tensorflow_puts_around_it(said, refusal):
    error = ServingError("INVALID_ARGUMENT", said)
    assert error.message == refusal
    assert str(error) == f"INVALID_ARGUMENT: {refusal}"
    copied = copy.copy(error)  # as a process that is asked by another sends it
    assert (str(copied), copied.code, copied.message) == (str(error), error.code, refusal)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        (
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
            f"subjectAltName=DNS:localhost -keyout {key} -out {certificate}"
        ).split(),
        check=True,
        capture_output=True,
    )
    return key, certificate


def test_rest_over_tls_checks_the_certificate(server, certificate, pauses):
    key, trusted = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    server.answers = [OK]
    address = f"https://localhost:{server.server_port}"
    with Client(address, "m", certificates=str(trusted)) as client:
        assert client.request("echo", seed=[1]) == {"text": ["a"]}
    with (
        Client(address, "m") as client,
        pytest.raises(ServingError, match="certificate") as caught,
    ):
        client.signatures()
    assert caught.value.code == "UNAUTHENTICATED"
    assert pauses == []


class Metadata(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Knows one signature."""

    def GetModelMetadata(self, request, context):  # noqa: N802
        signatures = get_model_metadata_pb2.SignatureDefMap()
        signature = signatures.signature_def["echo"]
        signature.inputs["seed"].dtype = DT_INT64
        signature.outputs["text"].dtype = DT_STRING
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.metadata["signature_def"].Pack(signatures)
        return response


@contextlib.contextmanager
def grpc_server(port=0, credentials=None):
    """Knows one signature, at a port of this machine; gives the place."""
    server = grpc.server(futures.ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Metadata(), server)
    place = f"localhost:{port}"
    if credentials is None:
        port = server.add_insecure_port(place)
    else:
        port = server.add_secure_port(place, credentials)
    server.start()
    try:
        yield f"localhost:{port}"
    finally:
        server.stop(None).wait()


def test_grpc_over_tls_checks_the_certificate(certificate, pauses):
    key, trusted = certificate
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), trusted.read_bytes())])
    with grpc_server(credentials=credentials) as place:
        address = f"grpcs://{place}"
        with Client(address, "m", certificates=str(trusted)) as client:
            assert client.signatures() == SIGNATURES
            with pytest.raises(InputError, match="seed cannot be sent"):
                client.request("echo", seed=["one"])
        with Client(address, "m", timeout=5) as client, pytest.raises(ServingError):
            client.signatures()


def test_a_grpc_server_that_starts_late_is_found(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pauses, pause = [], time.sleep
    with contextlib.ExitStack() as stack:

        def start(seconds):
            if not pauses:
                stack.enter_context(grpc_server(port))
            pauses.append(seconds)
            pause(seconds)

        monkeypatch.setattr(client_module.time, "sleep", start)
        with Client(f"localhost:{port}", "m") as client:
            assert client.signatures() == SIGNATURES
    assert pauses[0] == 0.1


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_of_the_environment_is_not_used(scheme, server, monkeypatch):
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with grpc_server() as address:
        address = server.address if scheme else address
        with Client(f"{scheme}{address}", "m") as client:
            assert client.signatures()["echo"] == SIGNATURES["echo"]


def test_rest_needs_no_tensorflow(server):
    server.answers = [OK]
    code = (
        "import sys\n"
        "from scale_vae_keras.serving import Client\n"
        f"with Client('http://{server.address}', 'm') as client:\n"
        "    print(client.request('echo', seed=[1]))\n"
        "assert not {'tensorflow', 'keras', 'grpc'} & set(sys.modules)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.stderr == ""
    assert said.stdout == "{'text': ['a']}\n"


@pytest.mark.parametrize("has_top_p", [True, False])
def test_the_default_sampler_is_filled_in_where_the_signature_has_it(
    server, monkeypatch, has_top_p
):
    """A version that was exported before `generate` took `top_p` is asked as before."""
    names = ("seed", "temperature", "top_p") if has_top_p else ("seed", "temperature")
    definition = METADATA["metadata"]["signature_def"]["signature_def"]
    takes = {"inputs": {name: {"dtype": "DT_FLOAT"} for name in names}}
    monkeypatch.setitem(definition, "generate", {**definition["echo"], **takes})
    server.answers = [OK] * 2
    top_p = {"top_p": [0.9, 0.9]} if has_top_p else {}
    with Client(f"http://{server.address}", "m") as client:
        client.request("generate", seed=[1, 2])
        client.request("generate", seed=[1, 2], temperature=[0.5, 0.5])
        with pytest.raises(InputError, match="seed"):
            client.request("generate")
        if not has_top_p:
            with pytest.raises(InputError, match="top_p"):
                client.request("generate", seed=[1], top_p=[0.5])
    assert [body["inputs"] for _, body in server.requests] == [
        {"seed": [1, 2], "temperature": [1.0, 1.0], **top_p},
        {"seed": [1, 2], "temperature": [0.5, 0.5], **top_p},
    ]


def test_assignments_become_rows():
    types = {"seed": "DT_INT64", "temperature": "DT_FLOAT", "text": "DT_STRING", "z": "DT_FLOAT"}
    assert read_inputs(types, ["seed=1", "temperature=0.5", "seed=-2"]) == {
        "seed": [1, -2],
        "temperature": [0.5, 0.5],
    }
    assert read_inputs(types, ["text=a=b c"]) == {"text": ["a=b c"]}
    assert read_inputs(types, ["z=1,-0.5"]) == {"z": [[1.0, -0.5]]}
    assert read_inputs({"vector": "DT_FLOAT"}, ["vector=1,2"]) == {"vector": [[1.0, 2.0]]}
    for word, message in {
        "seed": "not NAME=VALUE",
        "other=1": "not NAME=VALUE",
        "seed=1.5": "seed must be a whole number",
        "z=1,a": "z must be a number",
    }.items():
        with pytest.raises(InputError, match=message):
            read_inputs(types, [word])
