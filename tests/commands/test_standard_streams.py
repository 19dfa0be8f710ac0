"""Commands whose output nobody reads, or which were started without a standard stream."""

import subprocess
import sys

import pytest

COMMAND = """
import sys
from types import SimpleNamespace
from scale_vae_keras.commands import main as entry

def run(options):
    print("the first line", flush=True)
    sys.stdin.read()
    for _ in range(3):
        print("x" * 100_000, flush=True)
    open(sys.argv[2], "w").write("the work is done")

entry.check_words = lambda words: None
entry.parse = lambda words: SimpleNamespace(command=words[0], debug=False)
entry.load_command = lambda name: SimpleNamespace(run=run)
sys.exit(entry.main(sys.argv[1:2]))
"""


@pytest.mark.parametrize("command", ["train", "tune", "export", "evaluate", "generate", "score"])
def test_work_goes_on_when_the_reader_has_gone(command, tmp_path):
    done = tmp_path / "done"
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, command, done],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "the first line\n"
        process.stdout.close()
        process.stdin.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == ""
    # Lines of text are all that the last two give.
    assert done.exists() == (command not in ("generate", "score"))


CLOSED = """
import os, sys
os.close(int(sys.argv[1]))
setattr(sys, sys.argv[2], None)
from scale_vae_keras.commands.main import main
status = main(["data", "reviews"])
os.fstat(int(sys.argv[1]))
sys.exit(status or len(sys.stdin.read() if sys.argv[2] == "stdin" else ""))
"""


@pytest.mark.parametrize(("number", "name"), [(0, "stdin"), (1, "stdout"), (2, "stderr")])
def test_a_stream_that_is_closed_is_the_null_device(number, name):
    done = subprocess.run(
        [sys.executable, "-c", CLOSED, str(number), name], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ("sentences" in done.stdout) == (name != "stdout")
