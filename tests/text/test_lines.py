import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scale_vae_keras.errors import InputError
from scale_vae_keras.text import lines as lines_module
from scale_vae_keras.text.lines import decoded_lines, one_line, read_lines, split_label


def lines(data, encoding=None):
    return list(decoded_lines(io.BytesIO(data), "x.txt", encoding))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("\n\na", ["", "", "a"]),
        ("a\rb\n", ["a\rb"]),
        ("a\r\r\n", ["a\r"]),
        *[(f"a{mark}b\nc", [f"a{mark}b", "c"]) for mark in "\u2028\u2029\x85\v\f\x1c\x1d\x1e"],
    ],
)
def test_what_a_line_is(text, expected):
    assert lines(text.encode()) == expected


@settings(deadline=None, max_examples=200)
@given(
    st.text(st.sampled_from("ab\r\n\t ä\u2028\U0001f600")),
    st.sampled_from([1, 2, 3, 7]),
    st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
)
def test_blocks_do_not_matter(text, block, encoding):
    expected = [line.removesuffix("\r") for line in text.split("\n")[:-1]]
    expected += [text.split("\n")[-1]] if text.split("\n")[-1] else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_BLOCK_BYTES", block)
        assert lines(text.encode(encoding), encoding) == expected


@pytest.mark.parametrize("block", [1, 4, 1 << 16])
@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (
            b"a\nb\xff\n",
            None,
            'x.txt, line 2: the byte ff after "b" cannot be read as utf-8; '
            "write the file in UTF-8, or name its encoding, such as latin-1",
        ),
        (
            b"\xe4\n",
            None,
            "x.txt, line 1: the byte e4 cannot be read as utf-8; "
            "write the file in UTF-8, or name its encoding, such as latin-1",
        ),
        (
            b"a\n\n\xc3",
            None,
            "x.txt, line 3: the byte c3 cannot be read as utf-8; "
            "write the file in UTF-8, or name its encoding, such as latin-1",
        ),
        (
            b"a\n\x81",
            "cp1252",
            "x.txt, line 2: the byte 81 cannot be read as charmap; name another encoding",
        ),
        (
            "a\nb\n".encode("utf-16-le") + b"\x00\xdc",
            "utf-16-le",
            "x.txt, line 3: the bytes 00 dc cannot be read as utf-16-le; name another encoding",
        ),
    ],
)
def test_undecodable_bytes_are_named(monkeypatch, data, encoding, message, block):
    monkeypatch.setattr(lines_module, "_BLOCK_BYTES", block)
    with pytest.raises(InputError) as error:
        lines(data, encoding)
    assert str(error.value) == message


def test_unknown_encodings():
    for name in ("martian", "base64"):
        with pytest.raises(InputError) as error:
            lines(b"a", name)
        assert str(error.value) == (
            f'unknown encoding "{name}": give one that Python knows, such as utf-8, latin-1, '
            "cp1252, utf-16 or gb18030"
        )
    with pytest.raises(InputError) as error:
        lines("\ufeffa".encode("utf-16-le"), "latin-1")
    assert str(error.value) == (
        "x.txt begins with the byte order mark of utf-16-le: it is not latin-1; "
        "leave the encoding out"
    )


def test_encodings_by_name():
    assert lines("中\n文".encode("gb18030"), "gb18030") == ["中", "文"]
    assert lines("ä\nb".encode("utf-16"), "utf-16") == ["ä", "b"]
    assert lines("ä".encode("utf-8-sig"), "utf-8-sig") == ["ä"]
    assert lines(b"a\0b", "utf-8") == ["a\0b"]


def test_one_line():
    assert one_line("a\tb\r\nc\n\nd\u2028e\x85f\vg\x1ch") == "a b c d e f g h"
    assert one_line("a\u00a0b  c ") == "a\u00a0b  c "
    assert one_line("\r\n a\n\t") == " a"


def test_split_label():
    assert split_label("1\ta\tb") == ("1", "a\tb")
    assert split_label("") == ("", "")
    assert split_label("a") is None
    assert split_label("\ta") == ("", "a")
    assert split_label(" good \t a ") == ("good", " a ")


def test_read_lines_of_a_file_and_a_stream(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes("\ufeff1\ta b\r\n\r\n0\tc\u2028d\n".encode())
    expected = (["a b", "", "c\u2028d"], ["1", "", "0"])
    assert read_lines(path, labelled=True) == expected
    assert read_lines(str(path), labelled=True) == expected
    assert read_lines(io.BytesIO(path.read_bytes()), labelled=True) == expected
    assert read_lines(path, labelled=False) == (["1\ta b", "", "0\tc\u2028d"], None)
    path.write_text("a b\nc\td\n")
    assert read_lines(path, labelled=True) == (["a b", "c\td"], None)
    path.write_bytes(b"\xe4\n")
    assert read_lines(path, labelled=True, encoding="latin-1") == (["ä"], None)


@pytest.mark.parametrize("source", [None, "-"])
def test_read_lines_of_standard_input(monkeypatch, source):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\x0bb\nc\n")))
    assert read_lines(source, labelled=False) == (["a\x0bb", "c"], None)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(InputError) as error:
        read_lines(None, labelled=False)
    assert str(error.value) == "standard input is empty: give at least one line of text"


def test_read_lines_refuses(tmp_path):
    path = tmp_path / "x.txt"
    with pytest.raises(InputError) as error:
        read_lines(path, labelled=True)
    assert str(error.value) == f"cannot read {path}: No such file or directory"
    path.write_text("1\ta\n\nb\n")
    with pytest.raises(InputError) as error:
        read_lines(path, labelled=True)
    assert str(error.value) == (
        f"{path}, line 3: there is no label; write label<TAB>text on every line"
    )
