import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scale_vae_keras as sv


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_importing_is_cheap_and_silent():
    result = run(
        "import sys, scale_vae_keras as sv; sv.__version__; dir(sv); sv.InputError;"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_commands_that_write_text_load_nothing_that_only_others_need():
    """TensorFlow itself loads what Keras finds, matplotlib among it."""
    result = run(
        "import sys, tensorflow; before = {name.partition('.')[0] for name in sys.modules};"
        "import scale_vae_keras.commands.generate, scale_vae_keras.commands.encode;"
        "import scale_vae_keras.runs.load;"
        "found = {name.partition('.')[0] for name in sys.modules} - before;"
        "heavy = {'keras_tuner', 'tensorboard', 'tensorflow_serving', 'grpc', 'sklearn', 'scipy',"
        "'matplotlib', 'pandas', 'jinja2', 'torch', 'keras_hub'} & found;"
        "assert not heavy, heavy;"
        "own = [name for name in sys.modules if name.startswith('scale_vae_keras.')];"
        "rooms = {name.split('.')[1] for name in own};"
        "above = {'tuning', 'report', 'benchmarks', 'pictures', 'event_log'} & rooms;"
        "assert not above, above"
    )
    assert (result.returncode, result.stdout) == (0, ""), result.stderr[-2000:]


def test_every_room_that_pages_and_examples_name_is_there():
    """A room may be there already because another one has imported it."""
    root = Path(sv.__file__).parent
    pages = [*root.rglob("*.py"), *root.parent.glob("docs/**/*.md"), root.parent / "README.md"]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    rooms = {room for text in texts for room in re.findall(r"\bsv\.([a-z_]+)\.[A-Za-z]", text)}
    assert {"data", "priors", "schedules"} <= rooms
    assert rooms <= set(dir(sv))


def test_unknown_name():
    result = run("import scale_vae_keras as sv; sv.ScaleVAF")
    last = result.stderr.splitlines()[-1]
    assert last.startswith("AttributeError: module 'scale_vae_keras' has no attribute 'ScaleVAF'")


@pytest.mark.parametrize(
    "code", ["import scale_vae_keras as sv; sv.ScaleVAE", "import scale_vae_keras as sv; sv.models"]
)
def test_another_backend_is_refused(code):
    result = run(code, KERAS_BACKEND="jax")
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert "KERAS_BACKEND=tensorflow" in last
    assert "jax" in last


def test_the_command_line_refuses_another_backend_in_one_line():
    code = (
        "import sys; from scale_vae_keras.commands import main; sys.exit(main.main(['data', 'x']))"
    )
    result = run(code, KERAS_BACKEND="torch")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert "KERAS_BACKEND=tensorflow" in line


FIND = "assert keras.saving.get_registered_object('scale_vae_keras>ScaleVAE') is not None"


@pytest.mark.parametrize(
    "code",
    [
        f"import keras, scale_vae_keras; {FIND}",
        f"import scale_vae_keras as sv, keras; sv.load_model; {FIND}",
        f"import scale_vae_keras as sv, keras; sv.callbacks.EpochAverageScale; sv.models; {FIND}",
    ],
)
def test_keras_finds_the_models(code):
    result = run(code)
    assert result.returncode == 0, result.stderr


def test_a_file_is_loaded_in_a_new_process(tmp_path):
    path = tmp_path / "model.keras"
    code = (
        "import scale_vae_keras as sv;"
        "model = sv.ScaleVAE(9, latent_dim=2, embedding_dim=4, units=4); model.ensure_built();"
        f"model.save({str(path)!r})"
    )
    assert run(code).returncode == 0
    for load in (
        "import scale_vae_keras as sv; model = sv.load_model(PATH)",
        "import keras, scale_vae_keras; model = keras.saving.load_model(PATH)",
    ):
        result = run(
            f"PATH = {str(path)!r}; {load}; print(type(model).__name__, model.vocabulary_size)"
        )
        assert result.stdout == "ScaleVAE 9\n", result.stderr


def test_no_file_to_load():
    result = run("import scale_vae_keras as sv; sv.load_model('nothing.keras')")
    assert result.stderr.splitlines()[-1].endswith(
        "InputError: there is no model file nothing.keras"
    )


def test_keras_on_another_backend_is_left_alone():
    keras = (
        "import sys, types; sys.modules['keras'] = keras = types.ModuleType('keras');"
        "keras.config = types.SimpleNamespace(backend=lambda: 'jax');"
    )
    result = run(f"{keras} import scale_vae_keras; print(scale_vae_keras.__version__)")
    assert result.returncode == 0, result.stderr


def test_help_is_quick():
    code = (
        "import sys, time; start = time.process_time();"
        "from scale_vae_keras.commands.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(time.process_time() - start, file=sys.stderr)"
    )
    result = run(code)
    assert "usage: scale-vae" in result.stdout
    assert float(result.stderr) < 0.5
