import logging

import pytest
from made_corpora import write_corpus

from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.run_tokenizer import resolved, run_tokenizer
from scale_vae_keras.runs.standard_callbacks import standard_callbacks
from scale_vae_keras.runs.train import Run

LINES = [
    f"The {s} cat {v}, {n} times!" for s in ("big", "red") for v in ("sat", "ran") for n in "123"
]


@pytest.fixture
def folder(tmp_path):
    return write_corpus(tmp_path / "corpus", LINES)


@pytest.mark.parametrize(
    ("preset", "asked", "own_vocabulary", "kind"),
    [
        ("small", None, False, "sentencepiece"),
        ("small", None, True, "words"),
        ("paper", None, False, "words"),
        ("small", "raw", False, "raw"),
    ],
)
def test_the_tokenizer_is_chosen_by_the_corpus(folder, preset, asked, own_vocabulary, kind):
    if own_vocabulary:
        (folder / "vocab.txt").write_text("The\ncat\n")
    config = configure(str(folder), "scale", preset, tokenizer=asked)
    decided, reason = resolved(config, open_corpus(folder))
    assert decided.tokenizer == kind
    assert reason.startswith(f"tokenizer: {kind}, as")


def test_the_built_in_corpora_keep_all_words():
    decided, _ = resolved(configure("reviews", "vae", "small"), open_corpus("reviews"))
    assert (decided.tokenizer, decided.min_count) == ("words", 1)


def test_a_run_keeps_its_tokenizer(folder, tmp_path, caplog):
    config = configure(
        str(folder), "vae", "small", embedding_dim=3, units=4, latent_dim=2, vocabulary_limit=330
    )
    with caplog.at_level(logging.INFO, "scale_vae_keras"):
        run = Run.start(config, tmp_path / "run")
    assert any("sentencepiece, as" in message for message in caplog.messages)
    assert any("fewer than 1,000" in message for message in caplog.messages)
    assert (tmp_path / "run" / "tokenizer.model").is_file()
    folder = RunFolder(tmp_path / "run")
    assert folder.config.tokenizer == "sentencepiece"
    for text in ["The red cat ran, 2 times!", "  naïve\tÉ "]:
        [back] = folder.tokenizer.detokenize(folder.tokenizer([text]).to_tensor()).numpy()
        assert back.decode() == text
    assert Run.open(config, tmp_path / "run").folder.config == run.folder.config
    (tmp_path / "run" / "tokenizer.model").write_bytes(
        run_tokenizer(
            configure(
                str(folder.config.data), "vae", "small", subwords="bpe", vocabulary_limit=330
            ),
            folder.open_corpus(),
        ).tokenizer.model
    )
    with pytest.raises(InputError, match="not the one that the run was made with"):
        _ = RunFolder(tmp_path / "run").tokenizer


def test_a_fitted_prior_is_fitted_in_its_place(folder, tmp_path):
    config = configure(str(folder), "scale", "small", tokenizer="words", min_count=1)
    run = Run.start(config, tmp_path / "run")
    callbacks = standard_callbacks(config, None, tmp_path / "m.keras", run.train, run.valid)
    names = [type(each).__name__ for each in callbacks]
    assert names == [
        *("SkippedSteps", "EpochAverageScale", "LinearKLAnnealing", "FitPrior", "LatentMonitor"),
        *("BestModel", "HalvingSchedule"),
    ]
    assert callbacks[5].monitor == "val_elbo_nll"


@pytest.mark.parametrize(
    ("own", "settings", "message"),
    [
        (True, {"vocabulary_limit": 50}, "vocabulary_limit has no effect, since the words are"),
        (True, {"min_count": 2}, "min_count has no effect, since the words are those of .*vocab"),
        (False, {"min_count": 2}, "min_count has no effect, since the tokenizer is sentencepiece"),
        (
            False,
            {"tokenizer": "words", "subwords": "bpe"},
            "subwords has no effect, since the tokenizer is words: leave it out",
        ),
    ],
)
def test_settings_that_the_tokenizer_does_not_read_are_refused(folder, own, settings, message):
    if own:
        (folder / "vocab.txt").write_text("The\ncat\n")
    config = configure(str(folder), "vae", "small", **settings)
    with pytest.raises(InputError, match=message):
        run_tokenizer(config, open_corpus(folder))


@pytest.mark.parametrize(
    "settings",
    [
        {"tokenizer": "raw", "vocabulary_limit": 8, "min_count": 2},
        {"vocabulary_limit": 330, "subwords": "bpe", "min_count": 1},
    ],
)
def test_settings_that_the_tokenizer_reads_are_taken(folder, settings):
    config = configure(str(folder), "vae", "small", **settings)
    tokenizer = run_tokenizer(config, open_corpus(folder)).tokenizer
    assert len(tokenizer.vocabulary) <= settings["vocabulary_limit"]
