"""A pretrained backbone as the encoder, with its tokenizer: a tiny BERT of a local preset."""

import json
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_corpora import write_corpus

import scale_vae_keras as sv
from scale_vae_keras.errors import InputError
from scale_vae_keras.model_file import load_model
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.in_precision import in_precision
from scale_vae_keras.runs.run_tokenizer import run_tokenizer
from scale_vae_keras.runs.train import Run
from scale_vae_keras.serving.portability import check_portable

keras_hub = pytest.importorskip("keras_hub", reason="needs the extra hub")
from hub_preset import MOST_TOKENS, TOKENS, WIDTH, make_preset  # noqa: E402

TEXTS = ["The cats ran", "", "zebra sat [PAD] the", "dog"]
IDS = [[1, 5, 6, 10, 9, 2], [1, 2], [1, 3, 8, 3, 3, 3, 5, 2], [1, 7, 2]]
SIZES = {"latent_dim": 2, "embedding_dim": 4, "units": 5}


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    return make_preset(tmp_path_factory.mktemp("preset") / "bert")


@pytest.fixture(scope="module")
def tokenizer(preset):
    return sv.text.HubTokenizer.from_preset(preset, max_length=8)


def encoder_of(preset, **arguments):
    return sv.layers.BackboneEncoder.from_preset(preset, **arguments)


def vae(preset, kind=sv.TextVAE, **arguments):
    encoder = encoder_of(preset, **arguments)
    model = kind(encoder.vocabulary_size, **SIZES, encoder=encoder)
    model.compile(keras.optimizers.SGD(0.1))
    model.ensure_built()
    return model


@pytest.fixture(scope="module")
def ids(tokenizer):
    return tokenizer(TEXTS).to_tensor().numpy()


def test_text_has_the_special_ids_of_this_package_and_comes_back(tokenizer):
    assert tokenizer(TEXTS).to_list() == IDS
    assert tokenizer.vocabulary.tokens == (
        *("<pad>", "<s>", "</s>", "<unk>"),
        *TOKENS[4:],
    )
    padded = tokenizer(TEXTS).to_tensor()
    assert tokenizer.detokenize(padded).numpy().tolist() == [
        *(b"the cats ran", b""),
        *(b"[UNK] sat [UNK] [UNK] [UNK] the", b"dog"),
    ]
    assert tokenizer.byte_lengths(tokenizer.split(TEXTS)).numpy().tolist() == [12, 0, 31, 3]
    assert len(tokenizer(["dog " * 20]).to_list()[0]) == 10


def test_ids_in_a_dataset_and_a_file_are_the_same(tokenizer, tmp_path):
    tokenizer.save(tmp_path)
    again = sv.text.load_tokenizer(tmp_path)
    assert again.fingerprint() == tokenizer.fingerprint()
    assert (again.kind, again.max_length) == ("hub", 8)
    rows = tf.data.Dataset.from_tensors(TEXTS).map(again)
    assert [row.to_list() for row in rows] == [IDS]
    path = tmp_path / "hub_tokenizer" / "vocabulary.txt"
    path.write_text(path.read_text().replace("cat", "cow"))
    assert sv.text.load_tokenizer(tmp_path).fingerprint() != tokenizer.fingerprint()
    path.unlink()
    with pytest.raises(InputError, match="cannot read the tokenizer"):
        sv.text.load_tokenizer(tmp_path)


def backbone_states(backbone, text):
    """What keras-hub itself makes of a sentence."""
    theirs = [TOKENS.index(token) for token in ("[CLS]", *text, "[SEP]")]
    row = np.array([theirs], np.int32)
    inputs = {"token_ids": row, "segment_ids": 0 * row, "padding_mask": 1 + 0 * row}
    return np.array(backbone(inputs)["sequence_output"][0])


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("first", lambda states: states[0]),
        ("last", lambda states: states[-1]),
        ("mean", lambda states: states.mean(axis=0)),
        ("max", lambda states: states.max(axis=0)),
    ],
)
def test_the_backbone_reads_its_own_ids(preset, ids, pooling, expected):
    encoder = encoder_of(preset, pooling=pooling)
    states = backbone_states(encoder.backbone, ["the", "cat", "##s", "ran"])
    np.testing.assert_allclose(encoder(ids)[0], expected(states), atol=1e-5)
    assert encoder(ids).shape == (4, WIDTH)


def weights_of(layer):
    return [np.array(weight) for weight in layer.weights]


@pytest.mark.parametrize("trainable", [True, False])
def test_it_is_trained_or_frozen(preset, ids, trainable):
    model = vae(preset, trainable=trainable)
    before = weights_of(model.encoder)
    model.train_step(tf.constant(ids))
    same = [np.array_equal(a, b) for a, b in zip(before, weights_of(model.encoder), strict=True)]
    assert all(same) != trainable
    assert bool(model.encoder.trainable_weights) == trainable
    again = sv.layers.BackboneEncoder.from_config(model.encoder.get_config())
    assert bool(again.trainable_weights) == trainable


def test_dropout_of_the_backbone_is_off_in_training_too(preset, ids):
    model = vae(preset)
    assert model.encoder.backbone.dropout == 0.1
    means = [model.posterior(tf.constant(ids), training=training).mean for training in (0, 1)]
    np.testing.assert_array_equal(*means)


