import hashlib

import pytest

from scale_vae_keras.data import build_vocabulary
from scale_vae_keras.data.folder import FolderCorpus
from scale_vae_keras.data.tokenizers import build_tokenizer
from scale_vae_keras.errors import InputError


@pytest.fixture
def write(tmp_path):
    """Writes the three files of a corpus, bytes or text, and gives their folder."""

    def write(train="a b\nc\n", valid="d\n", test="e\n", **others):
        folder = tmp_path / "corpus"
        folder.mkdir()
        for name, content in {"train": train, "valid": valid, "test": test, **others}.items():
            data = content.encode() if isinstance(content, str) else content
            if data is not None:
                (folder / f"{name}.txt").write_bytes(data)
        return folder

    return write


def test_unlabelled_lines(write):
    corpus = FolderCorpus(write(train="a b\n\n c \n", valid="no newline at the end"))
    assert list(corpus.lines("train")) == [(None, "a b"), (None, ""), (None, " c ")]
    assert list(corpus.lines("valid")) == [(None, "no newline at the end")]
    assert corpus.has_labels is False
    assert corpus.vocabulary_path is None
    assert corpus.name == "corpus"


def test_labelled_lines(write):
    corpus = FolderCorpus(write("\n1\ta b\n\n0\tc\td\n?\t\n", "1\td\n", "0\te\n"))
    assert corpus.has_labels is True
    lines = [line for line in corpus.lines("train") if line.text]
    assert lines == [("1", "a b"), ("0", "c\td")]


def test_a_tab_after_the_first_line_is_no_label(write):
    corpus = FolderCorpus(write(train="a\nb\tc\n"))
    assert corpus.has_labels is False
    assert list(corpus.lines("train")) == [(None, "a"), (None, "b\tc")]


def test_windows_files(write):
    corpus = FolderCorpus(write("\ufeff1\ta\r\n0\tb\r\n", "1\tc\r\n", "1\td"))
    assert list(corpus.lines("train")) == [("1", "a"), ("0", "b")]


def test_only_line_feeds_end_lines(write):
    corpus = FolderCorpus(write(train="a\u2028b\x85c\x0bd\ne\n"))
    assert [line.text for line in corpus.lines("train")] == ["a\u2028b\x85c\x0bd", "e"]


def test_bytes_that_are_not_utf8_are_refused(write):
    corpus = FolderCorpus(write(train=b"a\nb\nun caf\xe9 noir\nc\n"))
    lines = corpus.lines("train")
    assert [next(lines).text, next(lines).text] == ["a", "b"]
    with pytest.raises(InputError) as error:
        next(lines)
    assert str(error.value).endswith(
        'corpus/train.txt, line 3: the byte e9 after "un caf" cannot be read as utf-8; '
        "write the file in UTF-8, or name its encoding, such as latin-1"
    )


