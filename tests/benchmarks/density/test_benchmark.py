from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from made_runs import finish_untrained

from scale_vae_keras.benchmarks.density import benchmark as density_benchmark
from scale_vae_keras.benchmarks.density.benchmark import (
    DensityFolder,
    Protocol,
    all_systems,
    benchmark_density,
)
from scale_vae_keras.benchmarks.density.training_cost import training_cost
from scale_vae_keras.benchmarks.rows import read_rows
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.runs.config import read_setting
from scale_vae_keras.runs.evaluate_run import evaluate_run
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run

TEXT = [f"{who} {what} ." for who in ("cats", "dogs", "birds") for what in ("eat", "sleep")]
CORPUS = {"lines": TEXT * 8}
SETTINGS = ("epochs=1", "units=4", "embedding_dim=3", "latent_dim=2", "batch_size=16")


def protocol(corpus, **changes):
    given = {
        "data": str(corpus),
        "preset": "small",
        "settings": SETTINGS,
        "samples": 5,
        "limit": 12,
        "prior": "scaled",
        "published": True,
    }
    return Protocol(**{**given, **changes})


@pytest.fixture(scope="module")
def finished(corpus, tmp_path_factory):
    """A benchmark that was interrupted before its last system and then continued.

    A run of each method is trained, the other has the history of the plain VAE.
    """
    output = tmp_path_factory.mktemp("density") / "output"
    arguments = (["vae", "scale:des_std=0.9,f_epo=1"], [1, 2], protocol(corpus), output, "typed")
    train, trained = density_benchmark._train, []
    scale = "scale-des_std=0.9-f_epo=1"

    def train_three(config, folder):
        if len(trained) == 3:
            raise KeyboardInterrupt
        trained.append(folder.name)
        if folder.name in ("vae-1", f"{scale}-2"):
            return train(config, folder)
        run = Run.open(config, folder)
        finish_untrained(run, RunFolder(output / "vae-1"))
        return training_cost(run.folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density_benchmark, "_train", train_three)
        with pytest.raises(KeyboardInterrupt):
            benchmark_density(*arguments)
        assert len(read_rows(output / "density.csv")) == 3
        trained[:] = trained[:2]
        rows = benchmark_density(*arguments)
    return output, rows, trained


def test_what_is_done_is_not_done_again(finished):
    output, rows, trained = finished
    assert trained == ["vae-1", "vae-2", "scale-des_std=0.9-f_epo=1-2"]
    assert list(zip(rows["system"], rows["seed"], strict=True)) == [
        ("vae", 1),
        ("vae", 2),
        ("scale:des_std=0.9,f_epo=1", 1),
        ("scale:des_std=0.9,f_epo=1", 2),
    ]
    pd.testing.assert_frame_equal(read_rows(output / "density.csv"), rows)


def test_a_row_is_what_evaluate_says_of_its_run(finished):
    output, rows, _ = finished
    run = output / "scale-des_std=0.9-f_epo=1-2"
    assert RunFolder(run).config.des_std == 0.9
    assert RunFolder(run).config.seed == 2
    metrics = evaluate_run(run, "test", 5, "scaled", seed=0, limit=12)
    for name in ("iw_nll", "elbo_nll", "kl", "mi", "au"):
        assert rows[name][3] == metrics[name]
    assert rows["factor_mean"][3] == metrics["factor"]["mean"]
    assert (rows["sentences"][3], rows["iw_samples"][3]) == (12, 5)


def test_a_row_says_where_it_comes_from(finished):
    output, rows, _ = finished
    assert set(rows["command"]) == {"typed"}
    assert set(rows["corpus_fingerprint"]) == {RunFolder(output / "vae-1").corpus_fingerprint}
    assert (rows["cpu_seconds"] >= rows["cpu_seconds_to_best"]).all()
    steps = rows["steps_to_best"] / rows["best_epoch"]
    assert (steps == steps[0]).all()
    assert steps[0] >= 1


def test_another_protocol_is_refused(finished, corpus):
    output, *_ = finished
    with pytest.raises(InputError, match="another protocol: samples is 5, not 6"):
        benchmark_density(["vae"], [1], protocol(corpus, samples=6), output, "")


