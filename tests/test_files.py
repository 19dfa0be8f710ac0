import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import (
    check_folder_place,
    check_place,
    lock_holder,
    locked,
    read_json,
    remove_scratch,
    write_json,
    written_whole,
)

KILLED = """
import os, signal
from scale_vae_keras.files import written_whole
with written_whole("model") as outer, written_whole("checkpoints/epoch-0001") as inner:
    inner.mkdir()
    outer.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def fail_while_writing(path, folder=False):
    with written_whole(path) as temporary:
        if folder:
            temporary.mkdir()
            (temporary / "half").write_text("half", encoding="utf-8")
        else:
            temporary.write_text("half", encoding="utf-8")
        raise RuntimeError("power cut")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "table.csv"
    with written_whole(path) as temporary:
        assert temporary.suffix == ".csv"
        temporary.write_text("whole", encoding="utf-8")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "whole"
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_file_is_replaced(tmp_path, there):
    (tmp_path / "far").mkdir()
    file = tmp_path / "far" / "file.csv"
    if there:
        file.write_text("old", encoding="utf-8")
    link = tmp_path / "link.csv"
    link.symlink_to(Path("far") / "file.csv")
    with written_whole(link) as temporary:
        temporary.write_text("new", encoding="utf-8")
    assert link.is_symlink()
    assert (file.read_text(encoding="utf-8"), names(tmp_path / "far")) == ("new", ["file.csv"])
    assert names(tmp_path) == ["far", "link.csv"]


def test_an_error_that_names_no_file_is_given_its_name(tmp_path):
    path = tmp_path / "table.csv"
    with pytest.raises(OSError, match="No space left") as error, written_whole(path):
        raise OSError(28, "No space left on device")
    assert error.value.filename == str(path)
    with pytest.raises(OSError, match="No space left") as error, written_whole(path):
        raise OSError(28, "No space left on device", "other")
    assert error.value.filename == "other"
    assert names(tmp_path) == []


def test_a_pipe_is_written_to_and_a_device_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for path in (pipe, Path(os.devnull)):
        with written_whole(path) as temporary:
            temporary.write_text("whole", encoding="utf-8")
    assert os.read(reader, 99) == b"whole"
    os.close(reader)
    assert pipe.is_fifo()
    assert Path(os.devnull).is_char_device()
    assert names(tmp_path) == ["pipe"]


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_goes_on_where_it_is(tmp_path, name):
    code = (
        "from scale_vae_keras.files import written_whole\n"
        "print('before')\n"
        f"with written_whole({name!r}) as temporary: temporary.write_text('whole\\n')\n"
        "print('after')"
    )
    path = tmp_path / "said.txt"
    with open(path, "w") as said:
        subprocess.run([sys.executable, "-c", code], stdout=said, check=True)
    assert path.read_text() == "before\nwhole\nafter\n"
    assert names(tmp_path) == ["said.txt"]


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old", encoding="utf-8")
    with written_whole(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"


def test_failure_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError, match="power cut"):
        fail_while_writing(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["table.csv"]


def test_failure_leaves_no_new_file(tmp_path):
    with pytest.raises(RuntimeError, match="power cut"):
        fail_while_writing(tmp_path / "table.csv")
    assert names(tmp_path) == []


def test_a_folder_is_replaced_whole(tmp_path):
    path = tmp_path / "checkpoint"
    for name in ("first", "second"):
        with written_whole(path) as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name, encoding="utf-8")
    assert names(path) == ["second"]
    assert names(tmp_path) == ["checkpoint"]


def test_failure_leaves_the_old_folder(tmp_path):
    path = tmp_path / "checkpoint"
    path.mkdir()
    (path / "old").write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError, match="power cut"):
        fail_while_writing(path, folder=True)
    assert names(path) == ["old"]
    assert names(tmp_path) == ["checkpoint"]


def test_a_block_that_writes_nothing_leaves_the_old_folder(tmp_path):
    path = tmp_path / "checkpoint"
    path.mkdir()
    with pytest.raises(FileNotFoundError), written_whole(path):
        pass
    assert names(tmp_path) == ["checkpoint"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    path = tmp_path / "corpus"
    path.mkdir()
    (path / "train.txt").touch()
    with pytest.raises(IsADirectoryError) as error, written_whole(path) as temporary:
        temporary.write_text("page", encoding="utf-8")
    assert error.value.filename == str(path)
    assert names(tmp_path) == ["corpus"]
    assert names(path) == ["train.txt"]


def test_a_missing_folder_is_named_as_the_caller_did(tmp_path):
    path = tmp_path / "no" / "page.html"
    with pytest.raises(FileNotFoundError) as error, written_whole(path):
        pass
    assert (error.value.filename, error.value.strerror) == (str(path), "No such file or directory")


def test_what_is_written_is_on_the_disk_before_it_appears(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint"
    flushed = []

    def fsync(descriptor):
        flushed.append((Path(f"/proc/self/fd/{descriptor}").resolve().name, path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    with written_whole(path) as temporary:
        temporary.mkdir()
        (temporary / "model").write_text("model", encoding="utf-8")
        (temporary / "state").write_text("state", encoding="utf-8")
    assert sorted(flushed[:-1]) == [("checkpoint", False), ("model", False), ("state", False)]
    assert flushed[-1] == (tmp_path.name, True)


def test_what_a_killed_process_left_is_removed(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    killed = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(names(tmp_path)) == 2
    assert len(names(tmp_path / "checkpoints")) == 1
    remove_scratch(tmp_path)
    assert names(tmp_path) == ["checkpoints"]
    assert names(tmp_path / "checkpoints") == []


def test_permissions_are_those_of_any_new_file(tmp_path):
    plain, whole = tmp_path / "plain", tmp_path / "whole"
    plain.touch()
    with written_whole(whole) as temporary:
        temporary.touch()
    assert whole.stat().st_mode == plain.stat().st_mode


def test_write_json(tmp_path):
    path = tmp_path / "metrics.json"
    write_json(path, {"nll": 40.5, "name": "Σ"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"nll": 40.5, "name": "Σ"}
    with pytest.raises(TypeError):
        write_json(path, {"nll": object()})
    assert json.loads(path.read_text(encoding="utf-8"))["nll"] == 40.5


def test_read_json(tmp_path):
    path = tmp_path / "Σ.json"
    write_json(path, {"nll": 40.5, "name": "Σ"})
    assert read_json(path, "advice", "nll") == {"nll": 40.5, "name": "Σ"}
    with pytest.raises(InputError) as caught:
        read_json(path, "train again", "kl", "nll", "au")
    assert str(caught.value) == f"{path} cannot be read: train again (KeyError('au', 'kl'))"


@pytest.mark.parametrize("content", [None, b"", b"{", b"3", b"[1]", b'{"a": "\xff"}'])
def test_what_is_no_json_object_is_refused(tmp_path, content):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json cannot be read: train again \(\w+Error\("):
        read_json(path, "train again")


def test_a_place_for_a_file_is_refused_before_the_work(tmp_path):
    check_place(tmp_path / "new.txt")
    check_place(Path(os.devnull))
    with pytest.raises(InputError, match="is a folder: give the name of a file"):
        check_place(tmp_path)
    with pytest.raises(InputError, match=r"there is no folder .*missing: make it first"):
        check_place(tmp_path / "missing" / "new.txt")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"/file is a file: give a place in a folder"):
        check_place(tmp_path / "file" / "new.txt")
    for refuse in (check_place, check_folder_place):
        for address in ("gs://bucket/new", "s3:/bucket/new", Path("hdfs://host/new")):
            with pytest.raises(InputError, match="is no place on this machine: write to a folder"):
                refuse(address)


def test_a_place_for_a_folder_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for free in (tmp_path, "new", "new/run"):
        check_folder_place(free)
    Path("file").touch()
    with pytest.raises(InputError, match=r"^file is a file: choose a folder that is not there yet"):
        check_folder_place("file")
    with pytest.raises(InputError, match=r"/file is a file: give a place in a folder"):
        check_folder_place("file/deep/run")


@pytest.mark.parametrize("check", [check_place, check_folder_place])
def test_a_folder_that_cannot_be_written_to_is_no_place(check, tmp_path, monkeypatch):
    # The superuser may write anywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: (Path(path), mode) != (tmp_path, os.W_OK))
    with pytest.raises(InputError, match=f"{tmp_path} cannot be written to: give another folder"):
        check(tmp_path / "new")


HOLDS = """
import sys, time
from scale_vae_keras.files import locked
with locked("lock"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_is_held_once_and_ends_with_its_block(tmp_path):
    with locked(tmp_path / "lock"):
        assert lock_holder(tmp_path / "lock") == f"process {os.getpid()}"
        with pytest.raises(BlockingIOError), locked(tmp_path / "lock"):
            pass
    assert names(tmp_path) == []
    with locked(tmp_path / "lock"):
        pass


def test_a_lock_ends_with_its_process(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError), locked(tmp_path / "lock"):
        pass
    process.kill()
    process.communicate()
    with locked(tmp_path / "lock"):
        assert names(tmp_path) == ["lock"]
    assert names(tmp_path) == []


def test_a_folder_that_is_not_to_be_replaced_stays(tmp_path):
    def write(name):
        with written_whole(tmp_path / "run", replace=False) as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name)

    (tmp_path / "run").mkdir()
    write("first")
    with pytest.raises(OSError, match="not empty"):
        write("second")
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["first"]


def test_a_lock_can_be_waited_for(tmp_path):
    order = []

    def wait():
        with locked(tmp_path / "lock", wait=True):
            order.append("second")

    with locked(tmp_path / "lock"):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]
    assert names(tmp_path) == []
