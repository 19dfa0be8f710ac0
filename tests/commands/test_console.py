"""What commands print, on any terminal."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

import scale_vae_keras
from scale_vae_keras.commands.console import distinct_runs, short_names, terminal

PRINTS = """
import sys
from scale_vae_keras.commands.main import show_every_character
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
    from scale_vae_keras.commands.main import show_every_character

    screen = io.BytesIO()
    stream = io.TextIOWrapper(screen, encoding="latin-1")
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", stream)
    show_every_character()
    print("café ж", flush=True)
    assert screen.getvalue() == b"caf\xe9 \\u0436\n"
