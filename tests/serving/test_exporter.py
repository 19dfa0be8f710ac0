import errno
import json
import os
import shutil
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from served_models import FACTOR, MAX_WORDS, WORDS

from scale_vae_keras import files
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import locked
from scale_vae_keras.models import LanguageModel
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.export import export
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.samplers import BeamSampler, TemperatureSampler, TopPSampler
from scale_vae_keras.samplers.row_random import row_seeds
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER
from scale_vae_keras.serving import exporter
from scale_vae_keras.serving.exporter import publish
from scale_vae_keras.serving.portability import check_portable
from scale_vae_keras.serving.verification import answers_of_fresh_process
from scale_vae_keras.serving.versions import LARGEST_VERSION
from scale_vae_keras.serving.warmup import read_warmup
from scale_vae_keras.text import Tokenizer, Vocabulary
from scale_vae_keras.text_model import TextModel

LONGEST = MAX_WORDS + 1
SENTENCES = ["word0 word1 word2", "word5 unknown word7 word8", ""]


@pytest.fixture(scope="module")
def signatures(models):
    return tf.saved_model.load(str(models / "1")).signatures


def texts(tensor):
    return [text.decode() for text in tensor.numpy()]


def generate(signatures, seeds, temperature=1.0, top_p=1.0):
    return signatures["generate"](
        seed=tf.constant(seeds, tf.int64),
        temperature=tf.fill([len(seeds)], tf.constant(temperature, tf.float32)),
        top_p=tf.fill([len(seeds)], tf.constant(top_p, tf.float32)),
    )


def test_signatures_are_those_of_the_contract(signatures):
    types = {
        name: (
            {key: spec.dtype.name for key, spec in function.structured_input_signature[1].items()},
            {key: spec.dtype.name for key, spec in function.structured_outputs.items()},
        )
        for name, function in signatures.items()
    }
    text = {"text": "string"}
    flag = {"truncated": "bool"}
    score = dict.fromkeys(("elbo", "reconstruction", "kl"), "float32") | {"tokens": "int32"}
    sampled = {**text, "log_probability": "float32", "z": "float32"}
    generate = ({"seed": "int64", "temperature": "float32", "top_p": "float32"}, sampled)
    assert types == {
        "generate": generate,
        "serving_default": generate,
        "encode": (text, {"mean": "float32", "stddev": "float32", **flag}),
        "decode": ({"z": "float32"}, text),
        "beam": ({"z": "float32"}, {**text, "log_probability": "float32"}),
        "reconstruct": (text, {**text, **flag}),
        "interpolate": (
            {"start": "string", "end": "string", "alpha": "float32"},
            {**text, **flag},
        ),
        "shift": ({**text, "vector": "float32", "amount": "float32"}, {**text, **flag}),
        "score": ({**text, "seed": "int64"}, {**score, **flag}),
    }


@pytest.mark.parametrize(
    ("numbers", "sampler"),
    [
        ((1.0, 1.0), TemperatureSampler()),
        ((1.0, 0.9), DEFAULT_SAMPLER),
        ((0.7, 0.5), TopPSampler(0.5, 0.7)),
    ],
)
def test_generate_writes_what_the_model_writes_in_python(
    signatures, model, tokenizer, numbers, sampler
):
    seeds = row_seeds(20, seed=5)
    served = generate(signatures, seeds, *numbers)
    written = model.generate(20, 5, sampler, LONGEST)
    assert texts(served["text"]) == texts(tokenizer.detokenize(written.ids))
    np.testing.assert_allclose(served["log_probability"], written.log_probability, rtol=1e-4)
    np.testing.assert_allclose(served["z"], written.z, rtol=1e-5)


def test_a_row_does_not_depend_on_the_others(signatures):
    seeds = row_seeds(64, seed=1)
    together = texts(generate(signatures, seeds)["text"])
    assert len(set(together)) > 50
    alone = [texts(generate(signatures, seeds[row : row + 1])["text"])[0] for row in range(64)]
    backwards = texts(generate(signatures, seeds[::-1][:37])["text"])
    assert alone == together
    assert backwards == together[::-1][:37]


