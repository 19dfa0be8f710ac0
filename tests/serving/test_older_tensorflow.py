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
from tiny_model import WORDS

REQUESTS = {
    "generate/seed": np.arange(40),
    "generate/temperature": np.linspace(0.3, 1.5, 40, dtype=np.float32),
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


@pytest.mark.older_tensorflow
@pytest.mark.skipif(
    "SCALE_VAE_TENSORFLOW_2_20" not in os.environ,
    reason="set SCALE_VAE_TENSORFLOW_2_20 to a Python with TensorFlow and Text 2.20.0",
)
def test_every_signature_answers_alike(models, tmp_path):
    np.savez(tmp_path / "inputs.npz", **REQUESTS)
    script = Path(__file__).parents[1] / "support" / "run_saved_model.py"
    subprocess.run(
        [
            os.environ["SCALE_VAE_TENSORFLOW_2_20"],
            script,
            models / "1",
            tmp_path / "inputs.npz",
            tmp_path / "outputs.npz",
        ],
        check=True,
        capture_output=True,
    )
    older = dict(np.load(tmp_path / "outputs.npz", allow_pickle=True))
    assert str(older.pop("tensorflow")) == "2.20.0"
    signatures = tf.saved_model.load(str(models / "1")).signatures
    compared = 0
    for signature in {key.split("/")[0] for key in REQUESTS}:
        inputs = {
            key.split("/")[1]: tf.constant(value)
            for key, value in REQUESTS.items()
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
