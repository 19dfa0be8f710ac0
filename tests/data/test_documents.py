import gzip
import json
import os
import threading

import pytest

from scale_vae_keras.data.documents import Source
from scale_vae_keras.errors import InputError


@pytest.fixture
def read(tmp_path):
    """Writes a file, bytes or text, and gives the documents that are read from it."""

    def read(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return [tuple(document) for document in Source(path, **options).documents()]

    return read


def refused(tmp_path, call, *arguments, **options):
    with pytest.raises(InputError) as error:
        call(*arguments, **options)
    return str(error.value).replace(f"{tmp_path}/", "")


def test_text(read):
    assert read("a.txt", "a\tb\n") == [("b", "a")]
    assert read("a.log", "a\n\nb\tc\u2028d\n") == [("a", None), ("", None), ("b\tc\u2028d", None)]
    assert read("a.txt", "\n1\ta\n\n0\tb") == [("", ""), ("a", "1"), ("", ""), ("b", "0")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv(read, delimiter):
    table = 'id,text,stars\n1,"a ""b"", c; d\te\nf",5\n\n2,g,\n'.replace(",", delimiter)
    assert read("a.csv", table) == [
        ('a "b"@ c; d\te\nf'.replace("@", delimiter), None),
        ("", None),
        ("g", None),
    ]
    assert read("a.CSV", table, label="stars")[2] == ("g", "")
    assert read("a.csv", table, text="id", label="stars") == [("1", "5"), ("", ""), ("2", "")]


def test_the_only_column_is_the_text(read):
    assert read("a.csv", "sentence\na\n") == [("a", None)]
    assert read("a.csv", "stars,sentence\n1,a\n", label="stars") == [("a", "1")]


def test_long_values(read):
    text = "word " * 100_000
    assert read("a.csv", f"text\n{text}\n") == [(text, None)]


def test_tsv_has_no_quotation_marks(read):
    assert read("a.tsv", 'stars\ttext\r\n5\t"Great" film, "very\r\n4\tb\r\n', label="stars") == [
        ('"Great" film, "very', "5"),
        ("b", "4"),
    ]


def test_a_table_in_another_encoding(read):
    assert read("a.csv", "text\ncaf\xe9\n".encode("latin-1"), encoding="latin-1") == [
        ("caf\xe9", None)
    ]
    assert read("a.csv", "text\ncaf\xe9\n".encode("utf-16")) == [("caf\xe9", None)]


def test_json_lines(read):
    rows = [
        {"text": "a\nb", "y": 1},
        {"y": "x", "text": "ä"},
        {"text": None, "y": None},
        {"y": True},
    ]
    content = "\n".join(map(json.dumps, rows)) + "\n\n"
    assert read("a.jsonl", content) == [(t, None) for t in ("a\nb", "ä", "", "", "")]
    assert read("a.ndjson", content, label="y") == [
        ("a\nb", "1"),
        ("ä", "x"),
        ("", ""),
        ("", "true"),
        ("", ""),
    ]


def test_json_objects_may_lack_the_label(read, tmp_path):
    content = '{"id": 1, "text": "a"}\n{"text": "b", "y": 2, "id": 2}\n'
    assert read("a.jsonl", content, label="y") == [("a", ""), ("b", "2")]
    assert read("a.jsonl", content, text="text", label="y") == [("a", ""), ("b", "2")]
    assert refused(tmp_path, read, "a.jsonl", content, label="z") == (
        "a.jsonl has no column z: choose one of id, text, y"
    )


@pytest.mark.parametrize("labels", [[1, None, 3], ["x", "y", ""], None])
def test_parquet(tmp_path, labels, monkeypatch):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    columns = {"text": ["a\nb", None, "c"], "other": [[1], [2], [3]]}
    columns |= {"y": labels} if labels else {}
    parquet.write_table(pyarrow.table(columns), path)
    expected = [None] * 3 if labels is None else [str(y or "") for y in labels]
    for rows in (1, 2, 4096):
        monkeypatch.setattr("scale_vae_keras.data.documents._BATCH_ROWS", rows)
        found = list(Source(path, "text", "y" if labels else None).documents())
        assert found == list(zip(["a\nb", "", "c"], expected, strict=True))
    call = lambda **options: list(Source(path, **options).documents())  # noqa: E731
    assert refused(tmp_path, call, text="other") == (
        "a.parquet: the column other holds list<element: int64>: choose one of strings"
    )
    path.write_bytes(b"PAR0")
    assert refused(tmp_path, call).startswith("a.parquet cannot be read as Parquet: ")


def test_a_folder_of_texts(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.txt").write_bytes(b"\xef\xbb\xbfa\r\n\r\nb\n")
    (tmp_path / "d.txt").write_text("e")
    (tmp_path / "d.md").write_text("not read")
    source = Source(tmp_path)
    assert source.kind == "folder of texts"
    assert list(source.documents()) == [("a\n\nb", None), ("e", None)]
    (tmp_path / "train.txt").write_text("e")
    with pytest.raises(InputError) as error:
        list(source.documents())
    assert str(error.value) == (
        f"{tmp_path} holds train.txt, as a corpus does: name the files to read, such as "
        f"{tmp_path}/train.txt"
    )
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"has no file whose name ends in \.txt: give some"):
        list(Source(tmp_path / "empty").documents())


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.txt", "a\n", {"text": "b"}, "a.txt has no columns: leave --text and --label out"),
        (
            "a.txt",
            "1\ta\nb\n",
            {},
            "a.txt, line 2: there is no label; write label<TAB>text on every line",
        ),
        (
            "a.txt",
            "label text\n0\ta\n1\tb\n0\tc\n",
            {},
            "a.txt: the first sentence has no label, and those after it have: write "
            "label<TAB>text on every line, or remove a line that is a header",
        ),
        ("a.csv", "", {}, "a.csv has no first line: it names the columns"),
        ("a.csv", "x,y\n", {"text": "z"}, "a.csv has no column z: choose one of x, y"),
        ("a.csv", "text,y\n", {"label": "z"}, "a.csv has no column z: choose one of text, y"),
        (
            "a.csv",
            "x,y\n",
            {},
            "which column of a.csv holds the text? Name it with --text: x, y",
        ),
        (
            "a.csv",
            "text,y\na,b\nc\n",
            {},
            "a.csv, line 3: 1 values, and the first line names 2 columns; put a value that holds "
            "the delimiter or a line break between quotation marks in a .csv file",
        ),
        (
            "a.csv",
            'text,y\n"a" b,c\n',
            {},
            "a.csv, line 2: this is not CSV (',' expected after '\"')",
        ),
        ("a.csv", 'text\n"a\nb\n', {}, "a.csv, line 3: this is not CSV (unexpected end of data)"),
        (
            "a.csv",
            b"text\na\nb\xff\n",
            {},
            'a.csv, line 3: the byte ff after "b" cannot be read as utf-8; write the file in '
            "UTF-8, or name its encoding, such as latin-1",
        ),
        (
            "a.jsonl",
            '{"text": "a"}\n{"text": \n',
            {},
            "a.jsonl, line 2: this is not one JSON object (Expecting value); write one on each "
            "line",
        ),
        (
            "a.json",
            '[{"text": "a"}]',
            {},
            "a.json, line 1: this is not a JSON object; write one per line",
        ),
        ("a.jsonl", '{"text": 5}', {}, "a.jsonl, line 1: text is 5: it must be a string"),
        (
            "a.jsonl",
            '{"text": "a", "y": [1]}',
            {"label": "y"},
            "a.jsonl, line 1: the label is [1]: give a string or number",
        ),
    ],
)
def test_what_is_refused(read, tmp_path, name, content, options, message):
    assert refused(tmp_path, read, name, content, **options) == message