def test_files_and_clones(preset, ids, tmp_path):
    model = vae(preset, sv.ScaleVAE, trainable=False)
    model.save(tmp_path / "model.keras")
    loaded = sv.load_model(tmp_path / "model.keras")
    assert not loaded.encoder.trainable_weights
    clone = keras.models.clone_model(model)
    clone.ensure_built()
    clone.set_weights(model.get_weights())
    for other in (loaded, clone):
        assert other.encoder.backbone is not model.encoder.backbone
        np.testing.assert_array_equal(other.encode(ids).mean, model.encode(ids).mean)
    padded = np.pad(ids, ((0, 0), (0, 3)))
    np.testing.assert_allclose(model.encode(padded).mean, model.encode(ids).mean, atol=1e-5)


def test_tokenizer_and_encoder_in_a_saved_model_that_a_server_can_run(
    preset, tokenizer, ids, tmp_path
):
    """An export of the whole model is in tests/serving/test_older_tensorflow.py."""
    module = tf.Module()
    module.tokenizer, module.encoder = tokenizer, encoder_of(preset)

    def answer(text):
        own = tokenizer(text).to_tensor()
        return {"summary": module.encoder(own), "text": tokenizer.detokenize(own)}

    module.answer = tf.function(answer, input_signature=[tf.TensorSpec([None], tf.string, "text")])
    tf.saved_model.save(module, str(tmp_path), signatures=module.answer)
    check_portable(tmp_path)
    served = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    found = served(text=tf.constant(TEXTS))
    np.testing.assert_allclose(found["summary"], module.encoder(ids), atol=1e-6)
    np.testing.assert_array_equal(found["text"], tokenizer.detokenize(ids))


def test_more_tokens_than_the_backbone_has_places_for(preset):
    long = tf.constant([[1, *[5] * MOST_TOKENS, 2]])
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"than the {MOST_TOKENS} tokens that"):
        encoder_of(preset)(long)


@pytest.fixture
def config(preset, tmp_path):
    corpus = write_corpus(tmp_path / "corpus", ["the cats ran", "the dog sat"] * 20)
    return configure(
        str(corpus), "scale", "small", **SIZES, batch_size=16, epochs=1, backbone=str(preset)
    )


def test_a_run(config, preset, tmp_path):
    decided, tokenizer, lines = run_tokenizer(config, sv.data.open_corpus(config.data))
    assert (decided.tokenizer, tokenizer.max_length) == ("hub", 200)
    assert lines[0] == f"tokenizer: hub, that of the backbone in {preset}"
    run = Run.start(config, tmp_path / "run")
    assert run.train.sentences == 40
    model = build_model(run.folder.config, len(run.folder.tokenizer.vocabulary))
    assert (model.encoder.pooling, model.encoder.trainable) == ("max", False)
    learned = build_model(replace(config, train_backbone=True), 11)
    assert learned.encoder.trainable_weights
    half = build_model(replace(config, precision="mixed_bfloat16"), 11)
    assert half.encoder(tf.constant(IDS[:1])).dtype == tf.bfloat16
    np.testing.assert_allclose(
        half.encoder(tf.constant(IDS[:1])), model.encoder(tf.constant(IDS[:1])), atol=0.05
    )
    whole = in_precision(half, "float32").encoder
    np.testing.assert_array_equal(whole(tf.constant(IDS[:1])), model.encoder(tf.constant(IDS[:1])))
    text = sv.TextModel(model, run.folder.tokenizer)
    assert isinstance(text.reconstruct(["The cat sat"])[0], str)


def test_without_the_extra(preset, monkeypatch, tmp_path):
    vae(preset).save(tmp_path / "model.keras")
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(InputError, match=r"model.keras cannot be loaded: .* needs keras-hub: pip"):
        load_model(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"needs keras-hub: pip install 'scale-vae-keras\[hub\]'"):
        encoder_of(preset)


WRONG = {
    "not the folder of a keras-hub preset": lambda preset, _: encoder_of(preset / "none"),
    "pooling must be one of": lambda preset, _: encoder_of(preset, pooling="cls"),
    "has 12 token ids and the given BackboneEncoder reads 11": lambda preset, _: sv.TextVAE(
        12, 2, encoder=encoder_of(preset)
    ),
    "runs embeddings through the encoder": lambda preset, _: sv.TextVAE(
        11, 2, encoder=encoder_of(preset), prior="vamp"
    ),
    "set backbone to its folder": lambda *_: configure("d", "vae", "small", tokenizer="hub"),
    "leave out tokenizer=raw": lambda preset, _: configure(
        "d", "vae", "small", backbone=str(preset), tokenizer="raw"
    ),
    "leave out encoder=transformer": lambda preset, _: configure(
        "d", "vae", "small", backbone=str(preset), encoder="transformer"
    ),
    "leave vocabulary_limit out": lambda preset, _: configure(
        "d", "vae", "small", backbone=str(preset), vocabulary_limit=90
    ),
    "the method lm has no setting backbone": lambda *_: configure(
        "d", "lm", "small", backbone="bert"
    ),
    "GPT2Tokenizer does not mark": lambda *_: sv.text.HubTokenizer(Unmarked()),
    "the preset .* cannot be read": lambda _, folder: broken_preset(folder),
}


class Unmarked:
    """A tokenizer without padding."""

    start_token_id, end_token_id = 0, 1


Unmarked.__name__ = "GPT2Tokenizer"


def broken_preset(folder):
    (folder / "config.json").write_text(json.dumps({"module": "builtins"}))
    return encoder_of(folder)


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_fit_is_refused(message, preset, tmp_path):
    with pytest.raises(InputError, match=message):
        WRONG[message](preset, tmp_path)
