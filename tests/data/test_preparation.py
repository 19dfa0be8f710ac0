import sys

import pytest

from scale_vae_keras.data import open_corpus, prepare
from scale_vae_keras.data.documents import Source
from scale_vae_keras.errors import InputError

WORDS = [f"text {number}" for number in range(100)]


def written(folder):
    return [line for part in contents(folder).values() for line in part]


@pytest.fixture
def texts(tmp_path):
    """Writes a text file."""

    def texts(lines, name="in.txt", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
        return path

    return texts


def contents(folder):
    return {
        split: (folder / f"{split}.txt").read_text().split("\n")[:-1]
        for split in ("train", "valid", "test")
    }


def test_a_text_is_divided(texts, tmp_path):
    report = prepare([texts(WORDS)], tmp_path / "out", split=(0.8, 0.15, 0.05))
    parts = contents(tmp_path / "out")
    assert {name: len(part) for name, part in parts.items()} == report.sizes
    assert report.sizes == {"train": 80, "valid": 15, "test": 5}
    assert sorted(written(tmp_path / "out")) == sorted(WORDS)
    for part in parts.values():
        assert part == sorted(part, key=WORDS.index)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "test.txt",
        "train.txt",
        "valid.txt",
    ]
    assert not open_corpus(tmp_path / "out").has_labels


def test_the_seed_alone_decides(texts, tmp_path):
    prepare([texts(WORDS)], tmp_path / "one", seed=3)
    prepare([texts(WORDS[50:], "a"), texts(WORDS[:50], "b")], tmp_path / "two", seed=3)
    prepare([texts(WORDS)], tmp_path / "three", seed=4)
    one, two, three = (contents(tmp_path / name) for name in ("one", "two", "three"))
    assert {name: set(part) for name, part in one.items()} == {
        name: set(part) for name, part in two.items()
    }
    assert set(one["test"]) != set(three["test"])


def test_duplicates_are_in_one_split_or_dropped(texts, tmp_path):
    path = texts([*WORDS, *WORDS[:30], "text  7"])
    kept = prepare([path], tmp_path / "kept", split=(0.4, 0.3, 0.3))
    assert (kept.duplicates, kept.overlap, sum(kept.sizes.values())) == (30, 0, 131)
    parts = contents(tmp_path / "kept")
    assert not set(parts["train"]) & set(parts["valid"])
    assert not set(parts["train"]) & set(parts["test"])
    assert not set(parts["valid"]) & set(parts["test"])
    dropped = prepare([path], tmp_path / "dropped", deduplicate=True)
    assert (dropped.duplicates, sum(dropped.sizes.values())) == (30, 101)
    assert sorted(written(tmp_path / "dropped")) == sorted([*WORDS, "text  7"])


def test_labels_and_what_is_dropped(texts, tmp_path):
    rows = ["y,text", *[f"{n % 3 or ''},{word}" for n, word in enumerate(WORDS)]]
    rows += ["1,", "2, text 1 ", "1,text 1"]
    report = prepare(
        [texts(rows, "in.csv")], tmp_path / "out", label="y", deduplicate=True, split=(8, 1, 1)
    )
    assert report.read == {str(tmp_path / "in.csv"): 103}
    assert (report.empty, report.unlabelled, report.duplicates, report.conflicting) == (1, 34, 2, 1)
    assert report.labels == {"1": 33, "2": 33}
    assert report.warnings == []
    lines = written(tmp_path / "out")
    assert "1\ttext 1" in lines
    assert len(lines) == 66
    assert open_corpus(tmp_path / "out").has_labels


def test_ids_are_no_labels(texts, tmp_path):
    rows = ["id,text", *[f"{n},{word}" for n, word in enumerate(WORDS)]]
    report = prepare([texts(rows, "in.csv")], tmp_path / "out", label="id")
    assert report.warnings == [
        "the corpus has 100 labels for 100 sentences: is it an id rather than a label? "
        '("0", "1", "2", ...)'
    ]


def test_lengths(texts, tmp_path):
    lines = ["ab c", "a", "äöü", "a b c d e", "x" * 30]
    report = prepare([texts(lines)], tmp_path / "out")
    assert report.characters == (4.0, pytest.approx(25.8), 30)
    assert report.words == (1.0, pytest.approx(4.4), 5)


