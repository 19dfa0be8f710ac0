"""The code of docs/extending.md runs, without warnings, and does what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
BUDGET, IMAGES, GRU, BIDIRECTIONAL, LAPLACE, OWN_TEXT, BACKBONE = re.findall(
    r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL
)

CHECKS = {
    "budget": (
        BUDGET,
        "assert again.budget == 4.0\n"
        "assert all(loss > 4.0 for loss in history.history['loss'])\n"
        "assert np.array_equal(again.generate(2).ids, model.generate(2).ids)",
    ),
    "images": (
        IMAGES,
        "assert float(model.scale.in_effect) == 1.0 and float(model.scale.epochs) == 3.0\n"
        "assert (model.scale.average.numpy() > 1.0).all()",
    ),
    "gru": (
        GRU,
        "assert np.array_equal(again.generate(2).ids, model.generate(2).ids)\n"
        "assert type(again.decoder) is GRUDecoder",
    ),
    "bidirectional": (
        BIDIRECTIONAL,
        "assert float(model.posterior_scale.epochs) == 2.0\n"
        "padded = np.pad(ids[:3], ((0, 0), (0, 2)))\n"
        "assert np.allclose(again.encode(padded).mean, model.encode(ids[:3]).mean, atol=1e-6)",
    ),
    "laplace": (
        LAPLACE,
        "assert again.prior.scale == 0.5\n"
        "assert np.array_equal(again.generate(2).ids, model.generate(2).ids)\n"
        "z = np.abs(again.prior.sample(tf.range(4000, dtype=tf.int64)))\n"
        "assert abs(z.mean() - 0.5) < 0.03",
    ),
    "sampler and tokenizer": (
        OWN_TEXT,
        "assert ids.to_list() == [[1, 7, 4, 6, 5, 8, 2]]\n"
        "assert tokenizer.detokenize(ids).numpy() == [b'a well-known film']\n"
        "logits = tf.math.log([[0.5, 0.04, 0.3, 0.16]] * 3)\n"
        "chosen = MinPSampler(0.2).next_token(logits, tf.constant([0.0, 0.6, 0.99]))\n"
        "assert chosen.numpy().tolist() == [0, 2, 3]\n"
        "samplers = MinPSampler(1.0), sv.samplers.GreedySampler()\n"
        "first, second = (text_model.generate(3, 1, sampler) for sampler in samplers)\n"
        "assert first == second",
    ),
    "backbone": (
        BACKBONE,
        "assert ids[0].tolist() == [1, 5, 6, 8, 9, 2]\n"
        "assert (again.encode(ids).mean == model.encode(ids).mean).numpy().all()\n"
        "import subprocess, sys\n"
        "load = 'import scale_vae_keras as sv; sv.load_model(\"backbone.keras\")'\n"
        "subprocess.run([sys.executable, '-c', load], check=True)",
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_block(name, tmp_path):
    if name == "backbone":
        pytest.importorskip("keras_hub", reason="needs the extra hub")
    code, checks = CHECKS[name]
    result = subprocess.run(
        [sys.executable, "-c", code + checks],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PAGE.parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr


def test_a_new_system_has_15_lines():
    body = BUDGET[BUDGET.index("@keras") : BUDGET.index("ids =")]
    assert np.sum([bool(line.strip()) for line in body.splitlines()]) <= 15
