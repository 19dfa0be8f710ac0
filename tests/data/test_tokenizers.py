import pytest
import tensorflow as tf
from made_corpora import write_corpus

from scale_vae_keras.data.corpus import BuiltInCorpus, open_corpus
from scale_vae_keras.data.tokenizers import build_tokenizer, choose_tokenizer
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.labelled_text import LabelledText
from scale_vae_keras.text.sentencepiece_tokenizer import SentencePieceTokenizer
from scale_vae_keras.text.tokenizer import Tokenizer

LINES = ["the cat sat", "the dog", "the cat ran off", "the end"]


@pytest.fixture
def folder(tmp_path):
    return write_corpus(tmp_path / "pets", LINES)


def corpus(lines=LINES):
    return BuiltInCorpus("toy", lambda split: [LabelledText(None, line) for line in lines])


def test_text_that_nobody_tokenised_gets_subwords(folder):
    kind, reason = choose_tokenizer(open_corpus(folder))
    assert kind == "sentencepiece"
    assert reason == (
        "tokenizer: sentencepiece, as pets has no vocab.txt that says that it is tokenised "
        "(--tokenizer words if it is)"
    )


def test_text_with_a_vocabulary_gets_words(folder):
    (folder / "vocab.txt").write_text("the\n")
    kind, reason = choose_tokenizer(open_corpus(folder))
    assert (kind, reason) == ("words", "tokenizer: words, as pets has a vocab.txt")


def test_built_in_text_gets_words():
    kind, reason = choose_tokenizer(open_corpus("reviews"))
    assert kind == "words"
    assert reason == "tokenizer: words, as the built-in corpus reviews is tokenised"


def test_words_are_counted():
    tokenizer, summary = build_tokenizer(corpus(), "words", max_length=2)
    assert type(tokenizer) is Tokenizer
    assert (tokenizer.kind, tokenizer.max_length) == ("words", 2)
    assert tokenizer.vocabulary.tokens[4:6] == ("the", "cat")
    assert summary == (
        "vocabulary: 11 tokens that occur at least 1 times in train; "
        "unknown: 0.00% of train, about 45.45% of unseen text"
    )


def test_rare_words_are_left_out_by_default_rule():
    tokenizer, summary = build_tokenizer(corpus(), "words", min_count=None)
    assert tokenizer.vocabulary.tokens[4:] == ("the", "cat")
    assert summary == (
        "vocabulary: 6 tokens that occur at least 2 times in train; "
        "unknown: 45.45% of train, about 63.64% of unseen text"
    )
    limited, _ = build_tokenizer(corpus(), "words", limit=5)
    assert limited.vocabulary.tokens[4:] == ("the",)
    characters, _ = build_tokenizer(corpus(), "characters", min_count=None)
    assert set(characters.vocabulary.tokens[4:]) == set("".join(LINES))


def test_the_corpus_own_words_are_taken(folder):
    (folder / "vocab.txt").write_text("dog\nthe\n")
    for kind in ("words", "raw"):
        tokenizer, summary = build_tokenizer(open_corpus(folder), kind, min_count=None)
        assert tokenizer.kind == kind
        assert tokenizer.vocabulary.tokens[4:] == ("dog", "the")
        assert summary == f"vocabulary: 6 tokens from {folder / 'vocab.txt'}"
    tokenizer, _ = build_tokenizer(open_corpus(folder), "regex", pattern="[a-z]+")
    assert tokenizer.vocabulary.tokens[4:6] == (" ", "the")


def test_a_pattern_is_kept():
    tokenizer, _ = build_tokenizer(corpus(["CCl", "C"]), "regex", 5, pattern="Cl|.")
    assert tokenizer.settings() == {"kind": "regex", "max_length": 5, "pattern": "Cl|."}
    assert tokenizer.vocabulary.tokens[4:] == ("C", "Cl")


def test_subwords_are_trained(folder):
    files = open_corpus(folder)
    tokenizer, summary = build_tokenizer(files, "sentencepiece", 7)
    assert isinstance(tokenizer, SentencePieceTokenizer)
    assert tokenizer.max_length == 7
    size = len(tokenizer.vocabulary)
    assert summary == (
        f"vocabulary: {size} pieces trained by SentencePiece (unigram), "
        "as train has no more of the 8,000 allowed"
    )
    assert build_tokenizer(files, "sentencepiece").tokenizer.model == tokenizer.model
    bpe, summary = build_tokenizer(files, "sentencepiece", limit=320, algorithm="bpe")
    assert bpe.model != tokenizer.model
    assert summary.startswith("vocabulary: ")
    assert "(bpe)" in summary
    back = bpe.detokenize(bpe(tf.constant(["A new ünit"])).to_tensor())
    assert back.numpy()[0].decode() == "A new ünit"


def test_the_seed_chooses_the_lines(monkeypatch):
    many = corpus([f"word{number} and word{number + 1}" for number in range(300)])
    monkeypatch.setattr(
        "scale_vae_keras.data.tokenizers.train_sentencepiece",
        lambda lines, size, algorithm, seed: pytest.fail(f"{size} {algorithm} {seed}"),
    )
    with pytest.raises(pytest.fail.Exception, match="8000 unigram 5"):
        build_tokenizer(many, "sentencepiece", seed=5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "bpe"}, 'unknown tokenizer "bpe": choose'),
        ({"kind": "regex"}, "the regex tokenizer needs a pattern"),
        (
            {"kind": "sentencepiece", "pattern": "a"},
            "a pattern is for the regex tokenizer, not for sentencepiece: leave it out",
        ),
        ({"kind": "sentencepiece", "limit": 100}, "a SentencePiece vocabulary of 100 has little"),
        ({"kind": "words", "limit": 4}, "a vocabulary of at most 4 has no room for words"),
        ({"kind": "words", "min_count": 9}, "no word occurs at least 9 times"),
        ({"kind": "words", "max_length": 0}, "max_length must be at least 1, got 0"),
    ],
)
def test_unfit_arguments_are_refused(arguments, message):
    with pytest.raises(InputError) as error:
        build_tokenizer(corpus(), **arguments)
    assert str(error.value).startswith(message)