def test_line_breaks_and_encoding_trouble(texts, tmp_path):
    rows = [
        '{"text": " a\\tb\\r\\nc\\u2028d\\n"}',
        '{"text": "\\ud83d x"}',
        '{"text": "\\ufffd y"}',
        '{"text": "n\\u0000l"}',
        '{"text": "caf\u00c3\u00a9"}',
        '{"text": "caf\u00e9"}',
    ]
    report = prepare([texts(rows, "in.jsonl")], tmp_path / "out")
    assert sorted(written(tmp_path / "out")) == sorted(
        ["a b c d", "\ufffd x", "\ufffd y", "n\ufffdl", "caf\u00c3\u00a9", "caf\u00e9"]
    )
    assert (report.rewritten, report.replaced, report.damaged, report.decoded_wrongly) == (
        (1, 2, 1, 1)
    )
    open_corpus(tmp_path / "out")


def test_train_alone_is_divided_with_its_labels(texts, tmp_path):
    path = texts([f"{n % 2}\t{word}" for n, word in enumerate(WORDS)], "train.txt")
    report = prepare([path], tmp_path / "out")
    assert report.labels == {"0": 50, "1": 50}
    assert report.sizes == {"train": 90, "valid": 5, "test": 5}


def test_encoding(texts, tmp_path):
    prepare([texts(["ä", "b", "c", "d"], encoding="latin-1")], tmp_path / "a", encoding="latin-1")
    assert "ä" in written(tmp_path / "a")


@pytest.mark.parametrize("inside", [True, False])
def test_nothing_is_left_behind_on_failure(texts, tmp_path, inside):
    path = texts(["a\tb", "c\td", "e\tf", "g" if inside else "e\tf"])
    with pytest.raises(InputError):
        prepare([path], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]


def test_what_is_refused(texts, tmp_path):
    path = texts(WORDS)
    labelled = texts(["a\tb"], "other.txt")
    (tmp_path / "there").mkdir()

    def refused(*arguments):
        with pytest.raises(InputError) as error:
            prepare(*arguments)
        return str(error.value).replace(f"{tmp_path}/", "")

    assert refused([path], tmp_path / "there") == (
        "there exists already: give another folder, or remove it"
    )
    assert refused([path], tmp_path / "no" / "out") == "there is no folder no: make it first"
    assert refused([tmp_path / "no.csv"], tmp_path / "out") == "there is no file or folder no.csv"
    assert refused([path, labelled], tmp_path / "out") == (
        "other.txt has labels, unlike what precedes it: give labels in all inputs, or in none"
    )
    assert refused([labelled, path], tmp_path / "out") == (
        "in.txt has no labels, unlike what precedes it: give labels in all inputs, or in none"
    )


def test_parquet_needs_its_library_before_anything_is_read(texts, tmp_path, monkeypatch):
    (tmp_path / "b.parquet").touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr(Source, "documents", lambda source: pytest.fail("it is read"))
    with pytest.raises(InputError, match=r"pip install 'scale-vae-keras\[prepare\]'"):
        prepare([texts(WORDS), tmp_path / "b.parquet"], tmp_path / "out")


def test_one_path_is_one_input(texts, tmp_path):
    path = texts(WORDS)
    prepare(str(path), tmp_path / "one", split=(0.8, 0.1, 0.1))
    prepare([path], tmp_path / "list", split=(0.8, 0.1, 0.1))
    assert contents(tmp_path / "one") == contents(tmp_path / "list")


def test_a_folder_within_a_file_is_refused(texts, tmp_path):
    path = texts(WORDS)
    with pytest.raises(InputError, match="is a file: give a place in a folder"):
        prepare(path, path / "out")


def test_shares_are_looked_at_before_anything_is_read(tmp_path):
    for split in ((0.9, 0.1, 0), (0.9, 0.1)):
        with pytest.raises(InputError, match=r"the splits are .*: give three above 0"):
            prepare(["no file"], tmp_path / "out", split=split)


def test_texts_in_the_place_of_labels_are_told(texts, tmp_path):
    path = texts([f"{word}\t{number % 2}" for number, word in enumerate(WORDS)])
    with pytest.raises(InputError, match=r"documents \(2\).*there are 100 labels: if they are the"):
        prepare([path], tmp_path / "out")
    path = texts([f"{number % 3}\tsame" for number in range(9)])
    with pytest.raises(InputError, match=r"documents \(1\): give at least 4$"):
        prepare([path], tmp_path / "out")
