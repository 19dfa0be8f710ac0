import concurrent.futures
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from running_server import running_server
from served_models import MAX_WORDS
from server_process import START, server_process
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.row_random import row_seeds
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER
from scale_vae_keras.serving import Client, ServingError
from scale_vae_keras.serving.development import rest, served_model, workers
from scale_vae_keras.serving.development import server as server_module
from scale_vae_keras.serving.development.core import Core
from scale_vae_keras.serving.development.request_error import RequestError
from scale_vae_keras.serving.development.served_model import ServedModel
from scale_vae_keras.serving.versions import version_folders
from scale_vae_keras.serving.warmup import WARMUP_FILE

SEEDS = [int(seed) for seed in row_seeds(24, 9)]
TEMPERATURES = [0.5 + 0.05 * row for row in range(24)]
TOP_PS = [1.0, 0.9, 0.5, 0.99] * 6
NUMBERS = {"temperature": TEMPERATURES, "top_p": TOP_PS}


@pytest.fixture(scope="module")
def server(models):
    with running_server(ServedModel("reviews", models)) as server:
        yield server


@pytest.fixture(scope="module")
def expected(models):
    signature = tf.saved_model.load(str(models / "1")).signatures["generate"]
    numbers = {name: tf.constant(values) for name, values in NUMBERS.items()}
    served = signature(seed=tf.constant(SEEDS), **numbers)
    return [text.decode() for text in served["text"].numpy()]


@pytest.fixture(params=["grpc", "rest"])
def client(request, server):
    address = {
        "grpc": f"127.0.0.1:{server.grpc_port}",
        "rest": f"http://127.0.0.1:{server.rest_port}",
    }[request.param]
    with Client(address, "reviews") as client:
        yield client


