"""The replicas and the workers that a run trains on."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from functools import cache

import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import is_chief
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.settings import whole_number

_LOST_WORKER = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)


def open_strategy(replicas: int | None) -> tf.distribute.Strategy:
    """The strategy that a run trains under; the same object at every call.

    With `TF_CONFIG` in the environment this process is one of several workers, and the strategy is
    a `MultiWorkerMirroredStrategy` over all their GPUs, or one replica per worker where there is no
    GPU. Else several replicas are a `MirroredStrategy` over the GPUs of this machine, or over
    logical CPU devices where it has none. TensorFlow must not have run anything before, if there
    are several workers, or several replicas on a CPU.

    Args:
        replicas: their number; None for every GPU, or one replica.

    Raises:
        InputError: there are fewer devices or replicas than one, `TF_CONFIG` is broken or names
            replicas itself, or this process has begun with another number of replicas.
    """
    if is_one_of_several_workers():
        if replicas is not None:
            raise InputError(
                "replicas cannot be chosen where TF_CONFIG names workers: each worker uses all its "
                "GPUs, or one replica"
            )
        return _several_workers()
    gpus = len(tf.config.list_physical_devices("GPU"))
    replicas = max(1, gpus) if replicas is None else whole_number("replicas", replicas, 1)
    if replicas == 1:
        return tf.distribute.get_strategy()
    if 0 < gpus < replicas:
        raise InputError(f"{replicas} replicas need as many GPUs, this machine has {gpus}")
    return _several_replicas(replicas, "GPU" if gpus else "CPU")


@cache
def _several_replicas(replicas, kind):
    # The collectives of two strategies in one process would get in each other's way.
    if _several_replicas.cache_info().currsize:
        raise InputError(
            f"this process has trained on another number of replicas than {replicas}: use a new one"
        )
    if kind == "CPU":
        processor = tf.config.list_physical_devices("CPU")[0]
        logical = [tf.config.LogicalDeviceConfiguration()] * replicas
        with contextlib.suppress(RuntimeError):
            tf.config.set_logical_device_configuration(processor, logical)
    if len(tf.config.list_logical_devices(kind)) < replicas:
        raise InputError(
            f"{replicas} replicas need as many logical devices, which TensorFlow can only make "
            "before it has run anything: choose the replicas first in a new process"
        )
    return tf.distribute.MirroredStrategy([f"{kind}:{replica}" for replica in range(replicas)])


def is_one_of_several_workers() -> bool:
    """Whether `TF_CONFIG` says that this process is one of several workers.

    Raises:
        InputError: `TF_CONFIG` is broken.
    """
    written = os.environ.get("TF_CONFIG")
    if not written:
        return False
    try:
        content = json.loads(written)
        jobs, task = content["cluster"], content["task"]
        own = jobs[task["type"]][int(task["index"])]
        workers = sum(len(addresses) for addresses in jobs.values())
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError(
            f"TF_CONFIG is not a cluster with this process in it ({error!r}): give "
            '{"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}'
        ) from error
    if not set(jobs) <= {"chief", "worker"}:
        raise InputError(f"TF_CONFIG may only name a chief and workers, not {', '.join(jobs)}")
    if not isinstance(own, str) or ":" not in own:
        raise InputError(f"TF_CONFIG gives this process the address {own!r}: write HOST:PORT")
    return workers > 1


@cache
def _several_workers():
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (RuntimeError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"this worker cannot join the others: {reason}") from error


def barrier(strategy: tf.distribute.Strategy) -> None:
    """Waits until every worker has come here.

    Raises:
        InputError: another worker has stopped.
    """
    if strategy.cluster_resolver is None:
        return

    @tf.function(autograph=False)
    def count_replicas():
        return tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.SUM, tf.constant(1.0)
        )

    with lost_workers_named(strategy):
        strategy.run(count_replicas)


def own_share(strategy: tf.distribute.Strategy) -> tuple[int, int, int]:
    """Which replicas run in this process: the first, the end, and how many there are in all.

    Replicas of one process are consecutive, and every worker has as many.
    """
    replicas = strategy.num_replicas_in_sync
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.cluster_spec().jobs:
        return 0, replicas, replicas
    cluster = resolver.cluster_spec()
    workers = sum(cluster.num_tasks(job) for job in cluster.jobs)
    own = resolver.task_id
    if resolver.task_type == "worker" and "chief" in cluster.jobs:
        own += 1
    return replicas * own // workers, replicas * (own + 1) // workers, replicas


@contextlib.contextmanager
def lost_workers_named(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Says in one line that a worker is lost, where TensorFlow would show a traceback.

    Raises:
        InputError: another worker has stopped, or cannot be reached.
    """
    try:
        yield
    except _LOST_WORKER as error:
        if strategy.cluster_resolver is None:
            raise
        raise InputError(
            "another worker has stopped or cannot be reached: start all workers again"
        ) from error


@contextlib.contextmanager
def own_output(folder: RunFolder, strategy: tf.distribute.Strategy) -> Iterator[RunFolder]:
    """Where this process writes: the run folder, or for all workers but the chief a temporary one.

    Args:
        folder: the run folder.
        strategy: what `open_strategy` returned.
    """
    if is_chief(strategy):
        yield folder
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield folder.with_output(scratch)