def test_a_low_temperature_reads_the_code_greedily(signatures):
    seeds = row_seeds(16, seed=2)
    for temperature in (1e-6, 1e-30):
        served = generate(signatures, seeds, temperature)
        assert texts(signatures["decode"](z=served["z"])["text"]) == texts(served["text"])


def test_a_high_temperature_is_uniform_over_words(signatures):
    words = " ".join(texts(generate(signatures, row_seeds(64, 0), 3e38)["text"])).split()
    assert set(words) <= {*WORDS, "<unk>"}
    counts = np.array([words.count(word) for word in WORDS])
    expected = len(words) / (len(WORDS) + 1)
    assert np.square(counts - expected).sum() / expected < 100  # 99.9 % point of chi2(59): 98.3


def test_beam_writes_what_the_model_writes_in_python(signatures, model, tokenizer):
    z = generate(signatures, row_seeds(5, 3))["z"]
    served = signatures["beam"](z=z)
    written = model.decode(z, BeamSampler(4), max_length=LONGEST)
    assert texts(served["text"]) == texts(tokenizer.detokenize(written.ids))
    np.testing.assert_allclose(served["log_probability"], written.log_probability, rtol=1e-4)


def test_encode_gives_the_posterior_that_the_decoder_reads(signatures, model, tokenizer):
    served = signatures["encode"](text=tf.constant(SENTENCES))
    ids = tokenizer(tf.constant(SENTENCES)).to_tensor()
    posterior = model.posterior(ids)
    np.testing.assert_allclose(served["mean"], FACTOR * posterior.mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(served["stddev"], posterior.stddev, rtol=1e-4)


def test_reconstruct_and_interpolate_read_the_means(signatures):
    start, end = tf.constant(SENTENCES[:2]), tf.constant(SENTENCES[1::-1])
    means = [signatures["encode"](text=text)["mean"] for text in (start, end)]
    assert texts(signatures["reconstruct"](text=start)["text"]) == texts(
        signatures["decode"](z=means[0])["text"]
    )
    alpha = tf.constant([0.0, 0.3])
    middle = (1 - alpha[:, None]) * means[0] + alpha[:, None] * means[1]
    served = signatures["interpolate"](start=start, end=end, alpha=alpha)
    assert texts(served["text"]) == texts(signatures["decode"](z=middle)["text"])


def test_shift_reads_the_means_moved_along_the_vectors(signatures, model, tokenizer):
    vectors = np.float32([[3.0, -1.0, 2.0, 0.5], [-2.0, 4.0, 1.0, 0.0]])
    amounts = tf.constant([-1.5, 2.0])
    text = tf.constant(SENTENCES[:2])
    moved = signatures["encode"](text=text)["mean"] + amounts[:, None] * vectors
    served = signatures["shift"](text=text, vector=vectors, amount=amounts)
    assert texts(served["text"]) == texts(signatures["decode"](z=moved)["text"])
    in_python = TextModel(model, tokenizer, LONGEST)
    for row, amount in enumerate([-1.5, 2.0]):
        [written] = in_python.shift(SENTENCES[row : row + 1], vectors[row], amount)
        assert texts(served["text"])[row] == written
    still = signatures["shift"](text=text, vector=vectors, amount=tf.zeros([2]))
    assert texts(still["text"]) == texts(signatures["reconstruct"](text=text)["text"])


def test_score_is_a_bound_of_the_declared_generator(signatures, model, tokenizer):
    seeds = tf.constant([3, 4, 5], tf.int64)
    served = signatures["score"](text=tf.constant(SENTENCES), seed=seeds)
    ids = tokenizer(tf.constant(SENTENCES)).to_tensor()
    mean, log_var = (np.float64(part) for part in model.encode(ids))
    noise = np.stack([tf.random.stateless_normal([4], [seed, 1]) for seed in (3, 4, 5)])
    reconstruction = -model.decoder(ids, tf.constant(mean + np.exp(log_var / 2) * noise))
    kl = 0.5 * (
        (np.square(mean) + np.exp(log_var)) / FACTOR**2 - 1 - log_var + 2 * np.log(FACTOR)
    ).sum(axis=1)
    np.testing.assert_allclose(served["reconstruction"], reconstruction, rtol=1e-4)
    np.testing.assert_allclose(served["kl"], kl, rtol=1e-4)
    np.testing.assert_allclose(served["elbo"], -(reconstruction + kl), rtol=1e-4)
    assert served["tokens"].numpy().tolist() == [4, 5, 1]


@pytest.mark.parametrize(
    ("text", "truncated"),
    [
        (" ".join(WORDS[:MAX_WORDS]), False),
        (" ".join(WORDS[: MAX_WORDS + 1]), True),
        ("é" * 10_000, False),
        ("é" * 10_001, True),
        ("word0" + " " * 20_000, True),
    ],
    ids=["words", "one word more", "characters", "one character more", "spaces"],
)
def test_long_text_is_cut_and_says_so(signatures, text, truncated):
    served = signatures["encode"](text=tf.constant(["word0", text]))
    assert served["truncated"].numpy().tolist() == [False, truncated]
    cut = " ".join(text[:10_000].split()[:MAX_WORDS])
    expected = signatures["encode"](text=tf.constant([cut]))["mean"]
    np.testing.assert_allclose(served["mean"][1:], expected, rtol=1e-5, atol=1e-6)


def test_bytes_that_are_not_text_are_read_as_unknown_words(signatures):
    broken = tf.constant([b"word0 \xff\xfe\x00 word1", b"\x00", b"\xed\xa0\x80"])
    known = tf.constant(["word0 unknown word1", "unknown", "unknown"])
    np.testing.assert_allclose(
        signatures["encode"](text=broken)["mean"],
        signatures["encode"](text=known)["mean"],
        rtol=1e-5,
        atol=1e-6,
    )


def test_metadata_describes_the_version(models, tokenizer):
    described = json.loads((models / "1" / "metadata.json").read_text())
    assert described["model"] == "ScaleVAE"
    assert described["generator"]["factor"] == {"min": 1.5, "mean": 2.25, "max": 3.0}
    assert described["vocabulary"] == {
        "size": len(WORDS) + 4,
        "sha256": tokenizer.vocabulary.fingerprint(),
        "tokenizer": "words",
    }
    assert described["limits"] == {
        "rows": 64,
        "characters": 10_000,
        "words": MAX_WORDS,
        "written_tokens": LONGEST,
    }
    assert described["libraries"]["tensorflow"] == tf.__version__


def test_warm_up_has_a_request_that_runs_for_every_signature(models, signatures):
    requests = list(read_warmup(models / "1"))
    assert {name for name, _ in requests} == set(signatures)
    by_name = dict(requests)
    for name, value in by_name["generate"].items():
        np.testing.assert_array_equal(by_name["serving_default"][name], value)
    for name, inputs in requests:
        outputs = signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})
        assert {len(value) for value in outputs.values()} == {2}


