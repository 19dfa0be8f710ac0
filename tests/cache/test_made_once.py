import logging
import os
import signal
import threading

import pytest

from scale_vae_keras.cache.made_once import made_once
from scale_vae_keras.errors import InputError

KEY = {"what": "letters", "limit": 3}


def write(folder):
    (folder / "letters.txt").write_text("abc")


def refuse(folder):
    raise AssertionError("made twice")


def test_a_folder_is_made_once_for_each_key(tmp_path):
    made = made_once(tmp_path / "new" / "cache", KEY, write)
    assert (made / "letters.txt").read_text() == "abc"
    assert made.parent == tmp_path / "new" / "cache"
    assert made_once(made.parent, dict(reversed(KEY.items())), refuse) == made
    assert made_once(made.parent, {**KEY, "limit": 4}, write) != made


def test_one_makes_it_and_the_others_wait(tmp_path):
    begun, made = threading.Event(), []

    def slowly(folder):
        made.append(folder)
        begun.set()
        assert waiting.wait(10)
        write(folder)

    waiting = threading.Event()
    waits = logging.getLogger("scale_vae_keras")
    handler = logging.Handler()
    handler.emit = lambda record: waiting.set()
    waits.addHandler(handler)
    level, waits.level = waits.level, logging.INFO
    try:
        first = threading.Thread(target=made_once, args=(tmp_path, KEY, slowly))
        first.start()
        assert begun.wait(10)
        found = made_once(tmp_path, KEY, slowly)
        first.join()
    finally:
        waits.removeHandler(handler)
        waits.level = level
    assert len(made) == 1
    assert (found / "letters.txt").read_text() == "abc"


def test_what_a_killed_process_began_is_begun_anew(tmp_path):
    other = made_once(tmp_path, {"what": "another"}, write)
    child = os.fork()
    if child == 0:

        def die(folder):
            write(folder)
            os.kill(os.getpid(), signal.SIGKILL)

        made_once(tmp_path, KEY, die)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    left = {path.name for path in tmp_path.iterdir()} - {other.name}
    assert any(name.endswith(".unfinished") for name in left)
    made = made_once(tmp_path, KEY, write)
    assert {path.name for path in tmp_path.iterdir()} == {made.name, other.name}


def test_what_fails_leaves_nothing(tmp_path):
    def fail(folder):
        write(folder)
        raise InputError("no sentence")

    with pytest.raises(InputError, match="no sentence"):
        made_once(tmp_path, KEY, fail)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"the cache .*file cannot be written to .*: name another"):
        made_once(tmp_path / "file", KEY, write)