def test_a_named_encoding(write):
    folder = write("caf\xe9\nb\n".encode("latin-1"), "\xe4\n".encode("latin-1"), b"e\n")
    corpus = FolderCorpus(folder, encoding="latin-1")
    assert [line.text for line in corpus.lines("train")] == ["caf\xe9", "b"]
    assert [line.text for line in corpus.lines("valid")] == ["\xe4"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-8"])
def test_a_byte_order_mark_names_the_encoding(write, encoding):
    folder = write("\ufeff1\tä\r\n0\tb\r\n".encode(encoding), "1\tc\n", "0\td\n")
    assert list(FolderCorpus(folder).lines("train")) == [("1", "ä"), ("0", "b")]


def test_utf16_without_a_mark_is_refused_by_name(write):
    with pytest.raises(InputError) as error:
        FolderCorpus(write(train="a\nb\n".encode("utf-16-le")))
    assert str(error.value).endswith(
        "train.txt holds NUL bytes: it is not UTF-8 text, perhaps UTF-16 without a byte order "
        "mark; write it in UTF-8, or name its encoding, such as utf-16-le"
    )


def test_vocabulary_path(write):
    folder = write(vocab="a\n")
    assert FolderCorpus(folder).vocabulary_path == folder / "vocab.txt"


def test_the_vocabulary_is_in_the_encoding_of_the_text(write):
    folder = write(train="a\nb\n", valid="c\n", test="d\n")
    (folder / "vocab.txt").write_bytes("été\n".encode("latin-1"))
    corpus = FolderCorpus(folder, "latin-1")
    assert build_vocabulary(corpus, "words").tokens[4:] == ("été",)
    assert build_tokenizer(corpus, "words").tokenizer.vocabulary.tokens[4:] == ("été",)
    with pytest.raises(InputError, match=r"vocab\.txt, line 1: .* cannot be read as utf-8"):
        build_vocabulary(FolderCorpus(folder), "words")


def test_fingerprint_changes_with_any_file(write):
    folder = write(train="a\nb\n", valid="c\n", test="d\n")
    expected = hashlib.sha256()
    for content in (b"a\nb\n", b"c\n", b"d\n"):
        expected.update(hashlib.sha256(content).digest())
    assert FolderCorpus(folder).fingerprint() == expected.hexdigest()
    (folder / "test.txt").write_text("D\n")
    assert FolderCorpus(folder).fingerprint() != expected.hexdigest()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"train": ""},
            "{folder}/train.txt has too few sentences (0): write at least 2, one a line",
        ),
        (
            {"train": "a\n \n"},
            "{folder}/train.txt has too few sentences (1): write at least 2, one a line",
        ),
        (
            {"valid": "\n \t\n"},
            "{folder}/valid.txt has too few sentences (0): write at least 1, one a line",
        ),
        (
            {"test": None},
            "cannot read {folder}/test.txt: No such file or directory; "
            "a corpus needs train.txt, valid.txt and test.txt",
        ),
        (
            {"valid": "1\td\n"},
            "{folder}/valid.txt has labels and {folder}/train.txt has none: "
            "write label<TAB>text in all three files, or in none",
        ),
    ],
)
def test_unfit_folders_are_refused(write, files, message):
    folder = write(**files)
    with pytest.raises(InputError) as error:
        FolderCorpus(folder)
    assert str(error.value) == message.format(folder=folder)


@pytest.mark.parametrize("line", ["b", "b c d"])
def test_a_line_without_label_is_named(write, line):
    folder = write(f"1\ta\n\n{line}\n", "1\tc\n", "1\td\n")
    corpus = FolderCorpus(folder)
    with pytest.raises(InputError) as error:
        list(corpus.lines("train"))
    assert str(error.value) == (
        f"{folder}/train.txt, line 3: there is no label; write label<TAB>text on every line"
    )


def test_a_sentence_with_an_empty_label_is_unlabelled(write):
    corpus = FolderCorpus(write("\tb\n1\ta\n", "1\tc\n", "1\td\n"))
    assert corpus.has_labels
    assert list(corpus.lines("train")) == [("", "b"), ("1", "a")]


def test_unknown_split_is_refused(write):
    corpus = FolderCorpus(write())
    with pytest.raises(InputError, match='unknown split "dev": choose train, valid or test'):
        next(corpus.lines("dev"))


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(InputError) as error:
        FolderCorpus(tmp_path / "nowhere")
    assert str(error.value) == (
        f"there is no folder {tmp_path}/nowhere: give one with train.txt, valid.txt and test.txt, "
        "or a built-in corpus (synthetic, reviews)"
    )


def test_a_file_instead_of_a_folder_names_prepare(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("text\na\n")
    with pytest.raises(InputError) as error:
        FolderCorpus(path)
    assert str(error.value) == (
        f"{path} is a file, and a corpus is a folder: make one of it with "
        f"scale-vae prepare {path} --output DATA"
    )


def test_train_alone_names_prepare(write):
    folder = write(valid=None, test=None)
    with pytest.raises(InputError) as error:
        FolderCorpus(folder)
    assert str(error.value) == (
        f"{folder} has only train.txt: split it with "
        f"scale-vae prepare {folder}/train.txt --output DATA"
    )


def test_a_first_line_alone_without_a_label_is_named(write):
    labelled = "".join(f"{k}\ttext {k}\n" for k in range(4))
    with pytest.raises(InputError, match=r"train\.txt: the first sentence has no label"):
        FolderCorpus(write(train=f"label text\n{labelled}", valid="1\td\n", test="1\te\n"))


def test_a_file_that_has_gone_since_has_no_fingerprint(write):
    folder = write()
    corpus = FolderCorpus(folder)
    (folder / "valid.txt").unlink()
    with pytest.raises(InputError, match=r"cannot read .*valid\.txt: No such file or directory; "):
        corpus.fingerprint()