def test_a_prior_that_is_trained_with_the_model_is_refused_before_that(corpus, tmp_path):
    with pytest.raises(InputError, match='"vamp" is trained with the model, and this model was'):
        benchmark_density(["lm", "vae"], [1], protocol(corpus, prior="vamp"), tmp_path / "new", "")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("protocol.json", "{", r"protocol\.json cannot be read: restore it from a copy, or choose"),
        ("protocol.json", "{}", "another protocol: data is None, not "),
        ("density.csv", "", r"density\.csv is not the table of a benchmark: No columns to parse"),
        (
            "density.csv",
            "a,b\n1,2\n",
            r"density\.csv is not the table .*: it has no system and seed",
        ),
    ],
)
def test_broken_files_of_a_table_are_named(corpus, tmp_path, name, content, message):
    DensityFolder(tmp_path, protocol(corpus))
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        benchmark_density(["vae"], [1], protocol(corpus), tmp_path, "")


def test_a_folder_of_something_else_is_refused(corpus, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="is not empty and holds no table"):
        benchmark_density(["vae"], [1], protocol(corpus), tmp_path, "")


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("nonsense", "unknown method 'nonsense'"),
        ("vae:des_std=1", "the method vae has no setting des_std"),
        ("scale:des_std", "des_std cannot be ''"),
        ("scale:width=3", "'width=3' is not a setting"),
        ("vae:seed=3", "every system has the same seeds: give --seeds in place of seed="),
    ],
)
def test_a_system_that_is_not_there(corpus, tmp_path, system, message):
    with pytest.raises(InputError, match=message):
        benchmark_density(["vae", system], [1], protocol(corpus), tmp_path / "output", "")
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples": -1}, "samples must be at least 0, got -1"),
        ({"limit": 1}, "limit must be at least 2, got 1"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_trained(changes, message):
    with pytest.raises(InputError) as error:
        protocol("corpus", **changes)
    assert str(error.value) == message


def test_all_systems_are_all():
    assert sorted(all_systems()) == sorted(SYSTEMS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("epochs=3", 3),
        ("learning_rate=1", 1.0),
        ("average=pooled", "pooled"),
        ("resplit=true", True),
        ("train_limit=40", 40),
    ],
)
def test_settings_are_read_by_their_type(text, value):
    name, read = read_setting(text)
    assert (name, read, type(read)) == (text.partition("=")[0], value, type(value))


@pytest.mark.parametrize("text", ["epochs=1.5", "epochs=many", "resplit=1", "epochs=null"])
def test_a_value_of_another_type(text):
    with pytest.raises(InputError, match="cannot be"):
        read_setting(text)


def test_a_system_may_have_a_setting_of_several_values(corpus):
    system = "vae:dilations=1,2,3,decoder=cnn"
    config = density_benchmark.configure_system(system, 1, protocol(corpus))
    assert (config.dilations, config.decoder) == ((1, 2, 3), "cnn")


def test_the_published_choices_are_those_that_a_system_has(corpus):
    for published, epsilon in ((True, 1e-5), (False, 1e-12)):
        chosen = protocol(corpus, published=published)
        assert density_benchmark.configure_system("bn", 1, chosen).epsilon == epsilon
        vae = density_benchmark.configure_system("vae", 1, chosen)
        assert vae.pooling == ("last" if published else "max")
        assert not hasattr(vae, "epsilon")


def test_rows_of_processes_that_share_a_folder_are_all_kept(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(density_benchmark, "density_markdown", lambda rows: "")
    chosen = protocol(corpus)
    DensityFolder(tmp_path / "output", chosen)

    def add(seed):
        folder = DensityFolder(tmp_path / "output", chosen)
        for number in range(10):
            system = f"vae:word_dropout=0.{number}"
            folder._add({"system": system, "seed": seed, "iw_nll": 1.5})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    rows = read_rows(tmp_path / "output" / "density.csv")
    assert len(rows.drop_duplicates(["system", "seed"])) == 40
