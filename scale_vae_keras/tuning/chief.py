"""A search by several processes: KerasTuner's chief, and what its workers need."""

import contextlib
import os
import time
from collections.abc import Iterator
from concurrent import futures

import grpc

from scale_vae_keras.errors import InputError
from scale_vae_keras.tuning.extra import keras_tuner

_VARIABLES = ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")
_FAREWELL_SECONDS = 10.0
_CONNECT_SECONDS = 300.0


def is_search_chief() -> bool:
    """Whether this process chooses the settings for others.

    Raises:
        InputError: only some of KerasTuner's environment variables are set.
    """
    return _is_one_of_several() and "chief" in os.environ["KERASTUNER_TUNER_ID"]


def is_worker() -> bool:
    """Whether this process trains with settings that a chief chooses.

    Raises:
        InputError: only some of KerasTuner's environment variables are set.
    """
    return _is_one_of_several() and not is_search_chief()


def _is_one_of_several():
    missing = [name for name in _VARIABLES if name not in os.environ]
    if len(missing) == len(_VARIABLES):
        return False
    if missing:
        raise InputError(f"several processes need {', '.join(_VARIABLES)}: set {missing[0]} too")
    return True


def _address():
    return f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"


def serve_oracle(oracle: keras_tuner.Oracle) -> None:
    """Gives settings to workers until the search is over.

    Args:
        oracle: what chooses the settings.

    Raises:
        InputError: the address cannot be listened on.
    """
    from keras_tuner.src import protos
    from keras_tuner.src.distribute.oracle_chief import OracleServicer

    servicer = OracleServicer(oracle)
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=1), options=[("grpc.so_reuseport", 0)]
    )
    protos.get_service_grpc().add_OracleServicer_to_server(servicer, server)
    try:
        server.add_insecure_port(_address())
    except RuntimeError as error:
        raise InputError(f"the chief cannot listen on {_address()}: {error}") from error
    server.start()
    for worker, trial in oracle.ongoing_trials.items():
        print(
            f"waiting for {worker}, which has trial {trial.trial_id}: start it if it is not running"
        )
    while not _is_over(oracle, servicer):
        time.sleep(0.2)
    last = time.monotonic() + _FAREWELL_SECONDS
    while oracle.tuner_ids and time.monotonic() < last:
        time.sleep(0.1)
    server.stop(_FAREWELL_SECONDS).wait()


def _is_over(oracle, servicer):
    no_more = servicer.stop_triggered or len(oracle.trials) >= oracle.max_trials
    return no_more and not oracle.ongoing_trials and not oracle._retry_queue


@contextlib.contextmanager
def worker_errors() -> Iterator[None]:
    """Says in a line when the chief of this worker does not answer."""
    try:
        if is_worker():
            with grpc.insecure_channel(_address()) as channel:
                grpc.channel_ready_future(channel).result(_CONNECT_SECONDS)
        yield
    except (grpc.RpcError, grpc.FutureTimeoutError) as error:
        raise InputError(
            f"the chief of the search does not answer at {_address()}: start it, then this worker"
        ) from error
