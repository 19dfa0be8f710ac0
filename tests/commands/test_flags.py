"""Each flag of each command arrives where it acts.

What a command calls is replaced by a recorder; the flags given differ from every default. The flags
of `train` are the settings of a run and have tests of their own.
"""

import argparse
import importlib
import inspect
import json
import logging
import os
import pkgutil
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from made_corpora import write_corpus
from made_models import in_mixed_precision
from older_files import unpack_older_files

from scale_vae_keras import samplers
from scale_vae_keras.benchmarks.control.benchmark import Moved
from scale_vae_keras.benchmarks.density.benchmark import Protocol
from scale_vae_keras.benchmarks.probe import Probed
from scale_vae_keras.commands import COMMANDS, benchmark, train
from scale_vae_keras.commands.main import main, parse
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.probe import Accuracy
from scale_vae_keras.model_file import load_model
from scale_vae_keras.models import SYSTEMS, ScaleVAE
from scale_vae_keras.models.text_generator import row_seeds
from scale_vae_keras.runs import run_folder
from scale_vae_keras.runs.config import configure, every_setting
from scale_vae_keras.runs.load import load
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.samplers.sampler import Sentences
from scale_vae_keras.text_model import TextModel

COMMAND_ROOM = "scale_vae_keras.commands"


@dataclass(frozen=True)
class Case:
    """A command line, and what the function that it calls is given.

    Attributes:
        words: the command line.
        target: the function, as the command's module names it.
        received: its arguments by name; `COMMAND_LINE` stands for the words themselves.
        returns: what it gives back.
        silenced: functions that would show or write what is given back.
        printed: what the command must print.
    """

    words: str
    target: str
    received: dict
    returns: object = None
    silenced: tuple[str, ...] = ()
    printed: str | None = None


PROTOCOL = Protocol("c", "base", ["epochs=6", "units=9"], 7, 5, "diagonal", published=True)
COMMAND_LINE = "what the user typed"
MOVED = Moved(pd.DataFrame({"amount": [1.0], "success": [62.5]}), 97.5, (8.0, 9.5))
MOVED_FIGURES = {"accuracy": 97.5, "lengths": [8.0, 9.5], "amounts": {"1": {"success": 62.5}}}
PROBED = Probed({100: Accuracy(0.75, 0.125)}, 0.5)


@pytest.fixture(autouse=True)
def _trained(monkeypatch):
    """The runs of the command lines are not there."""
    monkeypatch.setattr(RunFolder, "check_model", lambda *_: None)


