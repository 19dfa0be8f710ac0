"""Runs commands of the command line in processes of their own, TensorFlow imported only once.

Reads one JSON object a line: `arguments`, `stdin`, `stdout`, `stderr` (paths) and `file_limit`
(bytes or null). Forks, runs the command in the child, and answers with its exit status.
"""

import json
import os
import resource
import sys

from scale_vae_keras import cli
from scale_vae_keras.quiet import quiet_standard_error

with quiet_standard_error():
    import scale_vae_keras.experiments.commands  # noqa: F401


def run_child(request: dict) -> None:
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
        status = cli.main(request["arguments"])
    except SystemExit as stop:
        status = stop.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run_child(json.loads(line))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
