"""Trains with two workers and with one process, kills a worker, and resumes; prints what happened.

A program of its own, since it forks before TensorFlow has run anything. Arguments: a corpus folder
and an output folder. Every process writes the sentences of its steps to `rows-RUN-WORKER`, and
leaves `stdout-RUN-WORKER` and `stderr-RUN-WORKER`.
"""

import json
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from scale_vae_keras.commands import main as command_line
from scale_vae_keras.quiet import quiet_standard_error

with quiet_standard_error():
    import tensorflow as tf

    import scale_vae_keras.commands.train  # noqa: F401
    from scale_vae_keras.models.sentence_model import SentenceModel

TINY = (
    *("--preset", "small", "--batch-size", "16", "--dropout", "0", "--epochs", "3"),
    *("--learning-rate", "0.1"),
    *("--embedding-dim", "4", "--units", "5", "--latent-dim", "2"),
)
WORKERS = 2


def record_rows(path, last_step):
    """Writes the ids of every sentence that reaches a training step, and dies after `last_step`."""
    step = SentenceModel.train_step
    steps = 0

    def write(ids):
        nonlocal steps
        steps += 1
        if steps == last_step:
            os.kill(os.getpid(), signal.SIGKILL)
        with path.open("a") as file:
            file.writelines(" ".join(str(i) for i in row if i) + "\n" for row in ids)

    def recorded(self, ids):
        tf.numpy_function(write, [ids], [])
        return step(self, ids)

    SentenceModel.train_step = recorded


def start(arguments, output, name, cluster=None, worker=0, last_step=None):
    """The process id of a child that runs `scale-vae train`."""
    child = os.fork()
    if child:
        return child
    for number, stream in ((1, "stdout"), (2, "stderr")):
        file = output / f"{stream}-{name}-{worker}"
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    if cluster:
        task = {"type": "worker", "index": worker}
        os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": cluster}, "task": task})
    record_rows(output / f"rows-{name}-{worker}", last_step)
    status = command_line.main(["train", *arguments])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def start_workers(arguments, output, name, last_step=None):
    """Starts two workers; the second one dies in its step `last_step`."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        cluster = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    return [
        start(arguments, output, name, cluster, worker, step)
        for worker, step in enumerate((None, last_step))
    ]


def end(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(corpus, output):
    folders = {name: ["--output", str(output / name)] for name in ("killed", "one", "two")}
    new = [corpus, *TINY]
    chief, victim = start_workers([*new, *folders["killed"]], output, "killed", last_step=5)
    alone = start([*new, *folders["one"], "--replicas", "1"], output, "one")
    statuses = {"victim": [end(victim)]}
    died = time.monotonic()
    statuses["chief"] = [end(chief)]
    seconds = time.monotonic() - died
    statuses["one"] = [end(alone)]
    two = start_workers([*new, *folders["two"]], output, "two")
    statuses["two"] = [end(child) for child in two]
    resumed = start_workers(["--resume", *folders["killed"]], output, "resumed")
    statuses["resumed"] = [end(child) for child in resumed]
    print(json.dumps({"statuses": statuses, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