CASES = [
    Case("quickstart --output d", "quickstart.run_quickstart", {"output": "d"}),
    Case(
        "evaluate r --split valid --samples 7 --prior standard --limit 5 --seed 3 --data d "
        "--cache k --precision bfloat16 --json",
        "evaluate.evaluate_run",
        dict(
            run="r",
            split="valid",
            samples=7,
            prior="standard",
            seed=3,
            limit=5,
            data="d",
            cache="k",
            precision="bfloat16",
        ),
        returns={"elbo_nll": 1.5},
        printed='{\n  "elbo_nll": 1.5\n}\n',
    ),
    Case(
        "evaluate r --csv",
        "evaluate.evaluate_run",
        {"run": "r", "split": "test", "samples": 500, "precision": "float32"},
        returns={"elbo_nll": 1.5, "factor": {"min": 0.5, "max": 2.0}},
        printed="run,elbo_nll,factor_min,factor_max\nr,1.5,0.5,2.0\n",
    ),
    Case("export r d --version 3", "export.write", dict(source="r", directory="d", version=3)),
    Case(
        "serve d --name n --rest-port 1 --grpc-port 2 --host h",
        "serve.start",
        {"directory": "d", "name": "n", "rest_port": 1, "grpc_port": 2, "host": "h"},
    ),
    Case(
        "report r --output f --data d",
        "report.write_report",
        {"run": "r", "output": "f", "data": "d"},
    ),
    Case(
        "benchmark density --data c --output d --methods vae scale:f_epo=3 --preset base "
        "--settings epochs=6 units=9 --seeds 1 2 --samples 7 --limit 5 --prior diagonal "
        "--published",
        "benchmark.density.benchmark_density",
        dict(
            systems=["vae", "scale:f_epo=3"],
            seeds=[1, 2],
            protocol=PROTOCOL,
            output="d",
            command=COMMAND_LINE,
        ),
        silenced=("benchmark.density.density_table",),
    ),
    Case(
        "benchmark paper --table 5 --data c --output d --beside yahoo --methods vae bn "
        "--preset base --settings epochs=6 units=9 --seeds 8 9 --samples 7 --limit 5 "
        "--prior diagonal -n 11",
        "benchmark.paper.benchmark_paper",
        dict(
            table=5,
            protocol=PROTOCOL,
            output="d",
            command=COMMAND_LINE,
            beside="yahoo",
            systems=["vae", "bn"],
            seeds=[8, 9],
            sentences=11,
        ),
    ),
    Case(
        "benchmark paper --figure latent --output d --epochs 4 --seed 3",
        "benchmark.latent.benchmark_latent",
        {"output": "d", "epochs": 4, "seed": 3, "command": COMMAND_LINE},
        silenced=("benchmark.latent.latent_table",),
    ),
    Case("benchmark paper --show f", "benchmark.paper.show_paper_table", {"path": "f"}),
    Case(
        "benchmark latent --output d --epochs 4 --seed 3",
        "benchmark.latent.benchmark_latent",
        {"output": "d", "epochs": 4, "seed": 3, "command": COMMAND_LINE},
        silenced=("benchmark.latent.latent_table",),
    ),
    Case(
        "benchmark probe r --repeats 3 --data d",
        "benchmark.probe.probe_run",
        {"run": "r", "repeats": 3, "data": "d"},
        silenced=("benchmark.probe.probe_table",),
    ),
    Case(
        "benchmark probe r --csv",
        "benchmark.probe.probe_run",
        {"run": "r", "repeats": 5},
        returns=PROBED,
        printed="run,majority,labels_100_accuracy,labels_100_accuracy_sd\nr,0.5,0.75,0.125\n",
    ),
    Case(
        "benchmark probe r --json",
        "benchmark.probe.probe_run",
        {"run": "r", "repeats": 5},
        returns=PROBED,
        printed=json.dumps(
            {"majority": 0.5, "labels": {"100": {"accuracy": 0.75, "accuracy_sd": 0.125}}}, indent=2
        )
        + "\n",
    ),
    Case(
        "benchmark control r --language-model m --from a --to b --amounts 0 1.5 0 -n 9 --data d "
        "--picture p.png --json",
        "benchmark.control.measure_control",
        dict(
            run="r",
            language_model="m",
            source="a",
            target="b",
            count=9,
            amounts=[0.0, 1.5],
            data="d",
        ),
        returns=MOVED,
        silenced=("benchmark.control.draw_control",),
        printed=json.dumps(MOVED_FIGURES, indent=2) + "\n",
    ),
    Case(
        "benchmark control r --language-model m --from a --to b --csv",
        "benchmark.control.measure_control",
        {"count": 1000, "amounts": [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]},
        returns=MOVED,
        printed='run,accuracy,lengths,amounts_1_success\nr,97.5,"[8.0, 9.5]",62.5\n',
    ),
    Case(
        "benchmark control r --language-model m --from a --to b --picture p.png",
        "benchmark.control.draw_control",
        {"rows": {}, "target": "b", "path": Path("p.png")},
        silenced=(*map("benchmark.control.{}".format, ("trained_runs", "control_table")),),
    ),
    Case(
        "benchmark generation r --language-model m -n 9 --seed 3 --data d --top-p 0.7 "
        "--temperature 0.6",
        "benchmark.generation.measure_generation",
        dict(
            run="r",
            language_model="m",
            count=9,
            seed=3,
            sampler=samplers.TopPSampler(0.7, 0.6),
            data="d",
        ),
        silenced=("benchmark.generation.generation_table",),
    ),
    Case(
        "benchmark generation r --language-model m --json",
        "benchmark.generation.measure_generation",
        {"run": "r", "seed": 0},
        returns={"ppl": 7.5},
        printed='{\n  "ppl": 7.5\n}\n',
    ),
    Case(
        "benchmark generation r --language-model m --csv --no-repeat-ngram-size 2",
        "benchmark.generation.measure_generation",
        {"run": "r", "sampler": samplers.TopPSampler(0.9, no_repeat_ngram_size=2)},
        returns={"ppl": 7.5},
        printed="run,ppl\nr,7.5\n",
    ),
    Case(
        "benchmark generation r --language-model m --top-k 3",
        "benchmark.generation.measure_generation",
        {"sampler": samplers.TopKSampler(3, 1.0)},
        silenced=("benchmark.generation.generation_table",),
    ),
    Case(
        "benchmark generation r --language-model m --beam 2",
        "benchmark.generation.measure_generation",
        {"sampler": samplers.BeamSampler(2)},
        silenced=("benchmark.generation.generation_table",),
    ),
    Case(
        "prepare a b --output d --text t --label l --split 0.8 0.1 0.1 --seed 3 --deduplicate "
        "--encoding latin-1",
        "prepare.prepare",
        dict(
            inputs=["a", "b"],
            output="d",
            text="t",
            label="l",
            split=(0.8, 0.1, 0.1),
            seed=3,
            deduplicate=True,
            encoding="latin-1",
        ),
        silenced=("prepare.report_lines",),
    ),
    Case(
        "prepare a --output d --valid b c --test e --keep-unlabelled",
        "prepare.prepare",
        dict(inputs=["a"], valid=["b", "c"], test=["e"], keep_unlabelled=True),
        silenced=("prepare.report_lines",),
    ),
    Case(
        "benchmark speed --shape paper --data c --rounds 2 --sweep batch latent --output speed.csv",
        "benchmark.speed.benchmark_speed",
        dict(shape="paper", data="c", rounds=2, sweeps=["batch", "latent"], command=COMMAND_LINE),
        silenced=("benchmark.speed.speed_table", "benchmark.speed.write_csv"),
    ),
    Case(
        "benchmark speed --output speed.csv",
        "benchmark.speed.write_csv",
        {"path": "speed.csv", "table": ""},
        silenced=("benchmark.speed.benchmark_speed", "benchmark.speed.speed_table"),
    ),
]

