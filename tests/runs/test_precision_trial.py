import json
import logging
from types import SimpleNamespace

import pytest
import tensorflow as tf
from made_corpora import LINES
from made_runs import tiny_config

from scale_vae_keras.commands import train as train_command
from scale_vae_keras.commands.main import parse
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.data.encoded import build_vocabulary, encode_split
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs import precision as module
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.precision import decide_precision, has_bfloat16, step_ratio
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run
from scale_vae_keras.text import Tokenizer

CORPUS = {"train": LINES[:7]}


def settings(corpus, precision="auto"):
    return tiny_config(corpus, batch_size=8, tokenizer="words", precision=precision)


@pytest.fixture
def processor(monkeypatch, tmp_path):
    """Says what flags the processor has, and how long a step in bfloat16 takes there; no GPU."""
    every = tf.config.list_physical_devices
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind=None: [] if kind == "GPU" else every(kind)
    )

    def say(flags, ratio=None):
        path = tmp_path / "cpuinfo"
        path.write_text(f"flags\t\t: fpu {flags} sse2\n")
        monkeypatch.setattr(module, "_CPU_INFORMATION", path)
        monkeypatch.setattr(module, "step_ratio", lambda *arguments: ratio)

    return say


def decided(config, workers=None):
    strategy = SimpleNamespace(cluster_resolver=workers)
    return decide_precision(config, 9, None, strategy).precision


@pytest.mark.parametrize(
    ("flags", "ratio", "precision", "reason"),
    [
        ("avx512f avx512_bf16", 0.7, "mixed_bfloat16", "takes 0.70 of float32's time"),
        ("amx_bf16 amx_tile", 0.9, "mixed_bfloat16", "takes 0.90 of float32's time"),
        ("avx512_bf16", 0.95, "float32", "takes 0.95 of float32's time"),
        ("avx512f avx512_bf16x", None, "float32", "this processor has no bfloat16"),
    ],
)
def test_bfloat16_is_taken_where_it_is_faster(
    processor, corpus, caplog, flags, ratio, precision, reason
):
    processor(flags, ratio)
    with caplog.at_level(logging.INFO, "scale_vae_keras"):
        assert decided(settings(corpus)) == precision
    assert f"precision: {precision}, as" in caplog.text
    assert reason in caplog.text


def test_what_was_asked_for_is_not_tried(processor, corpus, monkeypatch):
    processor("avx512_bf16", 0.5)
    assert decided(settings(corpus, "float32")) == "float32"
    assert decided(settings(corpus), workers=object()) == "float32"
    monkeypatch.setattr(module, "_CPU_INFORMATION", module.Path("/nowhere"))
    assert not has_bfloat16()


def test_on_a_gpu_nothing_is_tried(processor, corpus, monkeypatch, caplog):
    processor("avx512_bf16", 0.5)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU:0"])
    with caplog.at_level(logging.INFO, "scale_vae_keras"):
        assert decided(settings(corpus)) == "float32"
    assert "precision: float32, as there is no trial on a GPU" in caplog.text


def test_the_trial_times_steps_of_both(corpus, monkeypatch):
    """The clock goes on by what the policy of a step is said to take."""
    source = open_corpus(corpus)
    vocabulary = build_vocabulary(source, "words")
    train = encode_split(source, "train", Tokenizer(vocabulary))
    shapes = []
    build = module._step

    def step(model, ids):
        policy = model.decoder.dtype_policy.name
        shapes.append((policy, ids.shape.as_list()))
        build(model, ids)()
        return policy

    monkeypatch.setattr(module, "_WARM_UPS", 0)
    monkeypatch.setattr(module, "_step", step)
    monkeypatch.setattr(module, "_seconds", {"float32": 4.0, "mixed_bfloat16": 3.0}.get)
    assert step_ratio(settings(corpus), len(vocabulary), train) == 0.75
    assert [name for name, _ in shapes] == ["mixed_bfloat16", "float32"]
    assert shapes[0][1][0] == len(CORPUS["train"])


def test_the_run_keeps_what_it_took(processor, corpus, tmp_path):
    processor("avx512_bf16", 0.5)
    output = tmp_path / "run"
    Run.start(settings(corpus), output)
    assert json.loads((output / "config.json").read_text())["precision"] == "mixed_bfloat16"
    processor("avx512_bf16", 2.0)
    assert Run.open(settings(corpus), output).folder.config.precision == "mixed_bfloat16"
    with pytest.raises(InputError, match="started with other settings"):
        Run.open(settings(corpus, "float32"), output)
    options = parse(["train", "--resume", "--output", str(output), "--precision", "auto"])
    given = {"precision": options.precision}
    train_command._refuse_changes(RunFolder(output).config, options, given)


def test_a_model_before_the_trial_is_float32(corpus):
    assert build_model(settings(corpus), 9).dtype_policy.name == "float32"
    assert tf.distribute.get_strategy().cluster_resolver is None
