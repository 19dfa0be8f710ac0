import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
import tensorflow as tf
import yaml

from scale_vae_keras.commands.main import parse
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import is_chief
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.workers import is_one_of_several_workers, open_strategy, own_share
from scale_vae_keras.training.global_batches import GlobalBatches

DOCUMENT = Path(__file__).parents[2] / "docs" / "distributed.md"


def cluster(**task):
    return json.dumps({"cluster": {"worker": ["a:1", "b:2"]}, "task": task})


def test_one_replica_is_the_default_strategy():
    for replicas in (None, 1):
        strategy = open_strategy(replicas)
        assert strategy is tf.distribute.get_strategy()
        assert is_chief(strategy)


def test_replicas_that_come_too_late_are_refused():
    tf.config.list_logical_devices()  # starts TensorFlow, if no test did
    with pytest.raises(InputError, match="3 replicas need as many logical devices"):
        open_strategy(3)


@pytest.mark.parametrize("replicas", [-1, 0, 17])
def test_the_number_of_replicas_is_checked(replicas):
    with pytest.raises(InputError, match="replicas must be from 1 to the batch size of 16, got"):
        configure("reviews", "vae", "base", batch_size=16, replicas=replicas)


@pytest.mark.parametrize(
    ("written", "several"),
    [
        ("", False),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}', False),
        (cluster(type="worker", index=1), True),
        (
            '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, '
            '"task": {"type": "chief", "index": "0"}}',
            True,
        ),
    ],
)
def test_workers_are_found_in_the_environment(monkeypatch, written, several):
    monkeypatch.setenv("TF_CONFIG", written)
    assert is_one_of_several_workers() is several


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{", "not a cluster with this process in it"),
        ("[]", "not a cluster with this process in it"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}}', "not a cluster with this process in it"),
        (cluster(type="worker", index=2), "not a cluster with this process in it"),
        (cluster(type="evaluator", index=0), "not a cluster with this process in it"),
        (
            '{"cluster": {"ps": ["a:1"], "worker": ["b:1"]}, '
            '"task": {"type": "worker", "index": 0}}',
            "may only name a chief and workers, not ps, worker",
        ),
        (
            '{"cluster": {"worker": ["a", "b"]}, "task": {"type": "worker", "index": 0}}',
            "the address 'a': write HOST:PORT",
        ),
    ],
)
def test_a_broken_cluster_is_refused(monkeypatch, written, message):
    monkeypatch.setenv("TF_CONFIG", written)
    with pytest.raises(InputError, match=message):
        is_one_of_several_workers()


def test_workers_do_not_choose_their_replicas(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", cluster(type="worker", index=0))
    with pytest.raises(InputError, match="replicas cannot be chosen where TF_CONFIG names workers"):
        open_strategy(2)


def test_batches_for_all_replicas_are_served_whole():
    batches = tf.data.Dataset.from_tensor_slices(tf.reshape(tf.range(10), [5, 2])).batch(2)
    served = GlobalBatches(batches)
    assert isinstance(served, tf.distribute.DistributedDataset)
    assert int(served.cardinality()) == 3
    assert [batch.numpy().tolist() for batch in served] == [b.numpy().tolist() for b in batches]


def test_the_job_of_the_document_is_valid():
    text = DOCUMENT.read_text(encoding="utf-8")
    service, job = yaml.safe_load_all(re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1])
    pod = job["spec"]["template"]
    (worker,) = pod["spec"]["containers"]
    assert service["spec"]["selector"] == pod["metadata"]["labels"]
    assert pod["spec"]["subdomain"] == service["metadata"]["name"]
    variables = {variable["name"]: variable.get("value") for variable in worker["env"]}
    config = json.loads(variables["TF_CONFIG"].replace("$(INDEX)", "1"))
    assert config["cluster"]["worker"] == [
        f"{job['metadata']['name']}-{index}.{service['metadata']['name']}:2222"
        for index in range(job["spec"]["completions"])
    ]
    assert worker["ports"] == [{"containerPort": 2222}]


def test_the_commands_of_the_document_are_those_of_the_command_line():
    text = DOCUMENT.read_text(encoding="utf-8").replace("\\\n", " ")
    commands = re.findall(r"scale-vae ((?:train|tune) .*)", text)
    assert len(commands) == 7
    for command in commands:
        options = parse(shlex.split(command, comments=True))
        assert options.command in ("train", "tune")
        assert options.output


@pytest.mark.parametrize(
    ("jobs", "task", "replicas", "share"),
    [
        ({}, (None, None), 2, (0, 2, 2)),
        ({"worker": ["a:1", "b:1"]}, ("worker", 0), 4, (0, 2, 4)),
        ({"worker": ["a:1", "b:1"]}, ("worker", 1), 4, (2, 4, 4)),
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, ("chief", 0), 3, (0, 1, 3)),
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, ("worker", 1), 3, (2, 3, 3)),
    ],
)
def test_the_share_of_a_worker(jobs, task, replicas, share):
    resolver = SimpleNamespace(
        cluster_spec=lambda: tf.train.ClusterSpec(jobs), task_type=task[0], task_id=task[1]
    )
    strategy = SimpleNamespace(num_replicas_in_sync=replicas, cluster_resolver=resolver)
    assert own_share(strategy) == share


def test_a_process_without_a_cluster_has_every_share():
    assert own_share(tf.distribute.get_strategy()) == (0, 1, 1)
