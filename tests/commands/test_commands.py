"""The command line as a user meets it: a subprocess."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import made_corpora
import numpy as np
import pytest
from made_corpora import write_corpus

from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.samplers import TopKSampler
from scale_vae_keras.samplers.row_random import row_seeds

pytestmark = pytest.mark.cli

LINES = made_corpora.LINES * 3
CORPUS = {"lines": LINES}
TINY = (
    *("--preset", "small", "--epochs", "2", "--batch-size", "16", "--f-epo", "1"),
    *("--embedding-dim", "6", "--units", "8", "--latent-dim", "4"),
    *("--tokenizer", "words", "--min-count", "1"),
)
LANGUAGE_MODEL = (
    *("--method", "lm", "--preset", "small", "--batch-size", "16"),
    *("--embedding-dim", "6", "--units", "8"),
)
"""What trains fastest, where the model is no matter."""
WORDS = ("--tokenizer", "words", "--min-count", "1")


PROCESSES = {}


@pytest.fixture(scope="module", autouse=True)
def _processes(commands):
    PROCESSES["commands"] = commands


def scale_vae(*arguments, **options):
    return PROCESSES["commands"].run(*arguments, **options)


def succeed(*arguments, **options):
    done = scale_vae(*arguments, **options)
    assert done.status == 0, done.errors
    return done.output


def fail(*arguments, **options):
    """The message of a command that must end with status 2 and one line."""
    done = scale_vae(*arguments, **options)
    assert done.status == 2, done.errors
    lines = [line for line in done.errors.splitlines() if not line.startswith("warning:")]
    assert len(lines) == 1, done.errors
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.fixture(scope="module")
def run(corpus):
    path = corpus.parent / "run"
    succeed("train", corpus, "--output", path, *TINY)
    return path


def test_train_makes_a_self_contained_run_folder(run):
    names = {path.name for path in run.iterdir()}
    assert names == {
        *("config.json", "vocabulary.txt", "model.keras", "checkpoints", "logs", "history.csv")
    }
    config = json.loads((run / "config.json").read_text())
    assert (config["method"], config["epochs"], config["des_std"]) == ("scale", 2, 0.7)
    header, *rows = (run / "history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["1", "2"]
    assert {"val_loss", "mi", "mi_cap", "au", "factor_mean", "kl_weight"} <= set(header.split(","))


@pytest.mark.parametrize(
    ("output", "message"), [("speed.txt", "must end in .csv"), ("no/speed.csv", "no folder")]
)
def test_the_file_of_a_speed_benchmark_is_checked_before_it_runs(tmp_path, output, message):
    assert message in fail("benchmark", "speed", "--output", tmp_path / output)


def test_a_setting_of_another_system_is_refused(corpus, tmp_path):
    options = ("--method", "vae", "--des-std", "0.9")
    message = fail("train", corpus, "--output", tmp_path / "run", *options)
    assert "the method vae has no setting des_std" in message


@pytest.mark.parametrize("replicas", [-1, 0, 17])
def test_a_number_of_replicas_that_cannot_be_is_refused(corpus, tmp_path, replicas):
    options = (*TINY, "--replicas", replicas)
    message = fail("train", corpus, "--output", tmp_path / "run", *options)
    assert f"replicas must be from 1 to the batch size of 16, got {replicas}" in message
    assert not (tmp_path / "run").exists()


def test_a_run_of_two_replicas_goes_on_with_one(corpus, tmp_path):
    run = tmp_path / "run"
    succeed(
        "train", corpus, "--output", run, *LANGUAGE_MODEL, *WORDS, "--epochs", 1, "--replicas", 2
    )
    assert json.loads((run / "config.json").read_text())["replicas"] == 2
    resumed = ("train", "--resume", "--output", run, "--epochs", 2)
    warned = scale_vae(*resumed, "--replicas", 1).errors
    assert "warning: the run had 2 replicas and continues with 1" in warned
    assert json.loads((run / "config.json").read_text())["replicas"] == 1
    assert [row[0] for row in (run / "history.csv").read_text().splitlines()[1:]] == ["1", "2"]


def test_train_prints_the_counts_of_what_it_read(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", [*LINES, "", "the cat " * 30])
    printed = succeed(
        *("train", corpus, "--output", tmp_path / "run", *LANGUAGE_MODEL, *WORDS),
        *("--epochs", 1, "--max-length", 9),
    )
    table = {
        line.split("│")[1].strip(): line.split("│")[2].strip()
        for line in printed.splitlines()
        if line.startswith("│")
    }
    assert table["sentences"] == "61"
    assert table["truncated sentences"] == "1"
    assert table["empty lines, skipped"] == "1"


def test_train_says_which_tokenizer_it_chose_and_why(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", [f"{line} Crème, 5 €!" for line in LINES])
    sizes = (*LANGUAGE_MODEL, "--vocabulary-limit", 330, "--epochs", 1)
    printed = succeed("train", corpus, "--output", tmp_path / "run", *sizes)
    assert "tokenizer: sentencepiece, as" in printed
    assert "pieces trained by SentencePiece (unigram)" in printed
    assert (tmp_path / "run" / "tokenizer.model").is_file()


def test_generate_is_reproducible_and_a_longer_list_begins_with_the_shorter(run):
    short = succeed("generate", run, "-n", 3, "--seed", 5).splitlines()
    long = succeed("generate", run, "-n", 6, "--seed", 5).splitlines()
    assert len(short) == 3
    assert len(long) == 6
    assert long[:3] == short
    assert succeed("generate", run, "-n", 3, "--seed", 6).splitlines() != short


@pytest.mark.parametrize("strategy", [("--top-k", "2"), ("--top-p", "0.5"), ("--beam", "2")])
def test_generate_with_each_strategy(run, strategy):
    assert len(succeed("generate", run, "-n", 2, *strategy).splitlines()) == 2


def test_generate_writes_from_the_model_s_prior(run):
    folder = RunFolder(run)
    model = folder.load_model()
    assert model.prior.kind == "full"
    z = model.prior.sample(row_seeds(4, 5))
    ids = model.decode(z, TopKSampler(2, 1.0), row_seeds(4, 5), folder.config.max_length + 1).ids
    expected = [text.decode() for text in folder.tokenizer.detokenize(ids).numpy()]
    arguments = ("generate", run, "-n", 4, "--seed", 5, "--top-k", 2)
    assert succeed(*arguments).splitlines() == expected


def test_generate_samples_the_likeliest_words_by_default(run):
    asked = ("generate", run, "-n", 20, "--seed", 5)
    assert succeed(*asked) == succeed(*asked, "--top-p", 0.9)
    assert succeed(*asked) != succeed(*asked, "--top-p", 1)


@pytest.mark.parametrize(("prior", "kind"), [("fitted-full", "full"), ("mixture", "mixture")])
def test_evaluate_under_a_fitted_prior(run, prior, kind):
    metrics = json.loads(succeed("evaluate", run, "--prior", prior, "--samples", 5, "--json"))
    assert metrics["prior"] == kind
    assert metrics["iw_nll"] < metrics["elbo_nll"]


def test_a_corpus_that_moved_is_found_where_it_is(run, corpus, tmp_path):
    moved, copy = tmp_path / "moved", tmp_path / "run"
    shutil.copytree(corpus, moved)
    shutil.copytree(run, copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "data": str(tmp_path / "gone")}))
    asked = ("evaluate", copy, "--samples", 0, "--limit", 10)
    assert "gone" in fail(*asked)
    assert "elbo_nll" in succeed(*asked, "--data", moved)
    (moved / "test.txt").write_text("another line .\n" * 9)
    assert "is not the one of the run" in fail(*asked, "--data", moved)


def test_the_traceback_behind_an_error_is_shown_on_request(tmp_path):
    assert "Traceback" not in scale_vae("generate", tmp_path / "nowhere").errors
    for asked in ({"SCALE_VAE_DEBUG": "1"}, {}):
        words = () if asked else ("--debug",)
        done = scale_vae(*words, "generate", tmp_path / "nowhere", **asked)
        assert done.status == 2
        assert "Traceback" in done.errors
        assert done.errors.splitlines()[-1].startswith("error: there is no run folder")


def test_reconstruct_reads_a_file_or_standard_input(run, corpus):
    from_file = succeed("reconstruct", run, corpus / "test.txt").splitlines()
    from_stdin = succeed("reconstruct", run, stdin="\n".join(LINES)).splitlines()
    assert len(from_file) == len(LINES)
    assert from_file == from_stdin


def test_interpolate_begins_and_ends_with_the_reconstructions(run):
    ends = LINES[0], LINES[7]
    steps = succeed("interpolate", run, *ends, "--steps", 4).splitlines()
    assert len(steps) == 4
    assert [steps[0], steps[-1]] == succeed("reconstruct", run, stdin="\n".join(ends)).splitlines()


def test_encode_writes_one_posterior_a_line(run, corpus, tmp_path):
    succeed("encode", run, corpus / "valid.txt", "--output", tmp_path / "codes.npz")
    codes = np.load(tmp_path / "codes.npz")
    assert codes["mean"].shape == codes["stddev"].shape == (len(LINES), 4)
    assert (codes["stddev"] > 0).all()
    np.testing.assert_allclose(codes["mean"][0], codes["mean"][20], rtol=1e-5)


def test_evaluate_writes_the_metrics_and_is_reproducible(run, corpus):
    first = succeed("evaluate", run, "--samples", 5, "--limit", 10, "--json")
    metrics = json.loads(first)
    assert metrics == json.loads((run / "metrics.json").read_text())
    assert metrics["sentences"] == 10
    assert metrics["elbo_nll"] >= metrics["iw_nll"] - 3 * metrics["iw_nll_se"]
    assert succeed("evaluate", run, "--samples", 5, "--limit", 10, "--json") == first
    table = succeed("evaluate", run, run, "--samples", 0, "--limit", 10)
    assert "nats per sentence" in table
    assert "NOT a bound" in table


def test_report_writes_a_page_and_says_where(run, tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    page = tmp_path / "page.html"
    assert succeed("report", run, "--output", page).strip() == str(page)
    assert "<h2>Latent map</h2>" in page.read_text()
    missing = fail("report", run, "--output", tmp_path / "nowhere" / "page.html")
    assert "nowhere: make it first" in missing


def test_data_shows_the_statistics(corpus):
    shown = succeed("data", corpus, "--tokenizer", "words", "--min-count", 1)
    assert "vocabulary: 24 tokens" in shown
    assert shown.count(" 60 ") == 3


@pytest.fixture(scope="module")
def exported(run, corpus):
    pytest.importorskip("tensorflow_serving", reason="needs the extra serving")
    models = corpus.parent / "models" / "tiny"
    models.parent.mkdir()
    assert succeed("export", run, models).strip() == str(models / "1")
    return models


def test_export_publishes_the_next_version_and_refuses_a_taken_one(run, exported):
    assert (exported / "1" / "saved_model.pb").exists()
    assert "1" in fail("export", run, exported, "--version", 1)
    assert "version must be a whole number from 1 to" in fail(
        "export", run, exported, "--version", 0
    )


def test_serve_and_request(exported):
    rest, grpc = (free_port() for _ in range(2))
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "scale_vae_keras.commands.main", "serve", str(exported)),
            *("--rest-port", str(rest), "--grpc-port", str(grpc)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        asked = ("generate", "seed=3", "seed=4", "temperature=0.8", "--model", "tiny")
        deadline = time.monotonic() + 200
        while (done := scale_vae("request", f"http://127.0.0.1:{rest}", *asked)).status:
            assert "UNAVAILABLE" in done.errors
            assert time.monotonic() < deadline
            time.sleep(0.5)
        by_rest = [json.loads(line) for line in done.output.splitlines()]
        by_grpc = [
            json.loads(line)
            for line in succeed("request", f"127.0.0.1:{grpc}", *asked).splitlines()
        ]
        assert [row["text"] for row in by_rest] == [row["text"] for row in by_grpc]
        assert len(by_rest) == 2
        address = f"http://127.0.0.1:{rest}"
        assert "no signature" in fail("request", address, "nope", "seed=1", "--model", "tiny")
        assert "tiny2" in fail("request", address, *asked[:-1], "tiny2")
    finally:
        server.terminate()
        assert server.wait(60) == 0


def test_bad_serving_requests(tmp_path):
    assert "no version" in fail("serve", tmp_path)
    nobody = f"http://127.0.0.1:{free_port()}"
    assert "UNAVAILABLE" in fail("request", nobody, "generate", "seed=1", "--timeout", 1)


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def test_resume_ends_like_an_uninterrupted_run(run, corpus, tmp_path):
    succeed("train", corpus, "--output", tmp_path / "run", *TINY, "--epochs", 1)
    succeed("train", "--resume", "--output", tmp_path / "run", "--epochs", 2)
    resumed = (tmp_path / "run" / "history.csv").read_bytes()
    assert resumed == (run / "history.csv").read_bytes()
    printed = succeed("train", "--resume", "--output", tmp_path / "run")
    assert f"nothing is left to train: {tmp_path / 'run'} ended after epoch 2" in printed
    best = tmp_path / "run" / "model.keras"
    content = best.read_bytes()
    best.unlink()
    assert "holds the best model" in succeed("train", "--resume", "--output", tmp_path / "run")
    assert best.read_bytes() == content
    assert (tmp_path / "run" / "history.csv").read_bytes() == resumed


def test_resume_refuses_other_settings_and_says_which(run):
    before = (run / "config.json").read_bytes()
    more = ("--epochs", "9", "--replicas", "2")
    message = fail(
        "train", "--resume", "--output", run, "--des-std", "0.9", "--method", "vae", *more
    )
    assert (run / "config.json").read_bytes() == before
    assert "des_std is 0.7, not 0.9" in message
    assert "method is scale, not vae" in message


def test_resume_refuses_a_changed_corpus(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", LINES)
    output = ("--output", tmp_path / "run")
    succeed("train", corpus, *output, *LANGUAGE_MODEL, *WORDS, "--epochs", 1)
    (corpus / "train.txt").write_text("\n".join(LINES[1:]))
    assert "changed" in fail("train", "--resume", *output)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--method", "nonsense"), "unknown method 'nonsense'"),
        (("--preset", "nonsense"), "unknown preset 'nonsense'"),
        (("--batch-size", "0"), "batch_size must be positive"),
        (("--units", "-3"), "units must be positive"),
        (("--des-std", "0"), "des_std must be positive"),
        (("--des-std", "nan"), "des_std must be positive"),
        (("--f-epo", "0"), "f_epo must be"),
        (("--profile", "3", "2"), "FIRST <= LAST"),
        (("--epochs", "0"), "epochs must be positive"),
        (("--dropout", "1"), "dropout must be"),
        (("--average", "mode"), "average must be one of"),
        (("--learning-rate", "-1"), "learning_rate must be positive"),
        (("--kl-start", "2"), "kl_start must be from 0 to 1"),
        (("--epochs", "many"), "invalid int value"),
        (("--tokenizer", "nonsense"), "tokenizer must be one of"),
        (("--precision", "float8"), "precision must be one of"),
        (("--save-steps", "0"), "--save-steps: invalid int of at least 1"),
        (("--save-minutes", "-1"), "--save-minutes: invalid float of at least 0"),
        (("--max-skipped-share", "nan"), "--max-skipped-share: invalid float of at least 0"),
        (("--max-skipped-share", "2"), "invalid float of at least 0 and at most 1, value: '2'"),
        (("--dilations", "a,b"), "invalid int values separated by commas, value: 'a,b'"),
    ],
)
def test_bad_settings_write_nothing(corpus, tmp_path, options, words):
    assert words in fail("train", corpus, "--output", tmp_path / "run", *options)
    assert not (tmp_path / "run").exists()


def test_bad_corpora(tmp_path):
    output = ("--output", tmp_path / "run")
    assert "there is no folder" in fail("train", tmp_path / "nowhere", *output)
    assert "which corpus" in fail("train", *output)
    missing = write_corpus(tmp_path / "missing", LINES)
    (missing / "valid.txt").unlink()
    assert "valid.txt" in fail("train", missing, *output)
    empty = write_corpus(tmp_path / "empty", ["", "  "])
    assert "too few sentences" in fail("train", empty, *output)
    single = write_corpus(tmp_path / "single", ["only one ."])
    assert "too few sentences" in fail("train", single, *output)
    assert not (tmp_path / "run").exists()


def test_training_that_diverges_stops_with_one_line(corpus, tmp_path):
    message = fail(
        *("train", corpus, "--output", tmp_path / "run", *TINY),
        *("--learning-rate", "1e30", "--batch-size", "2", "--min-factor-batch", "2"),
    )
    assert "of the first" in message
    assert "a loss or a gradient that is not finite" in message
    assert "continue with --resume" in message or "start again with --resume" in message


def test_a_first_epoch_that_diverges_says_so_and_promises_no_model(corpus, tmp_path):
    run = tmp_path / "run"
    message = fail("train", corpus, "--output", run, *TINY, "--learning-rate", "1e38")
    assert "training has diverged" in message
    assert "--learning-rate below" in message
    assert "best model" not in message
    assert not (run / "model.keras").exists()


def test_a_run_that_another_process_trains_is_refused(run):
    before = (run / "config.json").read_bytes()
    with RunFolder(run).locked():
        message = fail("train", "--resume", "--output", run, "--epochs", 3)
    assert f"process {os.getpid()} trains in {run}: wait until it has ended" in message
    assert (run / "config.json").read_bytes() == before
    assert not list(run.glob(".*"))


def test_runs_of_one_name_are_shown_side_by_side(run, tmp_path):
    for folder in ("a", "b[red]"):
        shutil.copytree(run, tmp_path / folder / "run")
    runs = [tmp_path / folder / "run" for folder in ("a", "b[red]")]
    arguments = ("evaluate", *runs, "--samples", 2, "--limit", 20)
    shown = succeed(*arguments)
    (heads,) = (line for line in shown.splitlines() if "metric" in line and "unit" in line)
    assert " a/run " in heads
    assert " b[red]/run " in heads
    assert max(map(len, shown.splitlines())) <= 80
    assert "a/run: elbo_nll and iw_nll" in shown
    assert "b[red]/run: elbo_nll and iw_nll" in shown
    assert "…" not in shown
    header, *rows = succeed(*arguments, "--csv").splitlines()
    assert [row.split(",")[0] for row in rows] == list(map(str, runs))
    assert {"iw_nll", "iw_nll_se", "factor_mean"} <= set(header.split(","))


def test_what_a_vocabulary_holds_is_written_on_every_terminal(tmp_path):
    lines = ["где мой дом ?", "мой дом там ."] * 20
    corpus = write_corpus(tmp_path / "corpus", lines)
    run = tmp_path / "run"
    succeed("train", corpus, "--output", run, *TINY, "--epochs", 1)
    text = succeed("interpolate", run, lines[0], lines[1], PYTHONIOENCODING="latin-1")
    assert len(text.splitlines()) == 7


def test_an_output_folder_with_a_run_is_left_alone(run, corpus):
    before = (run / "config.json").read_bytes()
    assert "--resume" in fail("train", corpus, "--output", run, *TINY)
    assert (run / "config.json").read_bytes() == before


def test_broken_run_folders(run, tmp_path):
    assert "no run folder" in fail("generate", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "not a run folder" in fail("generate", tmp_path / "empty")
    broken = tmp_path / "broken"
    shutil.copytree(run, broken)
    (broken / "model.keras").write_bytes(b"not a model")
    assert "cannot be loaded" in fail("generate", broken)
    (broken / "model.keras").unlink()
    assert "no model.keras" in fail("generate", broken)
    (broken / "vocabulary.txt").write_text("<pad>\n<s>\n</s>\n<unk>\nother\n")
    assert "the tokenizer in" in fail("train", "--resume", "--output", broken)
    (broken / "config.json").write_text("{")
    assert "config.json" in fail("evaluate", broken)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("generate", "-n", "0"), "must be a whole number from 1 to 2,147,483,647, got 0"),
        (("generate", "--temperature", "0"), "temperature must be positive"),
        (("generate", "--temperature", "nan"), "temperature must be positive"),
        (("generate", "--top-p", "1.5"), "top-p"),
        (("generate", "--top-k", "0"), "top-k"),
        (("generate", "--beam", "0"), "beam width"),
        (("generate", "--beam", "2", "--temperature", "1"), "no temperature"),
        (("reconstruct", "missing.txt"), "cannot read missing.txt"),
        (("interpolate", "a", "b", "--steps", "1"), "steps must be at least 2, got 1"),
        (("evaluate", "--limit", "0"), "at least 1"),
        (("evaluate", "--samples", "-1"), "samples must be at least 0, got -1"),
    ],
)
def test_bad_requests(run, command, words):
    name, *rest = command
    assert words in fail(name, run, *rest)


def test_empty_standard_input(run):
    assert "standard input is empty" in fail("reconstruct", run, stdin="")


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(corpus, tmp_path):
    run = tmp_path / "run"
    message = fail("train", corpus, "--output", run, *TINY, file_limit=20_000)
    assert "File too large" in message
    assert not list(run.rglob("*.keras"))
    assert not list(run.glob(".*"))


@pytest.fixture
def interruptible():
    """SIGINT as a terminal has it, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interruption_says_what_was_saved_and_resume_goes_on(corpus, tmp_path):
    run = tmp_path / "run"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "scale_vae_keras.commands.main", "train", str(corpus)),
            *("--output", str(run), *LANGUAGE_MODEL, *WORDS, "--epochs", "2000"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    deadline = time.monotonic() + 200
    while not (run / "checkpoints" / "epoch-0002").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    errors = [line for line in said.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert "interrupted" in errors[0]
    assert "--resume" in errors[0]
    done = len((run / "history.csv").read_text().splitlines()) - 1
    succeed("train", "--resume", "--output", run, "--epochs", str(done + 1))
    assert len((run / "history.csv").read_text().splitlines()) - 1 == done + 1