GENERATE = "generate run -n 3 --seed 4"
SAMPLERS = {
    f"{GENERATE} --temperature 0.6 --top-p 0.7": samplers.TopPSampler(0.7, 0.6),
    f"{GENERATE} --temperature 0.6 --top-p 1": samplers.TemperatureSampler(0.6),
    f"{GENERATE} --temperature 0.6 --top-k 3": samplers.TopKSampler(3, 0.6),
    f"{GENERATE} --temperature 0.6": samplers.TopPSampler(0.9, 0.6),
    f"{GENERATE} --beam 2": samplers.BeamSampler(2),
    GENERATE: samplers.TopPSampler(0.9),
    f"{GENERATE} --no-repeat-ngram-size 3": samplers.TopPSampler(0.9, no_repeat_ngram_size=3),
}
DECODED = {
    "": samplers.GreedySampler(),
    "--no-repeat-ngram-size 3": samplers.GreedySampler(no_repeat_ngram_size=3),
    "--temperature 0.6": samplers.TemperatureSampler(0.6),
    "--temperature 0.6 --top-p 0.7 --seed 3": samplers.TopPSampler(0.7, 0.6),
    "--top-k 3": samplers.TopKSampler(3),
    "--beam 2": samplers.BeamSampler(2),
}
"""How `reconstruct` and `interpolate` choose tokens."""
RECONSTRUCT = "reconstruct run text.txt --encoding utf-8"
SHIFT = "shift run text.txt --from corpus/train.txt --to corpus/valid.txt --amount -0.5"
SHIFT += " --encoding utf-8"
INTERPOLATE = "interpolate run dog cat --steps 3"
SCORE = "score run text.txt --samples 7 --seed 3 --oddest 2 --encoding utf-8"
ENCODE = "encode run text.txt --output codes.npz --encoding utf-8"
REQUEST = {
    "request h:1 decode z=1.5 --model m --version 3": ("m", 3, None, 30.0),
    "request h:1 decode z=1.5 --label canary --timeout 2.5": (None, None, "canary", 2.5),
}
WORDS = "data corpus --tokenizer words"
COUNTS = {
    f"{WORDS} --min-count 1": ("vocabulary: 9 tokens", 0),
    f"{WORDS} --min-count 2": ("vocabulary: 7 tokens", 0),
    f"{WORDS} --vocabulary-limit 6": ("vocabulary: 6 tokens", 0),
    "data corpus --tokenizer raw --min-count 1": ("vocabulary: 10 tokens", 0),
    f"{WORDS} --min-count 1 --max-length 3": ("vocabulary: 9 tokens", 1),
    "data corpus --tokenizer regex --pattern [a-c]": ("vocabulary: 10 tokens", 0),
    "data corpus --subwords bpe --vocabulary-limit 330 --encoding utf-8": ("(bpe)", 0),
}
TUNE = (
    "tune c --output d --tuner bayesian --grid table3 --trials 5 --epochs 3 --objective mi "
    "--preset base --train-limit 50 --seed 4 --cache k --fix units=9 latent_dim=2,4"
)
SHOW = "tune d --show"
NOTHING = Sentences(tf.zeros([3, 1], tf.int32), tf.zeros([3]))