def ask(address, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def predict(server, document):
    address = f"127.0.0.1:{server.rest_port}"
    status, body = ask(address, "POST", "/v1/models/reviews:predict", json.dumps(document))
    return status, json.loads(body)


def test_the_same_seed_gives_the_same_text_together_and_alone(client, expected):
    together = client.request("generate", seed=SEEDS, **NUMBERS)
    assert together["text"] == expected
    alone = [
        client.request("generate", seed=[seed], temperature=[temperature], top_p=[p])["text"][0]
        for seed, temperature, p in zip(SEEDS, TEMPERATURES, TOP_PS, strict=True)
    ]
    assert alone == expected


def test_arrays_and_scalars_of_numpy_are_sent_alike(client, expected):
    seeds = np.array(SEEDS)
    numbers = {name: np.array(values) for name, values in NUMBERS.items()}
    assert client.request("generate", seed=seeds, **numbers)["text"] == expected
    scalars = {
        "seed": tuple(seeds[:2]),
        "temperature": [np.float32(0.5), np.float64(0.55)],
        "top_p": TOP_PS[:2],
    }
    assert client.request("generate", **scalars)["text"] == expected[:2]
    codes = np.zeros([2, 4], np.float16)
    assert client.request("decode", z=codes) == client.request("decode", z=list(codes))
    assert client.request("encode", text=np.array(["word1", "word2"]))["truncated"] == [False] * 2


@pytest.mark.parametrize(
    ("signature", "inputs", "message"),
    [
        ("generate", {"seed": [2**63], "temperature": [1]}, "seed .* from -2.* got 92233720368547"),
        ("generate", {"seed": [-(2**63) - 1], "temperature": [1]}, "seed .* from -2"),
        ("generate", {"seed": [np.uint64(2**64 - 1)], "temperature": [1]}, "seed .* from -2"),
        ("generate", {"seed": [1.0], "temperature": [1]}, "seed .* whole number, got 1.0"),
        ("generate", {"seed": [True], "temperature": [1]}, "seed .* whole number, got True"),
        ("generate", {"seed": [1], "temperature": ["1"]}, "temperature .* must be a number"),
        ("generate", {"seed": [1], "temperature": [1e39]}, "temperature .* too large for float"),
        ("generate", {"seed": np.int64(1), "temperature": [1]}, "seed=1"),
        ("decode", {"z": [[0.0, 0.0], [0.0]]}, "z must have the same number of elements"),
        ("decode", {"z": [[0.0], 0.0]}, "z must have the same number of elements"),
        ("encode", {"text": [1]}, "text .* must be text"),
        ("encode", {"text": ["\ud800"]}, "text .* not valid Unicode"),
        ("encode", {"text": "abc"}, "text='abc'"),
    ],
)
def test_what_cannot_be_sent_is_an_input_error_over_both(client, signature, inputs, message):
    with pytest.raises(InputError, match=message):
        client.request(signature, **inputs)


@pytest.mark.parametrize(
    "address", ["grpc://{grpc}/", "{grpc}", "http://{rest}/", "http://{rest}/v1"]
)
def test_a_client_needs_no_name(server, address, expected):
    places = {
        "grpc": f"127.0.0.1:{server.grpc_port}",
        "rest": f"127.0.0.1:{server.rest_port}",
    }
    with Client(address.format(**places)) as client:
        numbers = {name: values[:1] for name, values in NUMBERS.items()}
        answer = client.request("generate", seed=SEEDS[:1], **numbers)
    assert answer["text"] == expected[:1]
    with (
        Client(address.format(**places), "other") as client,
        pytest.raises(ServingError, match=r"NOT_FOUND: .*model of this server is reviews"),
    ):
        client.signatures()


def test_what_is_left_out_is_the_default_sampler(client, model, tokenizer):
    def in_python(sampler):
        ids = model.generate(24, 9, sampler, MAX_WORDS + 1).ids
        return [text.decode() for text in tokenizer.detokenize(ids).numpy()]

    assert in_python(DEFAULT_SAMPLER) != in_python("temperature")
    assert client.request("generate", seed=SEEDS)["text"] == in_python(DEFAULT_SAMPLER)
    all_words = client.request("generate", seed=SEEDS, top_p=[1.0] * 24)
    assert all_words["text"] == in_python("temperature")


def test_the_same_seed_gives_the_same_text_by_row_and_by_column(server, expected):
    rows = [
        {"seed": seed, "temperature": temperature, "top_p": p}
        for seed, temperature, p in zip(SEEDS, TEMPERATURES, TOP_PS, strict=True)
    ]
    status, answer = predict(server, {"instances": rows})
    assert status == 200
    assert [row["text"] for row in answer["predictions"]] == expected
    columns = {"seed": SEEDS, **NUMBERS}
    status, answer = predict(server, {"signature_name": "generate", "inputs": columns})
    assert status == 200
    assert answer["outputs"]["text"] == expected


def test_the_same_seed_gives_the_same_text_at_the_same_time_as_others(client, expected):
    def one(row):
        numbers = {name: [values[row]] for name, values in NUMBERS.items()}
        return client.request("generate", seed=[SEEDS[row]], **numbers)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert [answer["text"][0] for answer in pool.map(one, range(24))] == expected


def test_the_same_seed_gives_the_same_text_in_another_process(models, expected, tmp_path):
    with server_process(models, tmp_path / "log") as process:
        for address in (process.grpc, f"http://{process.rest}"):
            with Client(address, "reviews") as client:
                answer = client.request("generate", seed=SEEDS, **NUMBERS)
            assert answer["text"] == expected
    assert process.process.returncode == 0
    assert "REST POST /v1/models/reviews:predict 200" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("name", ["grpc_client.py", "rest_client.py", "curl.sh"])
def test_the_example_clients_get_sentences(server, name):
    clients = Path(__file__).resolve().parents[2] / "serving" / "clients"
    port = server.grpc_port if name.startswith("grpc") else server.rest_port
    interpreter = ["sh"] if name.endswith(".sh") else [sys.executable]
    said = subprocess.run(
        [*interpreter, clients / name, f"127.0.0.1:{port}"], capture_output=True, text=True
    )
    with Client(f"127.0.0.1:{server.grpc_port}", "reviews") as client:
        expected = client.request("generate", seed=[1, 2, 3])["text"]
    if name == "curl.sh":
        assert json.loads(said.stdout)["outputs"]["text"] == expected
    else:
        assert said.stdout.splitlines() == expected


def test_every_signature_answers_alike_over_both_protocols(server):
    inputs = {
        "encode": {"text": ["word1 word2", ""]},
        "decode": {"z": [[0.5, -1.0, 2.0, 0.0]]},
        "beam": {"z": [[0.5, -1.0, 2.0, 0.0]]},
        "reconstruct": {"text": ["word3", "not known"]},
        "interpolate": {"start": ["word1"], "end": ["word2"], "alpha": [0.5]},
        "shift": {"text": ["word1"], "vector": [[0.5, -1.0, 2.0, 0.0]], "amount": [1.5]},
        "score": {"text": ["word1 word2"], "seed": [3]},
    }
    with (
        Client(f"127.0.0.1:{server.grpc_port}", "reviews") as by_grpc,
        Client(f"http://127.0.0.1:{server.rest_port}", "reviews") as by_rest,
    ):
        assert by_grpc.signatures() == by_rest.signatures()
        assert set(by_grpc.signatures()) == {*inputs, "generate", "serving_default"}
        for signature, values in inputs.items():
            first = by_grpc.request(signature, **values)
            second = by_rest.request(signature, **values)
            assert set(first) == set(second)
            for name, value in first.items():
                if isinstance(value[0], str | bool):
                    assert value == second[name]
                else:
                    np.testing.assert_allclose(value, second[name], rtol=1e-5)


def test_bad_inputs_are_refused_with_the_message_of_the_graph(client):
    for temperature in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ServingError, match="temperature must be above 0") as caught:
            client.request("generate", seed=[1], temperature=[temperature])
        assert caught.value.code == "INVALID_ARGUMENT"
    for top_p in (0.0, -0.5, 1.5, float("nan")):
        with pytest.raises(ServingError, match="top_p must be above 0 and at most 1") as caught:
            client.request("generate", seed=[1], top_p=[top_p])
        assert caught.value.code == "INVALID_ARGUMENT"
    with pytest.raises(ServingError, match="at least 1 and at most 64 rows"):
        client.request("generate", seed=[1] * 65, temperature=[1.0] * 65)


