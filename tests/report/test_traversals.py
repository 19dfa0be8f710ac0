"""What changes along the dimensions of a made model, whose words follow from the code."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from markupsafe import Markup

import scale_vae_keras as sv
from scale_vae_keras.report import pictures
from scale_vae_keras.report.traversals import Traversal, differing, marked, traverse

pytest.importorskip("matplotlib", reason="needs the extra plots")

WORDS = ["bad", "cold", "good", "it", "rain", "soup", "was", "yes"]
TOKENIZER = sv.Tokenizer(sv.Vocabulary(WORDS), "words", 6)


class Words:
    """Writes "soup was cold", and "good" for "cold" or quite another sentence by the code."""

    def __init__(self):
        self.labels = []

    def decode(self, codes, max_length, label):
        self.labels.append(label)
        texts = []
        for first, _, last in codes:
            text = "soup was good" if first > 1 else "soup was cold"
            texts.append("yes it rain" if last < -1.5 and first > 0 else text)
        return SimpleNamespace(ids=tf.cast(TOKENIZER(texts).to_tensor(), tf.int32)[:, 1:])


@pytest.fixture(scope="module")
def encoded():
    """Codes whose dimensions have mean 0 and standard deviations 1.01, 0.5 and 1."""
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    return SimpleNamespace(mean=np.float32(signs * [1.01, 0.5, 1.0]))


def test_what_changes_is_counted_against_the_text_in_the_middle(encoded):
    found = traverse(Words(), TOKENIZER, encoded, 7)
    assert found.sentences == 4
    # Dimension 0 to +2: all four sentences exchange one word of three and `</s>`. Dimension 2 to
    # -2: the two sentences whose first coordinate is above 0 become another one.
    assert found.effects.drop(columns="standard deviation").to_numpy().tolist() == [
        [0, "0%, 33%", "0%, 100%", "3.0, 3.0", "cold (+100%)", "good (+100%)"],
        [2, "50%, 0%", "50%, 0%", "3.0, 3.0", "it (+50%), rain (+50%), yes (+50%)",
         "good (+50%), soup (+50%), was (+50%)"],
        [1, "0%, 0%", "0%, 0%", "3.0, 3.0", "", ""],
    ]  # fmt: skip
    assert found.effects["standard deviation"].tolist() == ["1.01", "1.00", "0.50"]
    first, second, third = found.examples
    assert first.title == "Dimension 0, standard deviation of its means 1.01"
    assert first.texts == ["soup was cold"] * 3 + ["soup was good"] * 2
    assert second.texts == ["yes it rain"] + ["soup was good"] * 4
    assert set(third.texts) == {"soup was good"}
    said = found.picture.description
    assert "dimension 2: 50% of the tokens and 50% of the sentences at -2 and 0% of the" in said
    # The reconstructions are good, good, cold, cold.
    assert said.endswith("Two sentences differ in 11% of their tokens.")


def test_the_picture_has_the_figures_of_the_table(encoded, monkeypatch):
    drawn = []
    monkeypatch.setattr(pictures, "_svg", lambda figure: drawn.append(figure) or b"")
    traverse(Words(), TOKENIZER, encoded, 7)
    [figure] = drawn
    shown = [axis for axis in figure.axes if axis.get_visible()]
    assert [axis.get_title() for axis in shown] == ["dimension 0", "dimension 2", "dimension 1"]
    assert len(figure.axes) == 4
    sentences, tokens, other = shown[0].lines
    np.testing.assert_allclose(sentences.get_xdata(), [-2, -1, 0, 1, 2])
    np.testing.assert_allclose(sentences.get_ydata(), [0, 0, 0, 100, 100])
    np.testing.assert_allclose(tokens.get_ydata(), [0, 0, 0, 100 / 3, 100 / 3])
    np.testing.assert_allclose(other.get_ydata(), [100 / 9] * 2)


def test_sentences_are_written_with_their_labels(encoded):
    model = Words()
    traverse(model, TOKENIZER, encoded, 7, np.array([1, 0, -1, 1]))
    assert len(model.labels) == 16
    assert all(label.tolist() == [1, 0, 0, 1] for label in model.labels)


def test_one_sentence_and_one_dimension():
    class Rain:
        def decode(self, codes, max_length, label):
            return SimpleNamespace(ids=tf.cast(TOKENIZER(["rain"]).to_tensor(), tf.int32))

    found = traverse(Rain(), TOKENIZER, SimpleNamespace(mean=np.zeros((1, 1), np.float32)), 7)
    assert found.effects["tokens changed at -2, +2"].tolist() == ["0%, 0%"]
    assert "Two sentences" not in found.picture.description


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("abcd", "abcd", 0.0),
        ("abcd", "wxyz", 1.0),
        ("abcd", "abxcd", 1 / 9),
        ("", "abc", 1.0),
        ("", "", 0.0),
    ],
)
def test_the_share_that_differs(one, other, share):
    assert differing(list(one), list(other)) == pytest.approx(share)


@pytest.mark.parametrize(
    ("centre", "text", "html"),
    [
        ("the soup was cold", "the <b> was hot", "the <mark>&lt;b&gt;</mark> was <mark>hot</mark>"),
        ("it was", "it really was", "it <mark>really</mark> was"),
        ("it was so", "it was", "it was"),
        ("今天天气好", "今天天气冷", "今天天气<mark>冷</mark>"),
        ("", "yes", "<mark>yes</mark>"),
    ],
)
def test_words_that_differ_are_marked(centre, text, html):
    shown = marked(centre, text)
    assert shown == html
    assert isinstance(shown, Markup)


def test_a_table_keeps_its_marks_and_says_where_nothing_changes():
    table = Traversal("", ["a b", "a b", "a <c>", "a <c>", "b"]).table
    assert table["deviations"].tolist() == ["-2", "-1", "+0", "+1", "+2"]
    assert table["sentence"].tolist() == [
        *("a <mark>b</mark>", "the same", "a &lt;c&gt;", "the same", "<mark>b</mark>")
    ]
    assert isinstance(table["sentence"][0], Markup)
    assert isinstance(table.to_dict("records")[4]["sentence"], Markup)


def test_a_sentence_of_one_word_is_a_word_and_no_letters(encoded):
    """Below the mean of the first dimension all sentences are one word, above it they have two."""

    class Short(Words):
        def decode(self, codes, max_length, label):
            texts = ["good soup" if code[0] > 0 else "cold" for code in codes]
            return SimpleNamespace(ids=tf.cast(TOKENIZER(texts).to_tensor(), tf.int32)[:, 1:])

    row = traverse(Short(), TOKENIZER, encoded, 7).effects.iloc[0]
    assert row["dimension"] == 0
    assert row["more often at -2"] == "cold (+100%)"
    assert row["more often at +2"] == "good (+100%), soup (+100%)"
