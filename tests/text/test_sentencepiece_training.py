import hashlib
import io

import pytest
import sentencepiece
import tensorflow as tf
from child_python import run_python
from made_corpora import subword_lines

from scale_vae_keras.errors import InputError
from scale_vae_keras.text import sentencepiece_training
from scale_vae_keras.text.sentencepiece_tokenizer import SentencePieceTokenizer
from scale_vae_keras.text.sentencepiece_training import train_sentencepiece


def pieces(model):
    return SentencePieceTokenizer(model).vocabulary.tokens


@pytest.mark.parametrize("algorithm", ["unigram", "bpe"])
def test_equal_lines_give_equal_models_in_any_process(algorithm):
    here = train_sentencepiece(subword_lines, 400, algorithm)
    script = (
        "import sys, hashlib\n"
        "from made_corpora import subword_lines\n"
        "from scale_vae_keras.text.sentencepiece_training import train_sentencepiece\n"
        "print(hashlib.sha256(train_sentencepiece(subword_lines, 400, sys.argv[1])).hexdigest())"
    )
    assert run_python(script, algorithm).strip() == hashlib.sha256(here).hexdigest()
    assert len(pieces(here)) <= 400


def test_the_algorithm_has_its_effect():
    unigram, bpe = (train_sentencepiece(subword_lines, 330, name) for name in ("unigram", "bpe"))
    assert pieces(unigram) != pieces(bpe)


def test_size_is_an_upper_limit():
    small, large = (train_sentencepiece(subword_lines, size, "bpe") for size in (320, 340))
    assert len(pieces(small)) == 320
    assert len(pieces(large)) == 340


@pytest.mark.parametrize("algorithm", ["unigram", "bpe"])
def test_a_small_text_gives_few_pieces(algorithm):
    model = train_sentencepiece(lambda: ["ab", "a"], 8000, algorithm)
    assert 260 < len(pieces(model)) < 300


def test_a_sample_is_drawn_with_the_seed():
    def longer():
        return [f"word{number} and word{number + 1}" for number in range(500)]

    first, again, other = (
        train_sentencepiece(longer, 400, seed=seed, sample_bytes=2000) for seed in (0, 0, 1)
    )
    assert first == again != other
    assert train_sentencepiece(longer, 400, seed=0) == train_sentencepiece(longer, 400, seed=1)


def test_the_sample_has_as_many_lines_as_fit(monkeypatch):
    texts = [f"{number:04d}ä" for number in range(100)]
    taken = list(sentencepiece_training._sample(lambda: iter(texts), 3, 60))
    assert len(taken) == 10
    assert taken == sorted(taken)
    assert taken != texts[:10]
    assert list(sentencepiece_training._sample(lambda: iter(texts), 3, 600)) == texts
    assert len(list(sentencepiece_training._sample(lambda: iter(texts), 3, 1))) == 1


def test_more_characters_than_fit_are_left_to_bytes():
    ideographs = [chr(0x4E00 + number) for number in range(1000)]

    def texts():
        return ["".join(ideographs), *(character * 3000 for character in ideographs[:20])]

    tokenizer = SentencePieceTokenizer(train_sentencepiece(texts, 400))
    assert len(tokenizer.vocabulary) <= 400
    single = [piece for piece in tokenizer.vocabulary.tokens[260:] if len(piece) == 1]
    assert set(ideographs[:20]) <= set(single)
    assert len(single) < 100
    back = tokenizer.detokenize(tokenizer(tf.constant(texts()[:2])).to_tensor()).numpy()
    assert [text.decode() for text in back] == texts()[:2]


def test_too_many_characters_are_refused():
    with pytest.raises(InputError) as error:
        train_sentencepiece(lambda: ["".join(chr(0x4E00 + number) for number in range(1000))], 900)
    # 980 of the characters cover 98 % of the text.
    assert str(error.value) == (
        "a SentencePiece vocabulary of 900 is too small for the characters of this text: "
        "allow at least 1,241"
    )
    assert train_sentencepiece(lambda: [chr(0x4E00 + n) for n in range(1000)], 1241)


def test_a_long_line_is_read_whole():
    model = train_sentencepiece(lambda: ["xy" * 30_000 + " tail" * 5_000], 330)
    assert "▁tail" in pieces(model)


def test_the_text_is_taken_as_it_is():
    model = train_sentencepiece(lambda: ["\uff21  ﬁ  \uff21  ﬁ"] * 20, 330)
    found = "".join(pieces(model)[260:])
    assert "\uff21" in found
    assert "ﬁ" in found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"size": 300},
            "a SentencePiece vocabulary of 300 has little room beside its 260 fixed pieces: "
            "allow at least 320",
        ),
        (
            {"algorithm": "words"},
            'unknown SentencePiece algorithm "words": choose unigram or bpe',
        ),
        (
            {"lines": lambda: ["", ""]},
            "there is no text to train a tokenizer on: give at least one sentence",
        ),
        (
            {"lines": ["the cat"]},
            "lines must be a function that gives them again at every call: write lambda: lines",
        ),
    ],
)
def test_unfit_arguments_are_refused(arguments, message):
    with pytest.raises(InputError) as error:
        train_sentencepiece(**{"lines": subword_lines, **arguments})
    assert str(error.value) == message


def test_models_of_other_kinds_are_refused():
    def other(**options):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(subword_lines()),
            model_writer=model,
            vocab_size=400,
            hard_vocab_limit=False,
            minloglevel=2,
            **options,
        )
        return model.getvalue()

    with pytest.raises(InputError, match="this is not a SentencePiece model whose first pieces"):
        SentencePieceTokenizer(other(byte_fallback=True))
    with pytest.raises(InputError) as error:
        SentencePieceTokenizer(other(pad_id=0, bos_id=1, eos_id=2, unk_id=3))
    assert str(error.value) == ("the SentencePiece model has no byte fallback: train it with one")