LABELS = {
    "number": ([1.0, 2.5, 3], ["1", "2.5", "3"]),
    "truth": ([True, False, True], ["true", "false", "true"]),
    "gap": ([1.5, float("nan"), 2.0], ["1.5", "", "2"]),
    "far": ([float("inf"), 1e300, -2.0], ["inf", "1e+300", "-2"]),
    "text": (["True", "2.0", "nan"], ["True", "2.0", "nan"]),
}


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_a_label_has_one_name_in_every_format(tmp_path, name, kind):
    labels, named = LABELS[kind]
    path = tmp_path / name
    if name == "a.jsonl":
        rows = [json.dumps({"text": "a", "y": label}) for label in labels]
        path.write_text("\n".join(rows))
    else:
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.table({"text": ["a"] * 3, "y": labels}), path)
    assert [document.label for document in Source(path, label="y").documents()] == named


def test_a_space_after_the_delimiter_is_no_part_of_a_value(read):
    content = 'text, label\n"good, 1", "pos"\nneg, b\n'
    assert read("a.csv", content, label="label") == [("good, 1", "pos"), ("neg", "b")]


def test_names_of_columns_are_told_apart(read, tmp_path):
    assert refused(tmp_path, read, "a.csv", "text,y,text\na,b,c\n") == (
        "a.csv has 'text' as the name of several columns: rename them"
    )
    assert refused(tmp_path, read, "a.csv", "text,Label\na,b\n", label="label") == (
        "a.csv has no column label: choose one of text, Label; did you mean Label?"
    )


def test_what_a_folder_and_a_table_were_read_from(tmp_path):
    for name in ("a.txt", "b.TXT", "c.md", ".d.txt", "._a.txt"):
        (tmp_path / name).write_bytes(b"\0" if name.startswith(".") else name.encode())
    source = Source(tmp_path)
    assert [document.text for document in source.documents()] == ["a.txt", "b.TXT"]
    assert (source.column, source.left_out) == (None, 1)
    (tmp_path / "x.csv").write_text("first document\nsecond document\n")
    table = Source(tmp_path / "x.csv")
    assert [document.text for document in table.documents()] == ["second document"]
    assert table.column == "first document"


def test_blanks_around_the_names_of_columns(read):
    assert read("a.csv", "id, text ,stars\n7,good,5\n", text="text", label="stars") == [
        ("good", "5")
    ]


@pytest.mark.parametrize("label", ["", "good\t"])
def test_what_comes_through_a_pipe_is_read_once(tmp_path, label):
    """A pipe that is opened again goes on where it was."""
    lines = [f"{label}sentence {number}" for number in range(5_000)]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=["\n".join(["", *lines]) + "\n"])
    writer.start()
    texts = [document.text for document in Source(pipe).documents()]
    writer.join()
    assert texts == ["", *(f"sentence {number}" for number in range(5_000))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"a\nb\n", mtime=0), "is compressed: unpack it with gunzip"),
        (b"PK\x03\x04 and so on", "an archive or an Excel file: unpack it, or save the sheet"),
    ],
)
def test_files_that_are_no_text(tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(Source(path).documents())


@pytest.mark.parametrize("line", ['{"text": ' + "1" * 5_000 + "}", "[" * 100_000])
def test_json_beyond_what_python_reads(tmp_path, line):
    path = tmp_path / "a.jsonl"
    path.write_text(line)
    with pytest.raises(InputError, match="line 1: this is not one JSON object"):
        list(Source(path).documents())
