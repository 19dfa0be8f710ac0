"""Model files in a process of their own."""

import copy
import json
import os
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from made_models import set_factor

from scale_vae_keras.errors import InputError
from scale_vae_keras.model_file import load_model
from scale_vae_keras.models import ScaleVAE, TextVAE

OWN, KERAS = "scale_vae_keras.load_model", "keras.saving.load_model"
LOAD = """
import json, sys
import numpy as np
ids = np.array(json.loads(sys.argv[2]), np.int32)
for load_model in (FIRST, SECOND):
    model = load_model(sys.argv[1])
    iterations = int(model.optimizer.iterations)
    losses = np.array(model(ids).loss).tolist()
    print(json.dumps([type(model).__name__, losses, iterations]))
"""


@pytest.mark.parametrize(
    ("imports", "loaders"),
    [
        ("import scale_vae_keras, keras", (OWN, KERAS)),
        ("import keras, scale_vae_keras", (KERAS, OWN)),
        ("from scale_vae_keras import models; import scale_vae_keras, keras", (KERAS, OWN)),
    ],
    ids=["before keras", "after keras", "with models"],
)
def test_importing_the_package_is_enough_to_load_a_model(
    make, sentences, tmp_path, imports, loaders
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
            imports + LOAD.replace("FIRST", loaders[0]).replace("SECOND", loaders[1]),
            str(path),
            json.dumps(ids.tolist()),
        ],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    loaded = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(loaded) == 2
    for name, losses, iterations in loaded:
        assert (name, iterations) == ("ScaleVAE", 17)
        np.testing.assert_allclose(losses, vae(ids).loss, rtol=1e-6)


@pytest.mark.parametrize("share", [0, 0.1, 0.9])
def test_a_file_that_is_cut_short_is_not_said_to_be_missing(make, tmp_path, share):
    path = tmp_path / "model.keras"
    make(ScaleVAE).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError) as error:
        load_model(path)
    assert str(error.value) == (
        f"{path} cannot be loaded: it is empty, cut short or not a .keras file; copy it again"
    )


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError) as error:
        load_model(tmp_path)
    assert str(error.value) == (
        f"{tmp_path} is a folder: name its .keras file; sv.load takes that of a run"
    )


def test_an_archive_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{")
    with pytest.raises(InputError, match=r"^.*model\.keras cannot be loaded: "):
        load_model(path)


@pytest.mark.parametrize("model", [ScaleVAE, TextVAE])
def test_models_are_copied_built_or_not(model, make, sentences):
    new = model(12, latent_dim=2, embedding_dim=4, units=4)
    copied = copy.deepcopy(new)
    assert not copied.built
    assert copied.get_config() == new.get_config()
    trained = make(model)
    trained.fit(sentences(4), verbose=0)
    for weight, same in zip(trained.weights, copy.deepcopy(trained).weights, strict=True):
        np.testing.assert_array_equal(weight, same)


def test_weights_of_another_model_are_refused(make, tmp_path):
    path = tmp_path / "model.weights.h5"
    make(ScaleVAE, average="median").save_weights(path)
    with pytest.raises(ValueError, match="posterior_scale"):
        make(ScaleVAE).load_weights(path)