def test_a_megabyte_of_text_is_truncated(client):
    answer = client.request("encode", text=["word1 " * 170_000, "word1"])
    assert answer["truncated"] == [True, False]


def test_a_body_beyond_the_limit_is_refused(server):
    address = f"127.0.0.1:{server.rest_port}"
    status, body = ask(address, "POST", "/v1/models/reviews:predict", b" " * (rest.MAX_BODY + 1))
    assert status == 429
    assert "larger than" in json.loads(body)["error"]


def test_a_body_that_does_not_come_ends_the_request(server, monkeypatch):
    monkeypatch.setattr(rest, "_SECONDS", 0.2)
    connection = http.client.HTTPConnection(f"127.0.0.1:{server.rest_port}", timeout=60)
    connection.putrequest("POST", "/v1/models/reviews:predict")
    connection.putheader("Content-Length", "100")
    connection.endheaders()
    connection.send(b"{")
    response = connection.getresponse()
    assert response.status == 504
    assert json.loads(response.read()) == {"error": "the body did not come within 0.2 seconds"}
    connection.close()


def _next_and_leave(answers):
    answer = next(answers)
    answers.cancel()
    return answer


@pytest.mark.usefixtures("light_servable")
def test_who_watches_the_health_is_told_of_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(server_module, "_GRACE_SECONDS", 20)
    light_version(tmp_path / "1")
    watched = health_pb2.HealthCheckRequest(service="")
    with running_server(ServedModel("reviews", tmp_path)) as server:
        channel = grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}")
        told = health_pb2_grpc.HealthStub(channel).Watch(watched, timeout=60)
        assert next(told).status == health_pb2.HealthCheckResponse.SERVING
        last = concurrent.futures.ThreadPoolExecutor(1).submit(_next_and_leave, told)
    assert last.result(10).status == health_pb2.HealthCheckResponse.NOT_SERVING
    channel.close()


def test_more_requests_than_may_wait_are_refused(server, monkeypatch):
    monkeypatch.setattr(workers, "MAX_REQUESTS", 0)
    status, answer = predict(server, {"instances": [{"seed": 1, "temperature": 1, "top_p": 1}]})
    assert status == 429
    assert "try again later" in answer["error"]


def test_a_deadline_ends_a_request(server):
    with (
        Client(f"127.0.0.1:{server.grpc_port}", "reviews", timeout=0.001) as client,
        pytest.raises(ServingError) as caught,
    ):
        client.request("generate", seed=SEEDS, **NUMBERS)
    assert caught.value.code == "DEADLINE_EXCEEDED"