@pytest.fixture(scope="module")
def answers(models):
    return answers_of_fresh_process(models / "1")


@pytest.fixture
def without_tracing(models, answers, monkeypatch):
    """Publishes copies of version 1 that answer as it does."""

    def copy(signatures, path, model_name):
        shutil.copytree(models / "1", path)

    monkeypatch.setattr(exporter, "_write", copy)
    monkeypatch.setattr(exporter, "_own_answers", lambda signatures: answers)
    monkeypatch.setattr(exporter, "answers_of_fresh_process", lambda path: answers)


@pytest.mark.usefixtures("without_tracing")
def test_versions_are_numbered_and_never_replaced(model, tokenizer, tmp_path):
    directory = tmp_path / "new" / "reviews"
    (directory / "notes").mkdir(parents=True)
    paths = [publish(model, tokenizer, LONGEST, directory) for _ in range(2)]
    paths.append(publish(model, tokenizer, LONGEST, directory, version=7))
    assert [path.name for path in paths] == ["1", "2", "7"]
    with pytest.raises(InputError, match="already there"):
        publish(model, tokenizer, LONGEST, directory, version=2)
    for number in (0, 2**63):
        with pytest.raises(InputError, match="version must be a whole number from 1 to 9,223,372"):
            publish(model, tokenizer, LONGEST, directory, version=number)
    assert sorted(path.name for path in directory.iterdir()) == ["1", "2", "7", "notes"]


