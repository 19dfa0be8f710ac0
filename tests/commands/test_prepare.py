import argparse

import pytest

from scale_vae_keras.commands import prepare
from scale_vae_keras.errors import InputError


def run(*words):
    parser = argparse.ArgumentParser()
    prepare.add_arguments(parser)
    prepare.run(parser.parse_args([str(word) for word in words]))


def test_what_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [f"{'good' if n % 4 else 'bad'};text number {n}" for n in range(40)]
    rows += ["good;", ";text", "bad;text number 1", '"good";"a\nb"']
    (tmp_path / "in.csv").write_text("\n".join(["stars;review", *rows]))
    run("in.csv", "--output", "DATA", "--label", "stars", "--text", "review", "--deduplicate",
        "--split", "0.8", "0.1", "0.1", "--seed", "5")  # fmt: skip
    assert capsys.readouterr().out == (
        "read: in.csv (CSV), 44 documents, text in the column 'review'\n"
        "dropped: 1 empty, 1 without a label, 1 duplicates\n"
        "duplicates with another label than the first: 1\n"
        "tabs and line breaks turned into spaces: in 1 documents\n"
        "encoding trouble: none\n"
        "characters: median 14, 95 % 14, longest 14\n"
        "words: median 3, 95 % 3, longest 3\n"
        "labels: good 31, bad 10\n"
        "split with seed 5: train 33, valid 4, test 4; texts in two splits: 0\n"
        "DATA is ready: scale-vae train DATA --output RUN\n"
    )
    with pytest.raises(InputError, match="DATA exists already"):
        run("in.csv", "--output", "DATA", "--text", "review")


def test_data_that_is_divided_already(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, numbers in (("a", range(6)), ("b", range(6, 8)), ("c", range(5, 9)), ("d", [9])):
        rows = [f"{'' if n % 2 else 'even'},text {n}" for n in numbers]
        (tmp_path / f"{name}.csv").write_text("\n".join(["y,text", *rows]))
    run("a.csv", "--valid", "b.csv", "--test", "c.csv", "d.csv", "--output", "DATA", "--label", "y",
        "--keep-unlabelled", "--deduplicate")  # fmt: skip
    assert capsys.readouterr().out == (
        "read: a.csv (CSV), 6 documents, text in the column 'text'\n"
        "read: b.csv (CSV), 2 documents, text in the column 'text'\n"
        "read: c.csv (CSV), 4 documents, text in the column 'text'\n"
        "read: d.csv (CSV), 1 documents, text in the column 'text'\n"
        "without a label: 7, kept\n"
        "dropped: 0 empty, 3 duplicates\n"
        "tabs and line breaks turned into spaces: in 0 documents\n"
        "encoding trouble: none\n"
        "characters: median 6, 95 % 6, longest 6\n"
        "words: median 2, 95 % 2, longest 2\n"
        "labels: even 5\n"
        "splits as given: train 6, valid 2, test 2; texts in two splits: 0\n"
        "DATA is ready: scale-vae train DATA --output RUN\n"
    )
    assert (tmp_path / "DATA" / "test.txt").read_text() == "even\ttext 8\n\ttext 9\n"
    for flags, message in (
        (["--valid", "b.csv"], "give the files of valid and of test"),
        (["--valid", "b.csv", "--test", "c.csv", "--seed", "0"], "leave the shares and the seed"),
        (["--valid", "b.csv", "--test", "c.csv", "--split", "8", "1", "1"], "leave the shares"),
        (["--valid", "a.csv", "--test", "a.csv", "--deduplicate"], r"valid has too few documents"),
    ):
        with pytest.raises(InputError, match=message):
            run("a.csv", "--output", "NEW", *flags)
    assert not (tmp_path / "NEW").exists()


def test_duplicates_ids_and_encoding_trouble(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = [f"{n}\tcaf\xc3\xa9 {n // 2}" for n in range(12)]
    (tmp_path / "in.txt").write_text("\n".join(lines), encoding="utf-16")
    run("in.txt", "--output", "DATA", "--encoding", "utf-16")
    assert capsys.readouterr().out == (
        "read: in.txt (text), 12 documents\n"
        "dropped: 0 empty, 0 without a label\n"
        "duplicates: 6, kept (--deduplicate drops them)\n"
        "duplicates with another label than the first: 6\n"
        "tabs and line breaks turned into spaces: in 0 documents\n"
        "encoding trouble: UTF-8 once read as Latin-1 (\xc3\xa9) in 12\n"
        "characters: median 7, 95 % 7, longest 7\n"
        "words: median 2, 95 % 2, longest 2\n"
        "labels: 0 1, 1 1, 2 1, 3 1, 4 1, 5 1, 6 1, 7 1, 8 1, 9 1 and 2 more\n"
        "split with seed 0: train 8, valid 2, test 2; texts in two splits: 0\n"
        "warning: the corpus has 12 labels for 12 sentences: is it an id rather than a label? "
        '("0", "1", "2", ...)\n'
        "DATA is ready: scale-vae train DATA --output RUN\n"
    )