DECODING = [f"{words} {flags}" for words in (RECONSTRUCT, SHIFT, INTERPOLATE) for flags in DECODED]
LABELLED = {
    "generate run --label good": ("generate", ["good"]),
    "generate run --per-label 2 --seed 3 --output more.txt": ("generate", ["bad", "good"]),
    f"{RECONSTRUCT} --label good": ("reconstruct", ["good"]),
    f"{INTERPOLATE} --label good": ("interpolate", ["good"]),
    f"{SHIFT} --label good": ("shift", ["good"]),
}
"""Command lines with labels: what they call, and the label of each call."""
PRECISE = {
    "generate": "generate run",
    "reconstruct": "reconstruct run text.txt",
    "encode": "encode run text.txt --output codes.npz",
    "score": "score run text.txt",
    "interpolate": "interpolate run dog cat",
    "shift": "shift run text.txt --from corpus/train.txt --to corpus/valid.txt",
}
"""Commands that compute in a precision, by what they call."""
HALF = "--precision bfloat16"
OTHERS = (*DECODING, *LABELLED, SCORE, ENCODE, *REQUEST, TUNE, SHOW)
OTHERS += tuple(f"{words} {HALF}" for words in PRECISE.values())
LINES = [words.split() for words in (*(case.words for case in CASES), *SAMPLERS, *COUNTS, *OTHERS)]
"""Every command line that a test of this file runs."""


@pytest.fixture(autouse=True)
def _loggers():
    """What a command does to loggers ends with it."""
    ours, theirs = logging.getLogger("scale_vae_keras"), tf.get_logger()
    handlers, level = list(ours.handlers), theirs.level
    yield
    ours.handlers[:] = handlers
    theirs.setLevel(level)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    return unpack_older_files(tmp_path_factory.mktemp("older"))


@pytest.fixture
def older(unpacked, monkeypatch):
    monkeypatch.chdir(unpacked)
    return unpacked


def recorded(monkeypatch, owner, name, returns=None):
    """The calls of a function from now on, each by the names of its parameters."""
    calls = []
    signature = inspect.signature(getattr(owner, name))

    def record(*arguments, **named):
        calls.append(signature.bind(*arguments, **named).arguments)
        return returns

    monkeypatch.setattr(owner, name, record)
    return calls


def named(path):
    """The module of a command and the name in it."""
    module, _, name = path.rpartition(".")
    return importlib.import_module(f"{COMMAND_ROOM}.{module}"), name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_what_the_command_calls_receives_each_flag(case, monkeypatch, capsys):
    calls = recorded(monkeypatch, *named(case.target), case.returns)
    for path in case.silenced:
        monkeypatch.setattr(*named(path), lambda *_, **__: "")
    assert main(case.words.split()) == 0
    (call,) = calls
    typed = {COMMAND_LINE: f"scale-vae {case.words}"}
    wanted = {k: typed.get(v, v) if isinstance(v, str) else v for k, v in case.received.items()}
    assert {name: call[name] for name in wanted} == wanted
    assert case.printed in (None, capsys.readouterr().out)