@pytest.mark.usefixtures("without_tracing")
def test_what_cannot_be_served_leaves_no_folder(model, tokenizer, answers, tmp_path, monkeypatch):
    directory = tmp_path / "new" / "reviews"
    language_model = LanguageModel(len(tokenizer.vocabulary), 5, 6)
    with pytest.raises(InputError, match="no latent code"):
        publish(language_model, tokenizer, LONGEST, directory)
    broken = {**answers, "encode/mean": np.array([[0.5, np.nan]], np.float32)}
    monkeypatch.setattr(exporter, "_own_answers", lambda signatures: broken)
    with pytest.raises(InputError, match="encode/mean of the model is not finite"):
        publish(model, tokenizer, LONGEST, directory)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="gs://bucket/reviews is no place on this machine"):
        publish(model, tokenizer, LONGEST, "gs://bucket/reviews")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_tracing")
def test_a_version_is_on_the_disk_before_it_appears(model, tokenizer, tmp_path, monkeypatch):
    flushed = []

    def flush(path):
        flushed.append((path.name, (tmp_path / "1").exists()))

    monkeypatch.setattr(files, "flush", flush)
    monkeypatch.setattr(exporter, "flush", flush)
    publish(model, tokenizer, LONGEST, tmp_path)
    whole = {path.name for path in (tmp_path / "1").rglob("*")}
    assert whole <= {name for name, appeared in flushed if not appeared}
    assert flushed[-1] == (tmp_path.name, True)


def test_a_place_that_the_next_version_cannot_have_is_refused(model, tokenizer, tmp_path):
    (tmp_path / "1").touch()
    with pytest.raises(InputError, match="1 is already there: choose another version"):
        publish(model, tokenizer, LONGEST, tmp_path)
    (tmp_path / str(LARGEST_VERSION)).mkdir()
    with pytest.raises(InputError, match="from 1 to 9,223,372,036,854,775,807, got 9223372036854"):
        publish(model, tokenizer, LONGEST, tmp_path)


def test_what_a_killed_export_left_is_removed(tmp_path):
    for name, age in (("dead", 120), ("held", 120), ("young", 0)):
        scratch = tmp_path / f".unfinished-{name}"
        (scratch / "version").mkdir(parents=True)
        (scratch / "lock").touch()
        os.utime(scratch, (time.time() - age,) * 2)
    with locked(tmp_path / ".unfinished-held" / "lock"):
        os.utime(tmp_path / ".unfinished-held", (time.time() - 120,) * 2)
        exporter._remove_abandoned(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".unfinished-held", ".unfinished-young"]


def test_nothing_is_removed_where_no_lock_says_that_it_was_left(tmp_path, monkeypatch):
    def without_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    scratch = tmp_path / ".unfinished-running"
    scratch.mkdir()
    os.utime(scratch, (1, 1))
    monkeypatch.setattr(files.fcntl, "flock", without_locks)
    exporter._remove_abandoned(tmp_path)
    assert scratch.exists()


def test_a_file_that_takes_the_place_meanwhile_ends_the_export(tmp_path):
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "1").touch()
    with pytest.raises(InputError, match=r"cannot publish .*1: Not a directory"):
        exporter._rename(tmp_path / "unfinished", tmp_path, None)


