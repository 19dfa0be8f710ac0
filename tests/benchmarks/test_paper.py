"""The tables and the figure of the paper on a tiny labelled corpus, all in one folder."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from made_corpora import labelled, write_corpus
from made_runs import finish_untrained

from scale_vae_keras.benchmarks.density import benchmark as density_benchmark
from scale_vae_keras.benchmarks.density.benchmark import Protocol
from scale_vae_keras.benchmarks.density.training_cost import training_cost
from scale_vae_keras.benchmarks.paper import benchmark as paper_benchmark
from scale_vae_keras.benchmarks.paper.benchmark import paper_systems
from scale_vae_keras.benchmarks.paper.picture import Point, draw_likelihood_information
from scale_vae_keras.benchmarks.paper.published import COLUMNS, PUBLISHED, published_name
from scale_vae_keras.benchmarks.paper.table import paper_markdown
from scale_vae_keras.benchmarks.rows import read_rows
from scale_vae_keras.commands.main import main
from scale_vae_keras.data.folder import FolderCorpus
from scale_vae_keras.metrics import GENERATION
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run

PNG = b"\x89PNG\r\n\x1a\n"
TEXT = [
    f"{who} {what} {how} ."
    for who in ("cats", "dogs", "birds")
    for what in ("eat", "sleep", "walk")
    for how in ("well", "badly")
] * 6
CORPUS = {"lines": labelled(TEXT, ("yes", "no"))}
SETTINGS = ["epochs=1", "units=4", "embedding_dim=3", "latent_dim=2", "batch_size=16"]
TABLE_3 = ("scale:des_std=1.1", "scale:f_epo=1", "vae")


def words(table, corpus, output, *more):
    return [
        *("benchmark", "paper", "--table", str(table), "--data", str(corpus)),
        *("--output", str(output), "--settings", *SETTINGS, "--seeds", "1"),
        *("--samples", "5", "--limit", "12", *more),
    ]


def commands(corpus, output):
    return {
        1: words(1, corpus, output, "--methods", "vae", "scale:des_std=1.1", "lm"),
        2: words(2, corpus, output),
        3: words(3, corpus, output, "--methods", *TABLE_3),
        4: words(4, corpus, output, "--methods", "vae", "bn", "scale:des_std=1.1"),
        5: words(5, corpus, output, "-n", "20"),
    }


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory):
    """All tables in one folder: its path, what was trained, and the runs probed.

    The command of Table 4 was interrupted at its second probe, and given again. The plain VAE and
    the language model are trained; the others have random weights and the history of the VAE.
    """
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    pytest.importorskip("sacrebleu", reason="needs the extra bleu")
    output = tmp_path_factory.mktemp("paper") / "output"
    train, probe = density_benchmark._train, paper_benchmark.probe_run
    done = SimpleNamespace(folder=output, trained=[], probed=[])

    def train_noted(config, folder):
        done.trained.append(folder.name)
        if config.method in ("vae", "lm"):
            return train(config, folder)
        run = Run.open(config, folder)
        finish_untrained(run, RunFolder(output / "vae-1"))
        return training_cost(run.folder)

    def probe_interrupted(run, repeats):
        if len(done.probed) == 1 and "interrupted" not in done.probed:
            done.probed.append("interrupted")
            raise KeyboardInterrupt
        done.probed.append(Path(run).name)
        return probe(run, repeats)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density_benchmark, "_train", train_noted)
        patch.setattr(paper_benchmark, "probe_run", probe_interrupted)
        patch.setattr(paper_benchmark, "_REPEATS", 1)
        for table, command in commands(corpus, output).items():
            assert main(command) == (2 if table == 4 else 0)
        done.rows_when_interrupted = read_rows(output / "table4.csv")
        assert main(commands(corpus, output)[4]) == 0
    return done


def rows(made, table):
    """The rows, each a dictionary."""
    return read_rows(made.folder / f"table{table}.csv").to_dict("records")


def lines(text):
    """The cells of each line of the first table by first cell."""
    table = next(part for part in text.split("\n\n") if part.startswith("|"))
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {first: dict(zip(cells[0], [first, *rest], strict=True)) for first, *rest in cells}


def markdown(made, table):
    return lines((made.folder / f"table{table}.md").read_text())


def test_no_run_is_trained_twice(made):
    assert made.trained == [
        *("vae-1", "scale-des_std=1.1-1", "lm-1"),
        *("bn-1", "scale-f_epo=1-1"),
    ]


def test_what_is_measured_is_not_measured_again(made):
    assert list(made.rows_when_interrupted["system"]) == ["vae"]
    assert made.probed == ["vae-1", "interrupted", "bn-1", "scale-des_std=1.1-1"]


def test_again_a_table_stays_as_it_is(made, corpus, monkeypatch, capsys):
    for name in ("probe_run", "measure_generation"):
        monkeypatch.setattr(paper_benchmark, name, None)
    monkeypatch.setattr(density_benchmark, "_train", None)
    fingerprint, hashed = FolderCorpus.fingerprint, []

    def counted(self):
        hashed.append(self.name)
        return fingerprint(self)

    monkeypatch.setattr(FolderCorpus, "fingerprint", counted)
    for table, command in commands(corpus, made.folder).items():
        hashed.clear()
        names = [f"table{table}.{suffix}" for suffix in ("csv", "md")]
        before = [(made.folder / name).read_bytes() for name in names]
        capsys.readouterr()
        assert main(command) == 0
        assert [(made.folder / name).read_bytes() for name in names] == before
        assert capsys.readouterr().out.encode() == before[1]
        assert hashed == ["corpus"]


@pytest.mark.parametrize("table", range(1, 6))
def test_a_row_says_where_it_comes_from(made, corpus, table):
    for row in rows(made, table):
        assert (row["table"], row["preset"], row["seed"]) == (table, "small", 1)
        assert row["settings"] == " ".join(SETTINGS)
        assert row["command"] == " ".join(["scale-vae", *commands(corpus, made.folder)[table]])
        assert row["corpus"] == "corpus"
        assert row["corpus_fingerprint"] == rows(made, 1)[0]["corpus_fingerprint"]
        assert row["version"]


@pytest.mark.parametrize("table", range(1, 6))
def test_a_shown_table_is_the_written_one(made, table, capsys):
    assert main(["benchmark", "paper", "--show", str(made.folder / f"table{table}.csv")]) == 0
    text = (made.folder / f"table{table}.md").read_text()
    assert capsys.readouterr().out == text
    about, command = text.split("\n\n")[:2]
    assert f"Table {table} of the paper" in about
    assert f'on corpus: preset "small" with {" ".join(SETTINGS)}; 1 seed;' in about
    assert command.startswith(f"    scale-vae benchmark paper --table {table} --data DATA/corpus ")


def test_likelihood_and_information(made):
    assert [row["system"] for row in rows(made, 1)] == ["lm", "vae", "scale:des_std=1.1"]
    density = read_rows(made.folder / "density.csv").set_index("system")
    table = markdown(made, 1)
    scale = table["scale:des_std=1.1"]
    for name in ("iw_nll", "objective_nll", "kl", "mi"):
        measured = density.loc["scale:des_std=1.1"]
        assert scale[name] == f"{measured[name]:.2f} ± {measured[f'{name}_se']:.2f}"
    paper = [scale[f"{name}: paper"] for name in ("NLL", "KL", "MI", "AU")]
    assert paper == ["349.9", "6.7", "9.2", "32.0"]
    assert table["vae"]["NLL: paper"] == "358.0"
    assert (table["lm"]["NLL: paper"], table["lm"]["MI: paper"]) == ("357.5", "-")
    assert (made.folder / "table1.png").read_bytes().startswith(PNG)


def test_time(made):
    vae, bn, scale = rows(made, 2)
    assert [row["system"] for row in (vae, bn, scale)] == ["vae", "bn", "scale:des_std=1.1"]
    table = markdown(made, 2)
    for row, hours, ratio in ((vae, "4.90", "1.00"), (bn, "4.70", "0.95"), (scale, "4.29", "0.87")):
        line = table[row["system"]]
        own = row["cpu_seconds_to_best"] / vae["cpu_seconds_to_best"]
        assert line["ratio to vae"] == f"{own:.2f}"
        assert (line["hours: paper"], line["ratio: paper"]) == (hours, ratio)


def test_settings_of_scale_vae_have_their_own_row_of_the_paper(made):
    table = markdown(made, 3)
    line = table["scale:f_epo=1"]
    assert (line["des_std"], line["f_epo"], line["NLL: paper"]) == ("0.7", "1", "325.0")
    # The preset's f_epo is 2, which the paper has not.
    line = table["scale:des_std=1.1"]
    assert (line["des_std"], line["f_epo"], line["NLL: paper"]) == ("1.1", "2", "-")
    assert (table["vae"]["f_epo"], table["vae"]["NLL: paper"]) == ("-", "-")


def test_probe(made):
    assert [(row["system"], row["labels"]) for row in rows(made, 4)] == [
        ("vae", 100),
        ("bn", 100),
        ("scale:des_std=1.1", 100),
    ]
    table = markdown(made, 4)
    assert (table["vae"]["100: paper"], table["bn"]["100: paper"]) == ("72.0", "85.4")
    assert table["scale:des_std=1.1"]["100: paper"] == "-"
    for row in rows(made, 4):
        assert table[row["system"]]["100"].startswith(f"{row['accuracy']:.1f} ± ")
        assert 0 < row["accuracy"] <= 100


def test_generation(made):
    bn, scale = rows(made, 5)
    assert (bn["system"], scale["system"], bn["generated"]) == ("bn", "scale:des_std=1.1", 20)
    table = markdown(made, 5)
    assert table["ppl"]["bn"] == f"{bn['ppl']:.2f}"
    assert (table["ppl"]["bn: paper"], table["ppl"]["scale:des_std=1.1: paper"]) == (
        "260.44",
        "274.93",
    )
    assert (table["dist_2"]["bn: paper"], table["self_bleu"]["bn: paper"]) == ("0.0009", "-")


def refused(capsys, *arguments):
    capsys.readouterr()
    assert main(list(map(str, arguments))) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line


def test_refusals(corpus, made, tmp_path, capsys):
    new = tmp_path / "new"
    assert "there is no table 6: choose 1 to 5" in refused(capsys, *words(6, corpus, new))
    elsewhere = words(4, corpus, new, "--beside", "yahoo")
    assert "the paper's Table 4 is on Yelp: leave --beside out" in refused(capsys, *elsewhere)
    unlabelled = write_corpus(tmp_path / "plain", TEXT)
    assert "plain has no labels" in refused(capsys, *words(4, unlabelled, new))
    for table in (4, 5):
        without_code = words(table, corpus, new, "--methods", "lm")
        assert "lm has no latent code" in refused(capsys, *without_code)
    late = words(1, corpus, new, "--methods", "vae", "nonsense")
    assert "unknown method 'nonsense'" in refused(capsys, *late)
    assert "give --data DATA and --output DIR" in refused(capsys, *words(1, corpus, new)[:6])
    assert "Give --output" in refused(capsys, "benchmark", "paper", "--figure", "latent")
    assert not new.exists()
    without = refused(capsys, *words(1, corpus, new), "--samples", 0)
    assert "Table 1 shows likelihoods: give at least one importance sample" in without
    for unread, message in {
        ("--table", 1, "--epochs", 1): "--epochs has no effect with --table: leave it out, or give "
        "--settings epochs=N",
        ("--table", 1, "--seed=1"): "--seed has no effect with --table: leave it out, or give "
        "--seeds N",
        ("--figure", "latent", "--seeds", 1): "--seeds has no effect with --figure: leave it out",
        ("--show", "f", "-n1"): "-n has no effect with --show: leave it out",
        ("--show", "f", "-n", 1): "-n has no effect with --show: leave it out",
    }.items():
        assert refused(capsys, "benchmark", "paper", *unread) == f"error: {message}"
    other = [*commands(corpus, made.folder)[2], "--prior", "standard"]
    assert "another protocol: prior is None" in refused(capsys, *other)
    fewer = refused(capsys, *words(5, corpus, made.folder, "-n", 7))
    assert "table5.csv is of 20 sentences: give -n 20, or another folder" in fewer


@pytest.mark.parametrize(("table", "module"), [(1, "matplotlib"), (5, "sacrebleu.metrics")])
def test_a_missing_extra_is_refused_before_anything_is_trained(
    table, module, corpus, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, module, None)
    line = refused(capsys, *words(table, corpus, tmp_path / "new"))
    assert "pip install 'scale-vae-keras[" in line
    assert not (tmp_path / "new").exists()


def test_a_condition_of_all_runs_is_refused_as_the_judge_would_have_it(corpus, tmp_path, capsys):
    arguments = words(5, corpus, tmp_path / "new")
    arguments.insert(arguments.index("--seeds"), "condition=label")
    line = refused(capsys, *arguments)
    assert "Table 5's judge is given no label" in line
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["density.csv", "table1.png", "table1.md", "missing.csv"])
def test_only_tables_are_shown(made, name, capsys):
    message = refused(capsys, "benchmark", "paper", "--show", made.folder / name)
    assert ("No such file" if name == "missing.csv" else "is not a table of scale-vae") in message


def test_a_language_model_has_nothing_to_probe(made, capsys):
    judge = made.folder / "lm-1"
    message = "lm-1 is a language model and has no latent code"
    assert message in refused(capsys, "benchmark", "probe", judge)
    generation = ("benchmark", "generation", judge, "--language-model", judge, "-n", "5")
    assert message in refused(capsys, *generation)


def protocol(preset):
    return Protocol("reviews", preset, (), 5, None, None, True)


def test_the_papers_systems_by_their_shortest_names():
    scale = ["scale", "scale:des_std=0.9", "scale:des_std=1.1"]
    yelp = paper_systems(1, "yelp", protocol("small"))
    assert yelp[9:] == [
        *("mae:eta=2", "bn", "bn:gamma=0.7,kl_epochs=0", "du", *scale),
        *("scale:des_std=1.1,kl_epochs=0", "info", "li2019"),
    ]
    yahoo = paper_systems(1, "yahoo", protocol("paper"))
    assert yahoo[9:-2] == [
        *("mae", "bn", "bn:gamma=0.7,kl_epochs=0", "du:gamma=0.6", *scale, "scale:kl_epochs=0"),
    ]
    assert paper_systems(1, "yelp", protocol("paper"))[13:17] == [
        *("scale:f_epo=7", "scale:des_std=0.9,f_epo=7", "scale:des_std=1.1,f_epo=7"),
        "scale:des_std=1.1,f_epo=7,kl_epochs=0",
    ]
    assert paper_systems(3, "yahoo", protocol("paper")) == [
        *("scale:des_std=0.3", "scale:des_std=0.5", "scale", "scale:f_epo=3", "scale:f_epo=5"),
        *("scale:des_std=0.9", "scale:des_std=1.1"),
        *("scale:des_std=1.3,f_epo=3", "scale:des_std=1.5,f_epo=7"),
    ]
    assert paper_systems(3, "yahoo", protocol("small"))[2] == "scale:f_epo=1"
    assert paper_systems(4, "yelp", protocol("small"))[5:] == ["mae:eta=2", "bn", "du", "scale"]


@pytest.mark.parametrize(
    ("system", "nll"),
    [
        ("scale", 353.7),
        ("scale:f_epo=3,select_by=elbo", 353.7),
        ("scale:des_std=0.9,f_epo=2", 351.7),
        ("scale:f_epo=2,kl_epochs=0,des_std=1.1", 350.7),
        ("bn:kl_epochs=0,gamma=0.7", 360.4),
        ("mae", 362.8),
        ("mae:eta=1", None),
        ("scale:des_std=0.8", None),
        ("scale:kl_epochs=0", None),
        ("info", None),
        ("vae:decoder=cnn,dilations=1,2", None),
    ],
)
def test_a_system_finds_its_row_by_method_and_settings(system, nll):
    yelp = PUBLISHED[1]["yelp"]
    assert yelp.get(published_name(yelp, system), (None,))[0] == nll


def test_every_row_of_the_paper_is_whole():
    for table, corpora in PUBLISHED.items():
        for figures in corpora.values():
            assert {len(row) for row in figures.values()} == {len(COLUMNS[table])}
    probe = PUBLISHED[4]["yelp"]
    assert probe["free-bits"] == probe["vae"]


def test_a_system_that_the_paper_lacks_has_no_column_of_the_paper_in_table_5():
    origin = {
        **dict(table=5, preset="base", settings=None, generated=7, version="1", beside="yahoo"),
        **dict(corpus="reviews", corpus_fingerprint="ab" * 32, seed=1),
        **dict(command="scale-vae benchmark paper --data reviews"),
    }
    measured = {name: 2.0 for name in GENERATION}
    published = {f"paper_{name}": 3.0 for name in COLUMNS[5]}
    rows = [
        {**origin, "system": "bn", **measured, **published},
        {**origin, "system": "vae", **measured, **dict.fromkeys(published)},
    ]
    text = paper_markdown(pd.DataFrame(rows))
    assert list(lines(text)["ppl"]) == ["measure", "bn", "bn: paper", "vae", "meaning"]
    assert list(lines(text)["seeds"].values()) == ["seeds", "1", "5", "1", ""]


def test_means_over_seeds_and_the_note_of_the_probe():
    origin = {
        **dict(table=4, preset="base", settings=None, repeats=5, version="1", beside="yelp"),
        **dict(corpus="reviews", corpus_fingerprint="ab" * 32),
        **dict(command="scale-vae benchmark paper --data reviews"),
    }
    rows = [
        {
            **origin,
            **dict(system="free-bits", seed=seed, labels=500, accuracy=accuracy),
            **dict(accuracy_sd=9.0, paper_accuracy=75.9, paper_note="equals VAE"),
        }
        for seed, accuracy in ((1, 70.0), (2, 72.0))
    ]
    text = paper_markdown(pd.DataFrame(rows))
    assert "--data reviews\n" in text
    assert 'preset "base"; 2 seeds; 5 draws of labels' in text
    assert lines(text)["free-bits"] == {
        "system": "free-bits",
        "seeds": "2",
        "500": "71.0 ± 1.4",
        "500: paper": "75.9",
        "of the paper's row": "equals VAE",
    }


def test_a_picture_with_and_without_what_is_beyond_its_axis(tmp_path):
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="needs the extra plots")
    drawn, close = [], pyplot.close
    points = {
        "lm": Point(None, 41.5, 0.0, 0.5),
        "vae": Point(0.0, 42.1, 0.0, 0.5),
        "scale": Point(6.6, 74.4, 0.0, 0.5),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyplot, "close", drawn.append)
        for chosen in (points, {name: points[name] for name in ("vae", "lm")}):
            draw_likelihood_information(chosen, tmp_path / "picture.png")
    axes = [figure.axes[0] for figure in drawn]
    texts = [{text.get_text().strip() for text in axis.texts} for axis in axes]
    assert texts == [{"lm 41.50", "vae", "scale 74.40"}, {"lm 41.50", "vae"}]
    # Five times as far from the best as the median is, and a margin.
    assert axes[0].get_ylim()[1] < 41.5 + 5 * 0.6 + 1
    assert [("triangles" in axis.get_xlabel()) for axis in axes] == [True, False]
    # 45.0 is more than five times as far as the median, but within the reach of a bar.
    reached = {**points, "scale": Point(6.6, 45.0, 0.0, 0.1), "bn": Point(5.0, 41.6, 0.0, 4.0)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyplot, "close", drawn.append)
        draw_likelihood_information(reached, tmp_path / "picture.png")
    assert "triangles" not in drawn[-1].axes[0].get_xlabel()
    for figure in drawn:
        close(figure)
