import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_corpora import write_corpus

from scale_vae_keras.cache import split_cache
from scale_vae_keras.cache.split_cache import cached_split, split_key
from scale_vae_keras.categories import Categories
from scale_vae_keras.data.batches import evaluation_batches, training_batches
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.data.encoded import encode_split
from scale_vae_keras.data.folder import FolderCorpus
from scale_vae_keras.data.memory import corpus_from
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary

WORDS = ["a", "b", "c"]
RANDOM = np.random.default_rng(8)
TEXTS = [" ".join(RANDOM.choice(["a", "b", "c", "d"], 1 + i % 7)) for i in range(103)]
LABELS = [f"label {i}" for i in RANDOM.integers(0, 12, 103)]
COUNTS = ("sentences", "words", "unknown", "max_length", "empty", "truncated")


def corpus(texts=TEXTS, labels=LABELS):
    labels = {"train": labels, "valid": ["y"], "test": ["x"]}
    return corpus_from([*texts[:9], " ", *texts[10:]], ["a b"], ["c"], labels)


@pytest.fixture
def tokenizer():
    return Tokenizer(Vocabulary(WORDS), max_length=5)


def test_a_cached_split_is_the_split(tokenizer, tmp_path, monkeypatch):
    expected = encode_split(corpus(), "train", tokenizer)
    for found in (cached_split(corpus(), "train", tokenizer, tmp_path) for _ in range(2)):
        for name in ("tokens", "offsets", "text_bytes"):
            ours, theirs = getattr(found, name), getattr(expected, name)
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)
        assert found.labels == [label for i, label in enumerate(LABELS) if i != 9]
        assert found.labels.names == expected.labels.names
        assert [getattr(found, name) for name in COUNTS] == [
            getattr(expected, name) for name in COUNTS
        ]
        some = found.first(50)
        assert [some.unknown, some.max_length] == [
            expected.first(50).unknown,
            expected.first(50).max_length,
        ]
        assert some.labels == expected.labels[:50]
        monkeypatch.setattr(split_cache, "encoded_blocks", None)
    (folder,) = tmp_path.iterdir()
    assert {path.name for path in folder.iterdir()} == {
        *("tokens.npy", "offsets.npy", "text_bytes.npy", "labels.npy", "meta.json")
    }
    assert cached_split(corpus(), "train", tokenizer, None).tokens is not found.tokens


def test_without_labels_there_is_no_file_of_labels(tokenizer, tmp_path):
    split = cached_split(corpus_from(TEXTS, ["a"], ["b"]), "train", tokenizer, tmp_path)
    assert split.labels is None
    (folder,) = tmp_path.iterdir()
    assert not (folder / "labels.npy").exists()


def test_the_files_are_read_only_and_shared(tokenizer, tmp_path):
    split = cached_split(corpus(), "train", tokenizer, tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        split.tokens[0] = 9
    before = split.tokens.tolist()
    split.give_back()
    assert split.tokens.tolist() == before
    assert np.concatenate(list(split.token_blocks())).tolist() == before


@pytest.mark.parametrize("options", [{}, {"by_label": True}, {"resplit": True, "first_batch": 3}])
def test_batches_are_those_of_the_corpus_in_memory(tokenizer, tmp_path, monkeypatch, options):
    monkeypatch.setattr(split_cache, "_BATCHES_KEPT", 2)
    memory = encode_split(corpus(), "train", tokenizer)
    stored = cached_split(corpus(), "train", tokenizer, tmp_path)
    datasets = [
        training_batches(split, 8, 5, first_epoch=2, **options) for split in (memory, stored)
    ]
    for _ in range(2):
        expected, found = ([ids.numpy().tolist() for ids in dataset] for dataset in datasets)
        assert found == expected
    expected, found = (
        [ids.numpy().tolist() for ids in evaluation_batches(split, 8)[0]]
        for split in (memory, stored)
    )
    assert found == expected


def test_what_the_key_depends_on(tokenizer, tmp_path):
    def key(of=None, split="train", by=tokenizer):
        of = of or corpus()
        return json.dumps(split_key(of, split, by, of.fingerprint()), sort_keys=True)

    path = write_corpus(tmp_path / "corpus")
    folder = FolderCorpus(path)
    pairs = [
        (key(), key(corpus([*TEXTS[:-1], "c c c"]))),
        (key(), key(split="valid")),
        (key(), key(by=Tokenizer(Vocabulary(WORDS), max_length=6))),
        (key(), key(by=Tokenizer(Vocabulary(WORDS), "raw", max_length=5))),
        (key(), key(by=Tokenizer(Vocabulary([*WORDS, "d"]), max_length=5))),
        (key(folder), key(FolderCorpus(path, "latin-1"))),
    ]
    assert all(one != other for one, other in pairs)
    assert key() == key()


def test_a_broken_file_is_named(tokenizer, tmp_path):
    cached_split(corpus(), "train", tokenizer, tmp_path)
    (folder,) = tmp_path.iterdir()
    content = (folder / "tokens.npy").read_bytes()
    (folder / "tokens.npy").write_bytes(content[:-40])
    with pytest.raises(InputError, match=r"is broken .*: remove it"):
        cached_split(corpus(), "train", tokenizer, tmp_path)
    (folder / "meta.json").unlink()
    with pytest.raises(InputError, match=r"is broken .*: remove it"):
        cached_split(corpus(), "train", tokenizer, tmp_path)


@pytest.mark.parametrize("content", ["[]", "3", '{"labels": null, "empty": 0, "truncated": 0}'])
def test_a_description_that_lacks_something_is_named(tokenizer, tmp_path, content):
    texts = corpus_from(TEXTS, ["a"], ["b"])
    cached_split(texts, "train", tokenizer, tmp_path)
    (folder,) = tmp_path.iterdir()
    (folder / "meta.json").write_text(content)
    with pytest.raises(InputError, match=r"is broken .*: remove it"):
        cached_split(texts, "train", tokenizer, tmp_path)


def test_a_split_without_a_sentence_is_not_kept(tokenizer, tmp_path):
    class Blank:
        name, has_labels, vocabulary_path = "blank", False, None

        def lines(self, split):
            yield from open_corpus("reviews").lines("train") if split == "valid" else ()

        def fingerprint(self):
            return "0"

    with pytest.raises(InputError, match="the train split of blank has no sentence"):
        cached_split(Blank(), "train", tokenizer, tmp_path)
    assert list(Path(tmp_path).iterdir()) == []


def test_a_process_reads_its_own_rows_alone(tokenizer):
    whole = encode_split(corpus(), "train", tokenizer)
    dataset = list(training_batches(whole, 8, 5))
    hidden = np.full_like(whole.tokens, 99)
    for first, end in ((0, 1), (1, 3)):
        own = training_batches(whole, 8, 5, share=(first, end, 3))
        for expected, found in zip(dataset, own, strict=True):
            rows = len(expected)
            expected, found = expected.numpy(), found.numpy()
            mine = slice(rows * first // 3, rows * end // 3)
            assert found.shape == expected.shape
            np.testing.assert_array_equal(found[mine], expected[mine])
            others = np.delete(found, mine, axis=0)
            assert (others[:, :2] == [1, 2]).all()
            assert not others[:, 2:].any()
    unread = replace(whole, tokens=hidden).padded(np.arange(6), 2, 4)
    assert (unread == 99).any(axis=1).tolist() == [False, False, True, True, False, False]


def test_labels_are_categories(tokenizer):
    labels = encode_split(corpus(), "train", tokenizer).labels
    assert isinstance(labels, Categories)
    assert labels.codes.dtype == np.int32
