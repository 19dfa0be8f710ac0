"""What commands print, on any terminal."""

import errno
import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

import scale_vae_keras
from scale_vae_keras.commands import data
from scale_vae_keras.commands.console import (
    distinct_runs,
    log_to_terminal,
    print_counts,
    short_names,
    terminal,
)
from scale_vae_keras.commands.main import main
from scale_vae_keras.data.encoded import encode_split
from scale_vae_keras.data.memory import corpus_from
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary

PRINTS = """
import sys
from scale_vae_keras.commands.standard_streams import show_every_character
show_every_character()
print("caf\\xe9 \\u0436")
"""


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/run"], ["run"]),
        (["a/run", "b/run"], ["a/run", "b/run"]),
        (["x/a/run", "y/a/run", "vae/"], ["x/a/run", "y/a/run", "vae"]),
        (["vae[seed=1]", "[red]"], ["vae[seed=1]", "[red]"]),
        (["/run", "/a/run"], ["/run", "a/run"]),
    ],
)
def test_runs_side_by_side_have_different_names(paths, names):
    assert list(short_names(paths).values()) == names


def test_a_run_that_is_named_twice_is_measured_once():
    assert distinct_runs(["b", "a/run", "./a/run/", "a"]) == ["b", "a/run", "a"]
    assert distinct_runs(["b", "a", "./b"]) == ["b", "a"]


def test_text_is_shown_as_it_is(capsys):
    terminal().print("[red]: :smile: vae[seed=1]")
    assert capsys.readouterr().out == "[red]: :smile: vae[seed=1]\n"


def test_every_command_prints_through_the_same_console():
    folder = Path(scale_vae_keras.__file__).parent
    users = {path.name for path in folder.rglob("*.py") if " Console()" in path.read_text()}
    assert users == set()
    users = {path.name for path in folder.rglob("*.py") if "= Console(" in path.read_text()}
    assert users == set()


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_output_to_another_program_is_utf8(encoding):
    done = subprocess.run(
        [sys.executable, "-c", PRINTS], capture_output=True, env={"PYTHONIOENCODING": encoding}
    )
    assert done.stdout.decode("utf-8") == "café ж\n", done.stderr


def test_a_terminal_shows_escapes_for_what_it_lacks(monkeypatch):
    from scale_vae_keras.commands.standard_streams import show_every_character

    screen = io.BytesIO()
    stream = io.TextIOWrapper(screen, encoding="latin-1")
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", stream)
    show_every_character()
    print("café ж", flush=True)
    assert screen.getvalue() == b"caf\xe9 \\u0436\n"


def test_memory_that_does_not_suffice_is_one_line(monkeypatch, capsys):
    def run(options):
        tf.zeros([2**20, 2**20, 2**10])

    monkeypatch.setattr(data, "run", run)
    assert main(["data", "reviews"]) == 2
    line = "error: out of memory: choose smaller sizes or a smaller batch\n"
    assert capsys.readouterr().err == line
    monkeypatch.setattr(data, "run", lambda options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["data", "reviews"])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_lack_of_memory(number, monkeypatch, capsys):
    def run(options):
        raise tf.errors.ResourceExhaustedError(None, None, f"model/1; {os.strerror(number)}")

    monkeypatch.setattr(data, "run", run)
    assert main(["data", "reviews"]) == 2
    line = "error: the disk is full: make room, or choose another place\n"
    assert capsys.readouterr().err == line


def test_counts_that_are_not_known_are_no_numbers(capsys):
    tokenizer = Tokenizer(Vocabulary(["a"]), max_length=3)
    split = encode_split(corpus_from(["a a a a", "a"], ["a"], ["a a"]), "train", tokenizer)
    print_counts({"train": split, "part": split.first(1)}, 5)
    rows = {
        cells[0].strip(): [cell.strip() for cell in cells[1:]]
        for line in capsys.readouterr().out.splitlines()
        if len(cells := line.strip("│").split("│")) == 3
    }
    assert rows["truncated sentences"] == ["1", "-"]
    assert rows["empty lines, skipped"] == ["0", "-"]


ONEDNN = """
import os
from scale_vae_keras.commands.main import main
assert main(["evaluate", "nowhere"]) == 2
print(os.environ["TF_ENABLE_ONEDNN_OPTS"])
"""


def test_a_new_process_computes_with_onednn(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    ran = subprocess.run([sys.executable, "-c", ONEDNN], capture_output=True, text=True, check=True)
    assert ran.stdout == "1\n"


def test_a_process_that_has_tensorflow_hands_its_own_rounding_on(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert main(["evaluate", "nowhere"]) == 2
    assert "TF_ENABLE_ONEDNN_OPTS" not in os.environ


def test_a_handler_of_the_root_logger_says_nothing_twice(capsys):
    """As KerasTuner's root logger has one."""
    root, handler = logging.getLogger(), logging.StreamHandler(sys.stderr)
    root.addHandler(handler)
    try:
        log_to_terminal()
        logging.getLogger("scale_vae_keras").warning("once")
    finally:
        root.removeHandler(handler)
    assert capsys.readouterr().err == "warning: once\n"