def parsers():
    """Each command and benchmark, and a function that adds its flags to a parser."""
    names = [f"benchmark.{module.name}" for module in pkgutil.iter_modules(benchmark.__path__)]
    for name in [*COMMANDS, *names]:
        if name not in ("train", "benchmark"):
            module = importlib.import_module(f"{COMMAND_ROOM}.{name}")
            yield pytest.param(name.split("."), module.add_arguments, id=name)


@pytest.mark.parametrize(("command", "add_arguments"), list(parsers()))
def test_no_flag_is_left_out_of_these_tests(command, add_arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    lines = [vars(parse(words)) for words in LINES if words[: len(command)] == command]
    assert lines, f"no command line of {' '.join(command)}"
    flags = set(lines[0]) - {"command", "benchmark", "words", "debug"}
    unmoved = {
        flag for flag in flags if all(line[flag] == parser.get_default(flag) for line in lines)
    }
    assert unmoved == set()


@pytest.mark.parametrize(("command", "add_arguments"), list(parsers()))
def test_every_flag_has_a_help_text(command, add_arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert [each.dest for each in parser._actions if not each.help] == []


def written(number):
    """The ways to write a number, or several."""
    if isinstance(number, list | tuple):
        return {form.join(f"{each:g}" for each in number) for form in (" ", ",")}
    return {str(number), f"{number:,}", f"{number:g}"}


@pytest.mark.parametrize(
    ("command", "add_arguments"),
    [*parsers(), pytest.param(["train"], train.add_arguments, id="train")],
)
def test_every_number_has_its_default_in_its_help(command, add_arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    defaults = {}
    if command == ["train"]:
        for method in ("scale", *SYSTEMS):
            preset = "small" if method == "agg" else "transformer"
            defaults = vars(configure("reviews", method, preset)) | defaults
    if command == ["data"]:
        defaults = {name: each.default for name, each in every_setting().items()}
    alternatives = {
        each.dest for group in parser._mutually_exclusive_groups for each in group._group_actions
    }
    for each in parser._actions:
        default = defaults.get(each.dest, each.default)
        if each.type in (None, str) or each.dest in alternatives:
            continue
        if default is None:
            assert re.search("default|otherwise", each.help), each.dest
        elif default == [1, 2, 3, 4, 5]:
            assert "1 to 5 by default" in each.help
        else:
            forms = "|".join(map(re.escape, written(default)))
            assert re.search(rf"\b({forms})( of both)? by default|\[({forms})\]", each.help), (
                each.dest
            )


@pytest.mark.parametrize("words", SAMPLERS)
def test_generate(words, older, monkeypatch):
    calls = recorded(monkeypatch, ScaleVAE, "decode", NOTHING)
    assert main(words.split()) == 0
    (call,) = calls
    prior = RunFolder("run").load_model().prior
    np.testing.assert_array_equal(call["z"], prior.sample(row_seeds(3, 4)))
    np.testing.assert_array_equal(call["seeds"], row_seeds(3, 4))
    assert call["sampler"] == SAMPLERS[words]
    assert call["max_length"] == 13


@pytest.mark.parametrize("flags", DECODED)
def test_interpolate(flags, older, monkeypatch):
    calls = recorded(monkeypatch, TextModel, "interpolate", ["a\nb"])
    assert main(f"{INTERPOLATE} {flags}".split()) == 0
    (call,) = calls
    assert (call["start"], call["end"], call["steps"]) == ("dog", "cat", 3)
    assert (call["sampler"], call["seed"]) == (DECODED[flags], 3 if "--seed" in flags else 0)


@pytest.mark.parametrize("flags", DECODED)
def test_reconstruct(flags, older, monkeypatch, capsys):
    calls = recorded(monkeypatch, TextModel, "reconstruct", ["a\nb", "c"])
    assert main(f"{RECONSTRUCT} {flags}".split()) == 0
    (call,) = calls
    assert call["texts"] == (older / "text.txt").read_text().splitlines()
    assert (call["sampler"], call["seed"]) == (DECODED[flags], 3 if "--seed" in flags else 0)
    assert call["self"].max_length == 13
    assert capsys.readouterr().out == "a b\nc\n"


@pytest.mark.parametrize(
    "words",
    [
        "reconstruct run --beam 2 text.txt",
        "score run --oddest 2 text.txt --seed 3",
        "shift run --from a --to b text.txt",
        "shift --from a --to b run text.txt",
    ],
)
def test_a_file_may_stand_behind_flags(words, capsys):
    options = parse(words.split())
    assert (options.run, options.file) == ("run", "text.txt")
    with pytest.raises(SystemExit):
        parse([*words.split(), "other.txt"])
    assert "unrecognized arguments" in capsys.readouterr().err


def test_blank_lines_are_no_examples_of_an_attribute(older, monkeypatch, capsys):
    for name in ("from", "to"):
        (older / f"{name}.txt").write_text(f"\n{name} this\n \n")
    vectors = recorded(monkeypatch, TextModel, "attribute_vector", "the vector")
    recorded(monkeypatch, TextModel, "shift", ["a"])
    assert main(["shift", "run", "text.txt", "--from", "from.txt", "--to", "to.txt"]) == 0
    assert (vectors[0]["texts_a"], vectors[0]["texts_b"]) == (["from this"], ["to this"])
    (older / "to.txt").write_text("\n")
    assert main(["shift", "run", "text.txt", "--from", "from.txt", "--to", "to.txt"]) == 2
    assert "to.txt has no text: give at least one line" in capsys.readouterr().err


@pytest.mark.parametrize("flags", DECODED)
def test_shift(flags, older, monkeypatch, capsys):
    vectors = recorded(monkeypatch, TextModel, "attribute_vector", "the vector")
    calls = recorded(monkeypatch, TextModel, "shift", ["a\nb", "c"])
    assert main(f"{SHIFT} {flags}".split()) == 0
    (vector,), (call,) = vectors, calls
    for name, split in (("texts_a", "train"), ("texts_b", "valid")):
        lines = (older / "corpus" / f"{split}.txt").read_text().splitlines()
        assert vector[name] == [line.split("\t")[1] for line in lines]
    assert call["texts"] == (older / "text.txt").read_text().splitlines()
    assert (call["vector"], call["amount"]) == ("the vector", -0.5)
    assert (call["sampler"], call["seed"]) == (DECODED[flags], 3 if "--seed" in flags else 0)
    assert capsys.readouterr().out == "a b\nc\n"


def test_score(older, capsys):
    assert main(SCORE.split()) == 0
    head, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    figures = ["nats_per_token", "bits_per_byte", "log_likelihood", "standard_error", "ess"]
    assert head == ["line", *figures, "text"]
    texts = (older / "text.txt").read_text().splitlines()
    scores = load("run").score(texts, 7, 3)
    places = np.argsort(scores.log_likelihood / scores.tokens, kind="stable")[:2]
    assert [int(row[0]) - 1 for row in rows] == places.tolist()
    for row, place in zip(rows, places, strict=True):
        expected = [getattr(scores, name)[place] for name in figures]
        np.testing.assert_allclose([float(each) for each in row[1:6]], expected, atol=0.06)
        assert row[6] == texts[place]
    assert main(["score", "run", "text.txt"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(texts)


@pytest.mark.parametrize("words", LABELLED)
def test_labels(words, older, monkeypatch, capsys):
    name, labels = LABELLED[words]
    calls = recorded(monkeypatch, TextModel, name, ["a\nb", "c"])
    monkeypatch.setattr(TextModel, "labels", ("bad", "good"))
    assert main(words.split()) == 0
    assert [call["label"] for call in calls] == labels
    if "--per-label" in words:
        assert [(call["n"], call["seed"]) for call in calls] == [(2, 3), (2, 4)]
        written = (older / "more.txt").read_text()
        assert written == "bad\ta b\nbad\tc\ngood\ta b\ngood\tc\n"
        assert capsys.readouterr().out == ""


def test_sentences_of_every_label_are_of_every_label(older, capsys):
    assert main(["generate", "run", "--per-label", "2", "--label", "good"]) == 2
    assert capsys.readouterr().err == (
        "error: --per-label gives sentences of every label: leave --label out\n"
    )


def test_encode(older):
    assert main(ENCODE.split()) == 0
    folder = RunFolder("run")
    lines = (older / "text.txt").read_text().splitlines()
    posterior = folder.load_model().encode(folder.tokenizer(lines).to_tensor())
    with np.load(older / "codes.npz") as codes:
        np.testing.assert_allclose(codes["mean"], posterior.mean, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(codes["stddev"], posterior.stddev, rtol=1e-5)
        assert codes["text"].tolist() == lines


@pytest.mark.parametrize("name", PRECISE)
@pytest.mark.parametrize("trained", ["float32", "mixed_bfloat16"])
def test_precision(name, trained, older, monkeypatch):
    """By default that of the training, but for a likelihood."""

    class RecordedError(Exception):
        pass

    def record(self, *arguments, **named):
        raise RecordedError(self.model.dtype_policy.name)

    model = load_model(older / "run" / "model.keras")
    model = in_mixed_precision(model, trained)
    monkeypatch.setattr(run_folder, "load_model", lambda path: model)
    monkeypatch.setattr(TextModel, name, record)
    default = "float32" if name == "score" else trained
    for flags, precision in (("", default), (HALF, "bfloat16")):
        with pytest.raises(RecordedError, match=f"^{precision}$"):
            main(["--debug", *f"{PRECISE[name]} {flags}".split()])


@pytest.mark.parametrize("words", REQUEST)
def test_request(words, monkeypatch, capsys):
    class Client:
        def __init__(self, address, model, version, label, timeout):
            self.known = address, model, version, label, timeout

        def signatures(self):
            return {"decode": {"inputs": {"z": "DT_FLOAT"}}}

        def request(self, signature, z):
            return {"text": [str((*self.known, signature, z))]}

    monkeypatch.setattr(*named("request.Client"), Client)
    assert main(words.split()) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"text": str(("h:1", *REQUEST[words], "decode", [[1.5]]))}


@pytest.mark.parametrize("words", COUNTS)
def test_data(words, tmp_path, monkeypatch, capsys):
    write_corpus(tmp_path / "corpus", ["a b c d", "a b c", "a b", "a e."])
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 0
    printed = capsys.readouterr().out
    vocabulary, truncated = COUNTS[words]
    assert vocabulary in printed
    (row,) = (line for line in printed.splitlines() if "truncated sentences" in line)
    assert [cell.strip() for cell in row.split("│")[2:5]] == [str(truncated)] * 3
    assert "labels" not in printed


def test_data_counts_labels(tmp_path, capsys):
    lines = ["x\ta b", "y\ta", " x \tb", "\ta"]
    write_corpus(tmp_path / "corpus", lines)
    assert main(["data", str(tmp_path / "corpus"), "--tokenizer", "words"]) == 0
    assert "labels of train: x 2, y 1, (none) 1\n" in capsys.readouterr().out


def test_tune(monkeypatch):
    search = pytest.importorskip("scale_vae_keras.tuning.search", reason="needs the extra tune")
    calls = recorded(monkeypatch, search, "search")
    shown = recorded(monkeypatch, *named("tune.show"))
    assert main(TUNE.split()) == 0
    settings = search.SearchSettings(
        data=os.path.abspath("c"),
        tuner="bayesian",
        grid="table3",
        trials=5,
        epochs=3,
        objective="mi",
        preset="base",
        train_limit=50,
        seed=4,
        search_space={"units": [9], "latent_dim": [2, 4]},
    )
    assert calls == [{"settings": settings, "output": "d", "cache": "k"}]
    assert shown == [{"directory": "d"}]


def test_show(monkeypatch):
    shown = recorded(monkeypatch, *named("tune.show"))
    assert main(SHOW.split()) == 0
    assert shown == [{"directory": "d"}]


def test_an_earlier_name_of_the_method_is_no_change_on_resuming():
    config = configure("c", "lm", "small", precision="float32")
    words, given = ["train", "--resume", "--output", "RUN", "--method"], {"precision": "float32"}
    train._refuse_changes(config, parse([*words, "lstm-lm"]), given)
    with pytest.raises(InputError, match="other settings: method is lm, not vae"):
        train._refuse_changes(config, parse([*words, "vae"]), given)
