"""What can be told of the container without a container engine."""

import json
import re
from pathlib import Path

import yaml
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,  # noqa: F401 - makes its messages known to the pool
)
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from scale_vae_keras.serving.launcher import stock_command
from scale_vae_keras.serving.rows import MAX_ROWS
from scale_vae_keras.serving.versions import version_numbers

ROOT = Path(__file__).resolve().parents[2]
SERVING = ROOT / "serving"
KNOWN_FLAGS = {
    "port",
    "rest_api_port",
    "model_name",
    "model_base_path",
    "model_config_file",
    "monitoring_config_file",
    "batching_parameters_file",
    "enable_batching",
    "allow_version_labels_for_unavailable_models",
    "enable_grpc_healthcheck_service",
    "enable_profiler",
    "max_num_load_retries",
}


def instructions():
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [tuple(line.split(maxsplit=1)) for line in lines if not line.startswith("#")]


def last(name):
    return [argument for key, argument in instructions() if key == name][-1]


def flags(command):
    return dict(part.removeprefix("--").split("=") for part in command[1:])


def message_class(name, **fields):
    """A message that the published stubs lack, from its fields `name=(number, type)`."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package="test", syntax="proto3")
    file.dependency.append("google/protobuf/wrappers.proto")
    message = file.message_type.add(name=name)
    for field, (number, kind) in fields.items():
        entry = message.field.add(name=field, number=number, label=1)
        if isinstance(kind, str):
            entry.type, entry.type_name = 11, kind
        else:
            entry.type = kind
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"test.{name}"))


def test_the_image_is_pinned_and_built_in_two_stages():
    stages = [argument for key, argument in instructions() if key == "FROM"]
    assert last("ARG") == "SERVING_VERSION=2.20.0"
    assert stages == ["tensorflow/serving:${SERVING_VERSION}" + end for end in (" AS model", "")]


def test_what_is_copied_is_there_and_not_ignored():
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert allowed[0] == "*"
    for key, argument in instructions():
        if key != "COPY" or argument.startswith("--from"):
            continue
        for source in argument.split()[:-1]:
            assert (ROOT / source).exists()
            assert any(Path(source).match(rule[1:]) for rule in allowed[1:])


def test_the_server_is_not_root_has_a_health_check_and_both_ports():
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER"))
    assert last("EXPOSE").split() == ["8500", "8501"]
    check = json.loads(last("HEALTHCHECK").split("CMD", 1)[1])
    assert check[:2] == ["/bin/bash", "-c"]
    assert "GET /v1/models/reviews HTTP/1.0" in check[2]
    assert "/dev/tcp/127.0.0.1/8501" in check[2]


def test_the_command_has_known_flags_and_files_that_are_copied():
    command = json.loads(last("ENTRYPOINT"))
    assert command[0] == "/usr/bin/tensorflow_model_server"
    given = flags(command)
    assert set(given) <= KNOWN_FLAGS
    assert given["enable_profiler"] == "false"
    assert (given["port"], given["rest_api_port"]) == ("8500", "8501")
    for name in ("model_config_file", "monitoring_config_file"):
        assert (SERVING / Path(given[name]).name).is_file()


def test_the_stock_server_is_started_with_known_flags():
    given = flags(stock_command("server", Path("/models/reviews"), "reviews", 1, 2))
    assert set(given) <= KNOWN_FLAGS
    assert given["model_base_path"] == "/models/reviews"
    assert (given["rest_api_port"], given["port"]) == ("1", "2")


def test_the_model_configuration_names_a_model_and_versions_that_are_there():
    config = text_format.Parse((SERVING / "models.config").read_text(), ModelServerConfig())
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path) == ("reviews", "/models/reviews")
    assert model.model_platform == "tensorflow"
    assert set(model.version_labels) == {"stable", "canary"}
    assert set(model.version_labels.values()) <= set(
        version_numbers(ROOT / "saved_models" / "reviews")
    )


def test_batches_are_not_larger_than_the_model_takes():
    integer = ".google.protobuf.Int64Value"
    parameters = message_class(
        "BatchingParameters",
        max_batch_size=(1, integer),
        batch_timeout_micros=(2, integer),
        max_enqueued_batches=(3, integer),
        num_batch_threads=(4, integer),
    )
    parsed = text_format.Parse((SERVING / "batching.config").read_text(), parameters())
    assert parsed.max_batch_size.value == MAX_ROWS
    assert parsed.num_batch_threads.value > 0


def test_monitoring_is_on_at_the_path_that_prometheus_reads():
    path = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
    enable = descriptor_pb2.FieldDescriptorProto.TYPE_BOOL
    message_class("PrometheusConfig", enable=(1, enable), path=(2, path))
    config = message_class("MonitoringConfig", prometheus_config=(1, ".test.PrometheusConfig"))
    parsed = text_format.Parse((SERVING / "monitoring.config").read_text(), config())
    assert parsed.prometheus_config.enable
    (job,) = yaml.safe_load((SERVING / "prometheus.yml").read_text())["scrape_configs"]
    assert job["metrics_path"] == parsed.prometheus_config.path
    assert job["static_configs"] == [{"targets": ["server:8501"]}]


def test_the_compose_file_builds_here_and_mounts_what_is_there():
    services = yaml.safe_load((SERVING / "compose.yaml").read_text())["services"]
    assert set(services) == {"server", "prometheus", "tensorboard"}
    assert (SERVING / services["server"]["build"] / "Dockerfile").is_file()
    assert (SERVING / "prometheus.yml").is_file()
    assert services["prometheus"]["volumes"][0].startswith("./prometheus.yml:")
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_manifest_has_probes_limits_and_no_root():
    deployment, service = yaml.safe_load_all((SERVING / "kubernetes.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    user, group = last("USER").split(":")
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == int(user)
    assert pod["securityContext"]["runAsGroup"] == int(group)
    assert {"cpu", "memory"} == set(container["resources"]["limits"])
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": 8500, "http": 8501}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
        assert container[probe]["httpGet"]["path"].startswith("/v1/models/reviews")
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]
    assert {port["targetPort"] for port in service["spec"]["ports"]} == set(ports)