def test_the_health_service_says_serving(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in ("", "ModelService", "PredictionService"):
            answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_what_the_server_leaves_out_is_unimplemented(server):
    from tensorflow_serving.apis import classification_pb2

    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        answer = stub.Classify.future(classification_pb2.ClassificationRequest(), timeout=10)
        assert answer.code() == grpc.StatusCode.UNIMPLEMENTED


def test_only_the_asked_address_is_listened_on(server):
    other = "127.0.0.2"
    for port in (server.rest_port, server.grpc_port):
        with socket.socket() as connection:
            assert connection.connect_ex((other, port)) != 0


def version_of(stub):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "reviews"
    request.inputs["seed"].CopyFrom(tf.make_tensor_proto([1], tf.int64))
    for name in ("temperature", "top_p"):
        request.inputs[name].CopyFrom(tf.make_tensor_proto([1.0], tf.float32))
    return stub.Predict.future(request, timeout=60)


def publish_copy(models, directory, version):
    shutil.copytree(models / "1", directory / "unfinished")
    (directory / "unfinished").rename(directory / str(version))


def states(server):
    _, body = ask(f"127.0.0.1:{server.rest_port}", "GET", "/v1/models/reviews")
    entries = json.loads(body)["model_version_status"]
    return {entry["version"]: entry["state"] for entry in entries}


def wait_for(condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("waited in vain")


@pytest.fixture
def cold_models(models, tmp_path):
    """The served model without its warm-up, which a version does not need."""
    shutil.copytree(models / "1", tmp_path / "cold" / "1")
    (tmp_path / "cold" / "1" / WARMUP_FILE).unlink()
    return tmp_path / "cold"


def test_versions_come_and_go_under_load(cold_models, tmp_path):
    directory = tmp_path / "reviews"
    directory.mkdir()
    publish_copy(cold_models, directory, 1)
    with (
        running_server(ServedModel("reviews", directory)) as server,
        grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel,
    ):
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        assert version_of(stub).result().model_spec.version.value == 1
        in_flight = [version_of(stub) for _ in range(200)]
        publish_copy(cold_models, directory, 2)
        answered = []
        while 2 not in answered:
            answered.append(in_flight.pop(0).result().model_spec.version.value)
            in_flight.append(version_of(stub))
        answered += [future.result().model_spec.version.value for future in in_flight]
        assert set(answered) == {1, 2}
        wait_for(lambda: states(server) == {"2": "AVAILABLE", "1": "END"})

        publish_copy(cold_models, directory, "corrupt")
        (directory / "corrupt" / "saved_model.pb").write_bytes(b"\x08nonsense")
        (directory / "corrupt").rename(directory / "3")
        wait_for(lambda: states(server).get("3") == "END")
        assert states(server)["2"] == "AVAILABLE"
        assert version_of(stub).result().model_spec.version.value == 2
        status, body = ask(f"127.0.0.1:{server.rest_port}", "GET", "/v1/models/reviews/versions/3")
        problem = json.loads(body)["model_version_status"][0]["status"]
        assert (status, problem["error_code"] != "OK", bool(problem["error_message"])) == (
            200,
            True,
            True,
        )


@pytest.fixture
def light_servable(monkeypatch):
    """In the place of a loaded version: it only needs to have its files."""

    class Light:
        def __init__(self, path, version):
            self.version = version
            for name in ("saved_model.pb", "variables"):
                if not (path / name).exists():
                    raise RequestError(grpc.StatusCode.NOT_FOUND, f"{name} is missing")

    monkeypatch.setattr(served_model, "Servable", Light)


@pytest.mark.usefixtures("light_servable")
def test_an_old_version_comes_back_when_the_new_one_is_removed(models, tmp_path):
    directory = tmp_path / "reviews"
    directory.mkdir()
    publish_copy(models, directory, 1)
    served = ServedModel("reviews", directory)
    publish_copy(models, directory, 2)
    served.refresh()
    assert served.find().version == 2
    shutil.rmtree(directory / "2")
    served.refresh()
    assert served.find().version == 1
    assert {number: status.state for number, status in served.status().items()} == {
        2: "END",
        1: "AVAILABLE",
    }
    shutil.rmtree(directory)
    served.refresh()
    assert served.find().version == 1


@pytest.mark.usefixtures("light_servable")
def test_a_version_that_was_removed_and_made_again_is_loaded_again(tmp_path, caplog):
    caplog.set_level("INFO", "scale_vae_keras.serving")
    light_version(tmp_path / "1")
    served = ServedModel("reviews", tmp_path)
    first = served.find()
    for _ in range(2):
        shutil.rmtree(tmp_path / "1", ignore_errors=True)
        served.refresh()
    (tmp_path / "1").mkdir()
    served.refresh()
    assert served.find() is first
    assert served.status(1)[1].state == "AVAILABLE"
    shutil.rmtree(tmp_path / "1")
    light_version(tmp_path / "1")
    served.refresh()
    second = served.find()
    assert second is not first
    served.refresh()
    assert served.find() is second
    told = [message.split(":")[0] for message in caplog.messages]
    assert told == [
        "version 1 is served",
        "version 1 cannot be loaded",
        "version 1 is served",
    ]


@pytest.mark.usefixtures("light_servable")
def test_a_version_that_was_incomplete_is_looked_at_again(models, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO", "scale_vae_keras.serving")
    publish_copy(models, tmp_path, 1)
    served = ServedModel("reviews", tmp_path)
    for part in ("assets.extra", "saved_model.pb"):  # as a slow copy would
        source, target = models / "1" / part, tmp_path / "2" / part
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        for _ in range(3):
            served.refresh()
        assert (served.find().version, served.status(2)[2].state) == (1, "END")
    shutil.copytree(models / "1" / "variables", tmp_path / "2" / "variables")
    served.refresh()
    assert served.find().version == 2
    assert served.status(2)[2] == ("AVAILABLE", 0, "")
    told = [message.split(":")[0] for message in caplog.messages]
    failed = "version 2 cannot be loaded"
    assert told == ["version 1 is served", failed, failed, "version 2 is served"]

    publish_copy(models, tmp_path, "3")
    (tmp_path / "3" / "saved_model.pb").unlink()
    served.refresh()
    monkeypatch.setattr(served_model, "RETRY_SECONDS", -1)
    shutil.copy(models / "1" / "saved_model.pb", tmp_path / "3" / "saved_model.pb")
    served.refresh()
    assert served.find().version == 2  # too late, as for TensorFlow Serving
    (tmp_path / "3").rename(tmp_path / "kept")
    served.refresh()
    (tmp_path / "kept").rename(tmp_path / "3")
    served.refresh()
    assert served.find().version == 3


@pytest.mark.usefixtures("light_servable")
def test_zeros_before_a_version_do_not_count(models, tmp_path):
    publish_copy(models, tmp_path, "00000005")
    for name in ("4", "-6", " 7", "8a", "9" * 19, "٩"):
        (tmp_path / name).mkdir()
    (tmp_path / "10").touch()
    served = ServedModel("reviews", tmp_path)
    assert served.find().version == 5
    assert served.find(5).version == 5
    assert list(served.status()) == [5]
    (tmp_path / "6").mkdir()
    (tmp_path / "00000006").mkdir()
    assert version_folders(tmp_path) == {
        4: tmp_path / "4",
        5: tmp_path / "00000005",
        6: tmp_path / "6",
    }


def light_version(folder):
    """What `light_servable` takes for a version."""
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").touch()


@pytest.mark.usefixtures("light_servable")
def test_zeros_before_the_version_of_a_request_do_not_count(tmp_path):
    light_version(tmp_path / "7")
    with running_server(ServedModel("reviews", tmp_path)) as server:
        path = f"/v1/models/reviews/versions/{'0' * 30}7"
        status, body = ask(f"127.0.0.1:{server.rest_port}", "GET", path)
    assert (status, json.loads(body)["model_version_status"][0]["version"]) == (200, "7")


@pytest.mark.usefixtures("light_servable")
def test_labels_are_for_versions_that_are_served(tmp_path):
    """TensorFlow Serving does not start with another label either."""
    for version in ("1", "2", "3"):
        light_version(tmp_path / version)
    served = ServedModel("reviews", tmp_path, {"stable": 2, "canary": 3}, versions=2)
    assert served.find(label="stable").version == 2
    with pytest.raises(InputError, match="stable is for version 1, which is not among 2, 3: give"):
        ServedModel("reviews", tmp_path, {"canary": 3, "stable": 1}, versions=2)


@pytest.mark.parametrize("versions", [0, -1, 1.5])
def test_a_number_of_versions_below_one_is_refused(tmp_path, versions):
    with pytest.raises(InputError, match=r"versions must be (at least 1|a whole number), got"):
        ServedModel("reviews", tmp_path, versions=versions)


@pytest.mark.usefixtures("light_servable")
def test_a_link_that_leads_to_another_folder_is_followed(tmp_path):
    for version in ("1", "2"):
        light_version(tmp_path / f"release-{version}" / version)
    link = tmp_path / "reviews"
    link.symlink_to("release-1")
    served = ServedModel("reviews", link)
    assert served.find().version == 1
    link.unlink()
    link.symlink_to("release-2")
    served.refresh()
    assert served.find().version == 2


@pytest.mark.usefixtures("light_servable")
def test_a_part_that_goes_away_while_it_is_looked_at_is_left_out(tmp_path, monkeypatch):
    light_version(tmp_path / "1")
    scandir = os.scandir

    def lost(path):
        if Path(path).name == "variables":
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", lost)
    assert ServedModel("reviews", tmp_path).find().version == 1


def test_the_watch_on_versions_survives_an_error(monkeypatch, caplog):
    class Model:
        name = "reviews"
        looked = 0

        def refresh(self):
            self.looked += 1
            if self.looked == 1:
                raise MemoryError

    monkeypatch.setattr(server_module, "_POLL_SECONDS", 0.01)
    with running_server(Model()) as server:
        wait_for(lambda: server._model.looked > 2)
    assert caplog.messages == ["new versions could not be looked for, which is tried again"]


def test_the_end_does_not_wait_for_a_version_that_is_loaded(monkeypatch):
    begun, loaded = threading.Event(), threading.Event()

    class Model:
        name = "reviews"

        def refresh(self):
            begun.set()
            loaded.wait(60)

    monkeypatch.setattr(server_module, "_POLL_SECONDS", 0.01)
    try:
        with running_server(Model()):
            assert begun.wait(10)
            started = time.monotonic()
        assert time.monotonic() - started < 20
    finally:
        loaded.set()


def test_the_stock_server_is_used_where_it_is_there(models, tmp_path):
    stock = tmp_path / "tensorflow_model_server"
    stock.write_text('#!/bin/sh\necho "$@"\n')
    stock.chmod(0o755)
    said = subprocess.run(
        [sys.executable, "-c", START, models],
        env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert f"--model_name=reviews --model_base_path={models}" in said.stdout


def test_the_printed_addresses_can_be_asked(models, tmp_path):
    directory = tmp_path / "my model"
    directory.mkdir()
    publish_copy(models, directory, 1)
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        host = "::1"
    except OSError:
        host = "127.0.0.1"
    with server_process(directory, tmp_path / "log", host) as process:
        for address, name in ((process.model, None), (process.grpc, "my model")):
            assert ":" not in host or "[::1]:" in address
            with Client(address, name) as client:
                written = client.request(
                    "generate", seed=[1, 2], temperature=[1.0] * 2, top_p=[1.0] * 2
                )
                assert len(written["text"]) == 2


def test_a_version_whose_warm_up_fails_is_not_loaded(models, tmp_path):
    publish_copy(models, tmp_path, 1)
    shutil.rmtree(tmp_path / "1" / "variables")
    with pytest.raises(InputError, match=r"no version in .* can be loaded"):
        ServedModel("reviews", tmp_path)


def test_a_version_whose_warm_up_was_cut_short_is_tried_again(models, tmp_path):
    publish_copy(models, tmp_path, 1)
    served = ServedModel("reviews", tmp_path)
    publish_copy(models, tmp_path, 2)
    warmup = tmp_path / "2" / WARMUP_FILE
    whole = warmup.read_bytes()
    warmup.write_bytes(whole[: len(whole) // 2])
    served.refresh()
    assert (served.find().version, served.status(2)[2].state) == (1, "END")
    assert "truncated" in served.status(2)[2].message
    warmup.write_bytes(whole)
    served.refresh()
    assert (served.find().version, served.status(2)[2].state) == (2, "AVAILABLE")


def test_a_folder_that_cannot_be_read_changes_nothing(models, tmp_path, monkeypatch, caplog):
    publish_copy(models, tmp_path, 1)
    served = ServedModel("reviews", tmp_path)

    def refuse(directory):
        raise PermissionError(13, "Permission denied", str(directory))

    monkeypatch.setattr(served_model, "version_folders", refuse)
    served.refresh()
    assert served.find().version == 1
    assert caplog.messages[-1] == f"{tmp_path} cannot be read: Permission denied"


def test_a_folder_without_versions_is_refused(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "1").touch()
    with pytest.raises(InputError, match="export a model"):
        ServedModel("reviews", tmp_path)
    with pytest.raises(InputError, match="no folder"):
        ServedModel("reviews", tmp_path / "nothing")


def test_a_taken_port_is_an_input_error(models, server):
    from scale_vae_keras.serving import serve

    with pytest.raises(InputError, match="cannot listen"):
        serve(models, rest_port=server.rest_port, grpc_port=0)


def test_a_name_with_quotes_is_escaped_for_prometheus():
    core = Core(SimpleNamespace(name='a"b\\c'))
    core.count('a"b\\c', StatusCode.OK)
    counter = ":tensorflow:serving:request_count"
    assert core.metrics() == (
        f"# TYPE {counter} counter\n" + counter + r'{model_name="a\"b\\c",status="OK"} 1' + "\n"
    )