@pytest.mark.usefixtures("without_tracing")
def test_a_run_is_exported_with_its_method_and_metrics(model, tokenizer, tmp_path):
    folder = RunFolder(tmp_path / "run")
    config = configure("reviews", "scale", "small", max_length=MAX_WORDS, tokenizer="words")
    folder.create(config, tokenizer, "0" * 64, has_labels=False)
    with pytest.raises(InputError, match=r"no model\.keras"):
        export(folder.path, tmp_path / "served")
    model.save(folder.model_path)
    folder.metrics_path.write_text('{"mi": 1.5}')
    path = export(folder.path, tmp_path / "served", version=3)
    assert path == tmp_path / "served" / "3"
    described = json.loads((path / "metadata.json").read_text())
    assert described["method"] == "scale"
    assert described["metrics"] == {"mi": 1.5}
    assert described["limits"]["written_tokens"] == LONGEST


@pytest.mark.usefixtures("without_tracing")
@pytest.mark.parametrize("name", ["encode/mean", "reconstruct/text", "score/tokens"])
def test_a_model_that_answers_differently_is_not_published(
    model, tokenizer, answers, tmp_path, monkeypatch, name
):
    other = {**answers, name: answers[name][::-1]}
    monkeypatch.setattr(exporter, "answers_of_fresh_process", lambda path: other)
    with pytest.raises(RuntimeError, match=name):
        publish(model, tokenizer, LONGEST, tmp_path / "reviews")
    assert list((tmp_path / "reviews").iterdir()) == []


def test_a_broken_version_fails_in_the_fresh_process(models, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(RuntimeError, match="cannot be loaded"):
        answers_of_fresh_process(tmp_path)


def save(path, function):
    module = tf.Module()
    module.run = tf.function(function, input_signature=[tf.TensorSpec([None], tf.float32)])
    tf.saved_model.save(module, str(path))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (tf.function(lambda x: x + 1, jit_compile=True), "XLA"),
        (lambda x: tf.numpy_function(np.square, [x], tf.float32), "PyFunc"),
        (lambda x: keras.ops.slice_update(x, [1], x[:1]), "XlaDynamicUpdateSlice"),
    ],
    ids=["compiled", "python", "slice_update"],
)
def test_what_a_stock_server_cannot_run_is_refused(tmp_path, function, message):
    save(tmp_path, function)
    with pytest.raises(InputError, match=message):
        check_portable(tmp_path)


def test_an_ordinary_model_is_portable(tmp_path, models):
    save(tmp_path, lambda x: x + 1)
    check_portable(tmp_path)
    check_portable(models / "1")


@pytest.mark.usefixtures("without_tracing")
def test_export_takes_a_model_and_its_tokenizer(model, tokenizer, models, tmp_path):
    path = export(model, tmp_path / "reviews", tokenizer=tokenizer)
    assert path == tmp_path / "reviews" / "1"
    first, second = (
        json.loads((folder / "metadata.json").read_text()) for folder in (path, models / "1")
    )
    assert first == second
    assert first["limits"]["written_tokens"] == MAX_WORDS + 1


def test_export_refuses_half_of_a_source(model, tokenizer, tmp_path):
    with pytest.raises(InputError, match="tokenizer="):
        export(model, tmp_path / "reviews")
    other = Tokenizer(Vocabulary(WORDS[:-1]), "words", MAX_WORDS)
    with pytest.raises(InputError, match="give the tokenizer that the model was trained with"):
        export(model, tmp_path / "reviews", tokenizer=other)
    with pytest.raises(InputError, match="max_length must be at least 1, got 0"):
        export(model, tmp_path / "reviews", tokenizer=tokenizer, max_length=0)
    with pytest.raises(InputError, match="a run has its own tokenizer"):
        export(tmp_path, tmp_path / "reviews", tokenizer=tokenizer)
    assert list(tmp_path.iterdir()) == []
