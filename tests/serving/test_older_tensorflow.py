"""TensorFlow Serving 2.20.0 links TensorFlow 2.20.0 and TensorFlow Text 2.20.0.

`SCALE_VAE_TENSORFLOW_2_20` names the Python of an environment with these two; without it the test
is skipped.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from served_models import MAX_WORDS, WORDS, served_model
from tensor_files import read_arrays, write_arrays

import scale_vae_keras as sv
from scale_vae_keras.serving.exporter import publish

REQUESTS = {
    "generate/seed": np.arange(40),
    "generate/temperature": np.linspace(0.3, 1.5, 40, dtype=np.float32),
    "generate/top_p": np.linspace(1, 0.3, 40, dtype=np.float32),
    "encode/text": np.array(["word1 word2", "", "not known", " ".join(WORDS)], object),
    "decode/z": np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32),
    "beam/z": np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32),
    "reconstruct/text": np.array(WORDS[:10], object),
    "interpolate/start": np.array(WORDS[:10], object),
    "interpolate/end": np.array(WORDS[10:20], object),
    "interpolate/alpha": np.linspace(0, 1, 10, dtype=np.float32),
    "score/text": np.array(WORDS[:10], object),
    "score/seed": np.arange(10),
}


TEXTS = ["The naïve cat", "", "  sat\ton\u00a0it ", "中文 👩\u200d👩", "a\0\u2581\x10", b"\xff\xe2"]
needs_2_20 = pytest.mark.skipif(
    "SCALE_VAE_TENSORFLOW_2_20" not in os.environ,
    reason="set SCALE_VAE_TENSORFLOW_2_20 to a Python with TensorFlow and Text 2.20.0",
)


@pytest.mark.older_tensorflow
@needs_2_20
def test_every_signature_answers_alike(models, tmp_path):
    assert_answers_alike(models / "1", REQUESTS, tmp_path)


@pytest.fixture(scope="module")
def subwords():
    lines = ["the cat sat on the mat", "a naïve cat", "it sat"] * 20
    return sv.text.SentencePieceTokenizer(sv.text.train_sentencepiece(lambda: lines), MAX_WORDS)


@pytest.mark.older_tensorflow
@needs_2_20
def test_every_signature_of_a_transformer_of_subwords_answers_alike(subwords, tmp_path):
    """`publish` itself compares a fresh process with the model in Python."""
    parts = {"encoder": "transformer", "decoder": "transformer", "depth": 1, "heads": 2}
    model = served_model(len(subwords.vocabulary), **parts)
    publish(model, subwords, MAX_WORDS + 1, tmp_path / "models")
    requests = {
        **REQUESTS,
        "encode/text": np.array(TEXTS, object),
        "reconstruct/text": np.array(TEXTS, object),
    }
    assert_answers_alike(tmp_path / "models" / "1", requests, tmp_path)


@pytest.mark.older_tensorflow
@needs_2_20
def test_every_signature_of_a_pretrained_backbone_answers_alike(tmp_path):
    pytest.importorskip("keras_hub", reason="needs the extra hub")
    from hub_preset import MOST_TOKENS, make_preset

    preset = make_preset(tmp_path / "bert")
    tokenizer = sv.text.HubTokenizer.from_preset(preset, MAX_WORDS)
    encoder = sv.layers.BackboneEncoder.from_preset(preset, trainable=False)
    assert MAX_WORDS + 2 <= MOST_TOKENS
    model = served_model(encoder.vocabulary_size, encoder=encoder)
    publish(model, tokenizer, MAX_WORDS + 1, tmp_path / "models")
    texts = np.array(["The cats ran", "", "zebra sat", "dog"], object)
    requests = {**REQUESTS, "encode/text": texts, "reconstruct/text": texts}
    assert_answers_alike(tmp_path / "models" / "1", requests, tmp_path)


@pytest.mark.older_tensorflow
@needs_2_20
def test_text_of_subwords_comes_back(subwords, tmp_path):
    tokenizer = sv.text.SentencePieceTokenizer(subwords.model)
    module = tf.Module()
    module.tokenizer = tokenizer

    def round_trip(text):
        ids = tokenizer(text).to_tensor()
        return {"ids": ids, "text": tokenizer.detokenize(ids)}

    module.round_trip = tf.function(
        round_trip, input_signature=[tf.TensorSpec([None], tf.string, "text")]
    )
    saved = tmp_path / "saved"
    tf.saved_model.save(module, str(saved), signatures={"round_trip": module.round_trip})
    characters = [chr(code) for code in range(0x3100) if not 0xD800 <= code < 0xE000]
    texts = [*TEXTS[:-1], *characters]
    requests = {"round_trip/text": np.array(texts, object)}
    older = assert_answers_alike(saved, requests, tmp_path)
    assert [text.decode() for text in older["round_trip/text"]] == texts


def assert_answers_alike(version, requests, folder):
    """The answers of TensorFlow 2.20.0, once they are those of this TensorFlow."""
    write_arrays(folder / "inputs", requests)
    script = Path(__file__).parents[1] / "support" / "run_saved_model.py"
    subprocess.run(
        [
            os.environ["SCALE_VAE_TENSORFLOW_2_20"],
            script,
            version,
            folder / "inputs",
            folder / "outputs",
        ],
        check=True,
        capture_output=True,
    )
    older = read_arrays(folder / "outputs")
    assert older.pop("tensorflow").item() == b"2.20.0"
    signatures = tf.saved_model.load(str(version)).signatures
    compared = 0
    for signature in {key.split("/")[0] for key in requests}:
        inputs = {
            key.split("/")[1]: tf.constant(value)
            for key, value in requests.items()
            if key.startswith(f"{signature}/")
        }
        for name, value in signatures[signature](**inputs).items():
            other = older[f"{signature}/{name}"]
            compared += 1
            if value.dtype.is_floating:
                np.testing.assert_allclose(other, value, rtol=1e-4, atol=1e-5)
            else:
                assert other.tolist() == value.numpy().tolist()
    assert compared == len(older)
    return older
