"""Trains runs that are killed again and again, in processes forked from this one.

Reads one JSON object: `corpus`, and `chains`, each with `folder`, `options` (words of the command
line), `seed` and `kills`. The chains run at the same time. In each, a run is trained whole, and
another is killed with SIGKILL `kills` times, each time at a random event after its start, and then
finished. An event is the end of a training step or an operation on a file in the run's folder.
Answers with one JSON list: for each chain, what each kill interrupted.
"""

import json
import os
import random
import signal
import sys
from pathlib import Path

import keras

from scale_vae_keras.commands import main as command_line
from scale_vae_keras.quiet import quiet_standard_error

with quiet_standard_error():
    import scale_vae_keras.commands.train  # noqa: F401

_LAST_EVENT = 70
_FILE_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.copyfile"}


def count_events(run: Path, kill_at: int, say: int) -> None:
    """Kills this process at an event, after it has written to `say` which one it was."""
    folder, seen = str(run), 0
    finish_step = keras.callbacks.CallbackList.on_train_batch_end

    def step(callbacks, batch, logs=None):
        finish_step(callbacks, batch, logs)
        sys.audit("training step", folder)

    keras.callbacks.CallbackList.on_train_batch_end = step

    def count(event, arguments):
        nonlocal seen
        if (event == "training step" or event in _FILE_EVENTS) and str(arguments[0]).startswith(
            folder
        ):
            seen += 1
            if seen == kill_at:
                os.write(say, f"{event} {arguments[0]}".encode())
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def train(run: Path, arguments: list[str], kill_at: int | None = None) -> str:
    """What was interrupted; empty when the command came to its end."""
    hear, say = os.pipe()
    child = os.fork()
    if child == 0:
        log = os.open(f"{run}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if kill_at is not None:
            count_events(run, kill_at, say)
        os._exit(command_line.main([*arguments, "--output", str(run), "--save-steps", "3"]))
    os.close(say)
    _, status = os.waitpid(child, 0)
    with os.fdopen(hear, "rb") as pipe:
        interrupted = pipe.read().decode()
    assert os.waitstatus_to_exitcode(status) == (-signal.SIGKILL if interrupted else 0), run
    return interrupted


def chain(corpus: str, folder: str, options: list[str], seed: int, kills: int) -> list[str]:
    """What each kill interrupted."""
    whole, run = Path(folder) / "whole", Path(folder) / "killed"
    start, resume = ["train", corpus, *options], ["train", "--resume"]
    train(whole, start)
    draw = random.Random(seed)
    interrupted = []
    for _ in range(kills):
        arguments = resume if (run / "config.json").exists() else start
        interrupted.append(train(run, arguments, draw.randint(1, _LAST_EVENT)))
    train(run, resume)
    return interrupted


def main() -> None:
    request = json.load(sys.stdin)
    chains = []
    for settings in request["chains"]:
        hear, say = os.pipe()
        if os.fork() == 0:
            os.write(say, json.dumps(chain(request["corpus"], **settings)).encode())
            os._exit(0)
        os.close(say)
        chains.append(hear)
    answers = []
    for hear in chains:
        with os.fdopen(hear, "rb") as pipe:
            answers.append(json.loads(pipe.read()))
        os.wait()
    print(json.dumps(answers))


main()
