"""What an editor sees of the package: mypy and pyright on a small file of a user."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import scale_vae_keras

PACKAGE = Path(scale_vae_keras.__file__).parent

RIGHT = """
import scale_vae_keras as sv

model: sv.ScaleVAE = sv.ScaleVAE(30, latent_dim=4, des_std=0.7)
other = sv.TextVAE(30, latent_dim=4)
callback = sv.callbacks.EpochAverageScale(f_epo=2)
layer = sv.layers.PosteriorScale(des_std=0.5)
written = model.generate(3, seed=1, sampler="top_p")
model.decode(written.z, sv.samplers.TopPSampler(0.9))
loaded = sv.load_model("model.keras")
sv.serving.export(model, "served", tokenizer=None)
hypermodel = sv.tuning.ScaleVAEHyperModel(30)
"""

WRONG = {
    'sv.ScaleVAE("thirty")': "arg-type",
    "sv.ScaleVAEE(30)": "attr-defined",
    "sv.callbacks.EpochAverageScale(f_epoo=2)": "call-arg",
    'sv.layers.PosteriorScale(des_std="wide")': "arg-type",
    "sv.layers.PosteriorScal()": "attr-defined",
    "sv.serving.exprt": "attr-defined",
    'sv.ScaleVAE(30).generate("three")': "arg-type",
}


def check(tmp_path, command):
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT)
    wrong.write_text("\n".join(["import scale_vae_keras as sv", *WRONG]))
    results = [
        subprocess.run(
            [*command, path.name], cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
        for path in (right, wrong)
    ]
    return [result.stdout + result.stderr for result in results]


def reported(output, line):
    """What is said of a line of the wrong file."""
    return "".join(each for each in output.splitlines() if f"wrong.py:{line}:" in each)


def test_mypy_passes_what_is_right_and_reports_what_is_wrong(tmp_path):
    (tmp_path / "mypy.ini").write_text(
        f"[mypy]\nmypy_path = {PACKAGE.parent}\nignore_missing_imports = True\n"
        "follow_imports = silent\n[mypy-keras.*,tensorflow.*,numpy.*]\nfollow_imports = skip\n"
    )
    right, wrong = check(tmp_path, [sys.executable, "-m", "mypy", "--no-error-summary"])
    assert right == ""
    for line, (code, rule) in enumerate(WRONG.items(), start=2):
        assert f"[{rule}]" in reported(wrong, line), f"{code}:\n{wrong}"


def pyright_runs():
    try:
        result = subprocess.run(
            [sys.executable, "-m", "pyright", "--version"], capture_output=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0


def test_pyright_passes_what_is_right_and_reports_what_is_wrong(tmp_path):
    if not pyright_runs():
        pytest.skip("pyright needs Node.js")
    (tmp_path / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{PACKAGE.parent}"]}}')
    right, wrong = check(
        tmp_path, [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]
    )
    assert "0 errors" in right, right
    for line, code in enumerate(WRONG, start=2):
        assert " error: " in reported(wrong, line), f"{code}:\n{wrong}"


@pytest.mark.parametrize("stub", sorted(PACKAGE.rglob("*.pyi")), ids=lambda path: path.parent.name)
def test_every_name_of_a_stub_is_there(stub):
    package = importlib.import_module(".".join(stub.parent.relative_to(PACKAGE.parent).parts))
    names = [
        alias.asname
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert names
    assert sorted(names) == package.__all__ == dir(package)
    for name in names:
        assert getattr(package, name) is not None
    assert not hasattr(package, "Nothing")
