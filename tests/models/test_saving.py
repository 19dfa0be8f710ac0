"""Model files in a process of their own."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from made_models import set_factor

from scale_vae_keras.models import ScaleVAE

LOAD = """
import json, sys
import numpy as np
model = LOAD_MODEL(sys.argv[1])
ids = np.array(json.loads(sys.argv[2]), np.int32)
terms = model(ids)
iterations = int(model.optimizer.iterations)
print(json.dumps([type(model).__name__, np.array(terms.loss).tolist(), iterations]))
"""


@pytest.mark.parametrize(
    ("imports", "load_model"),
    [
        ("import scale_vae_keras, keras", "scale_vae_keras.load_model"),
        ("import keras, scale_vae_keras", "scale_vae_keras.load_model"),
        ("import keras, scale_vae_keras", "keras.saving.load_model"),
        ("from scale_vae_keras import models; import keras", "keras.saving.load_model"),
    ],
    ids=["own, before keras", "own, after keras", "after keras", "with models"],
)
def test_importing_the_package_is_enough_to_load_a_model(
    make, sentences, tmp_path, imports, load_model
):
    path = tmp_path / "model.keras"
    vae = make(ScaleVAE, optimizer=keras.optimizers.Adam(), average="median", pooling="max")
    ids = sentences(6)
    set_factor(vae, [3.0, 0.5])
    vae.optimizer.build(vae.trainable_variables)
    vae.optimizer.iterations.assign(17)
    vae.save(path)
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            imports + LOAD.replace("LOAD_MODEL", load_model),
            str(path),
            json.dumps(ids.tolist()),
        ],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    name, losses, iterations = json.loads(result.stdout)
    assert (name, iterations) == ("ScaleVAE", 17)
    np.testing.assert_allclose(losses, vae(ids).loss, rtol=1e-6)
