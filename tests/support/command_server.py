"""Runs commands of `scale-vae` in processes of their own, TensorFlow imported only once.

Reads one JSON object a line. `{"arguments": [...], "environment": {...}, "file_limit": bytes or
null, "stdin": PATH, "stdout": PATH, "stderr": PATH}` forks a process that runs the command, and
answers with its id; `{"wait": ID}` answers with its exit status, negative for a signal.
"""

import json
import os
import resource
import sys

from scale_vae_keras.commands.main import main
from scale_vae_keras.quiet import quiet_standard_error

with quiet_standard_error():
    import scale_vae_keras.commands.train
    import scale_vae_keras.tuning.search  # noqa: F401


def run_child(request: dict) -> None:
    os.environ.update(request["environment"])
    for number, name, flags in (
        (0, "stdin", os.O_RDONLY),
        (1, "stdout", os.O_WRONLY),
        (2, "stderr", os.O_WRONLY),
    ):
        os.dup2(os.open(request[name], flags), number)
    sys.stdin = open(0)  # noqa: SIM115 - the parent's holds buffered requests
    if request["file_limit"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_limit"],) * 2)
    try:
        status = main(request["arguments"])
    except SystemExit as stop:
        status = stop.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


for line in sys.stdin:
    request = json.loads(line)
    if "wait" in request:
        _, status = os.waitpid(request["wait"], 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        continue
    child = os.fork()
    if child == 0:
        run_child(request)
    print(child, flush=True)
