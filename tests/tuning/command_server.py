"""Runs commands of `scale-vae` side by side, TensorFlow imported only once.

Reads one JSON object a line. `{"arguments": [...], "environment": {...}, "stdout": PATH,
"stderr": PATH}` starts a command and answers with its process id; `{"wait": ID}` answers with the
exit status, negative for a signal.
"""

import json
import os
import sys

from scale_vae_keras import cli
from scale_vae_keras.quiet import quiet_standard_error

with quiet_standard_error():
    import scale_vae_keras.experiments.commands
    import scale_vae_keras.tuning.search  # noqa: F401


def run_child(request: dict) -> None:
    os.environ.update(request["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(request["stdout"], os.O_WRONLY), 1)
    os.dup2(os.open(request["stderr"], os.O_WRONLY), 2)
    try:
        status = cli.main(request["arguments"])
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
