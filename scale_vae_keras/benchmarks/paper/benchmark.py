"""The tables of the Scale-VAE paper, one command each."""

import os
from collections.abc import Sequence

from scale_vae_keras.benchmarks.density.benchmark import (
    DensityFolder,
    Protocol,
    configure_system,
)
from scale_vae_keras.benchmarks.generation import measure_generation
from scale_vae_keras.benchmarks.paper.measured_by_run import JUDGE, check_judge, check_systems
from scale_vae_keras.benchmarks.paper.published import (
    COLUMNS,
    PROBE_NOTES,
    PUBLISHED,
    published_name,
)
from scale_vae_keras.benchmarks.paper.table import draw_paper_table, paper_markdown
from scale_vae_keras.benchmarks.probe import probe_run
from scale_vae_keras.benchmarks.rows import is_of, read_rows, rows_so_far, run_path, with_rows
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.generation import open_bleu
from scale_vae_keras.files import written_whole
from scale_vae_keras.metrics import COST
from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.pictures import open_pyplot
from scale_vae_keras.runs.config import read_setting
from scale_vae_keras.samplers import TemperatureSampler
from scale_vae_keras.settings import method_and_settings
from scale_vae_keras.tables import write_csv

_REPEATS = 5
_MEASURED_BY_RUN = (4, 5)


def benchmark_paper(
    table: int,
    protocol: Protocol,
    output: str | os.PathLike,
    command: str,
    beside: str | None = None,
    systems: Sequence[str] = (),
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    sentences: int = 10_000,
) -> str:
    """Makes a table of the paper: trains and measures what is missing, and writes the table.

    `output` is a folder of `benchmark_density`: runs of one table serve the others. `tableN.csv`
    has a row for each system and seed, of Table 4 for each number of labels too, with the paper's
    figures, and `tableN.md` is made of it alone; both are rewritten after each system and seed.
    Table 1 has the picture `table1.png`. What already exists is not repeated, and stays when
    other systems or seeds are asked for.

    Args:
        table: 1 (likelihood and information), 2 (time), 3 (settings of Scale-VAE), 4 (probe) or 5
            (generation).
        protocol: protocol of all runs of the folder.
        output: the folder.
        command: what the user typed, for the table.
        beside: the corpus whose published numbers are shown, "yahoo" or "yelp"; None for Yelp, or
            for Yahoo where the paper's table has no other.
        systems: rows of the table, as for `benchmark_density`; the paper's by default, see
            `paper_systems`.
        seeds: seeds of the runs.
        sentences: number of generated sentences, for Table 5.

    Returns:
        The table as Markdown.

    Raises:
        InputError: there is no such table, the paper has it for another corpus only, a system or
            setting is unknown, the corpus has no labels (Table 4), a system has no latent code
            (Tables 4 and 5), `output` belongs to another protocol, or matplotlib (Table 1) or
            sacreBLEU (Table 5) is not installed.
    """
    corpus = _paper_corpus(table, beside)
    usual = paper_systems(table, corpus, protocol)
    chosen = list(dict.fromkeys(systems or usual))
    configs = [configure_system(name, seed, protocol) for name in chosen for seed in seeds]
    data = open_corpus(protocol.data)
    if table in _MEASURED_BY_RUN:
        check_systems(table, configs, sentences)
    if table == 4 and not data.has_labels:
        raise InputError(f"{data.name} has no labels: Table 4 needs label<TAB>text")
    if table == 1:
        open_pyplot()
        if not protocol.samples:
            raise InputError("Table 1 shows likelihoods: give at least one importance sample")
    if table == 5:
        open_bleu()
        check_judge(configure_system(JUDGE, seeds[0], protocol))
    shared = {
        "preset": protocol.preset,
        "settings": " ".join(protocol.settings),
        "samples": protocol.samples,
        "limit": protocol.limit,
        "corpus": data.name,
        "beside": corpus,
        "command": command,
    }
    folder = DensityFolder(output, protocol)
    path = folder.path / f"table{table}.csv"
    if table == 5:
        _check_sentences(path, sentences)
    for seed in seeds:
        # All before the first row is read: a row may tell its difference from a later run's.
        for system in [*chosen, *([JUDGE] if table == 5 else [])]:
            folder.bench(system, seed, command)
        for system in chosen:
            benched = folder.bench(system, seed, command)
            rows = _kept(path, {"beside": corpus, **_count(table, sentences)})
            own = is_of(rows, system, seed)
            mine = rows[own].to_dict("records")
            if table not in _MEASURED_BY_RUN or not mine:
                measures = _measure(table, benched, folder.path, sentences)
                mine = [{**_identity(table, benched), **measured} for measured in measures]
            config = configure_system(system, seed, protocol)
            mine = [{**row, **_published(table, corpus, row, config), **shared} for row in mine]
            _write(path, _in_order(with_rows(rows[~own], mine), usual))
    rows = read_rows(path)
    if table == 1:
        draw_paper_table(rows, path.with_suffix(".png"))
    return paper_markdown(rows)


def _paper_corpus(table, beside):
    if table not in PUBLISHED:
        raise InputError(f"there is no table {table}: choose 1 to {len(PUBLISHED)}")
    corpora = PUBLISHED[table]
    if beside is None:
        return "yelp" if "yelp" in corpora else next(iter(corpora))
    if beside not in corpora:
        raise InputError(
            f"the paper's Table {table} is on {', '.join(corpora).title()}: leave --beside out"
        )
    return beside


def paper_systems(table: int, corpus: str, protocol: Protocol) -> list[str]:
    """The systems of a table of the paper, each by its shortest name under a protocol.

    Table 1 has the methods that the paper lacks, too. But for Table 3, which compares them,
    `f_epo` is the paper's with the preset "paper" only.

    Args:
        table: its number.
        corpus: "yahoo" or "yelp".
        protocol: protocol of the runs.

    Raises:
        InputError: the preset or a setting is unknown.
    """
    systems = list(PUBLISHED[table][corpus])
    if table == 1:
        systems += [name for name in SYSTEMS if published_name(systems, name) is None]
    keeps_f_epo = table == 3 or protocol.preset == "paper"
    return [_shortest(system, protocol, keeps_f_epo) for system in systems]


def _shortest(system, protocol, keeps_f_epo):
    """The name without the settings that its run would have anyway."""
    method, own = method_and_settings(system)
    usual = configure_system(method, 0, protocol)
    told = [
        text
        for text in own
        if not (text.startswith("f_epo=") and not keeps_f_epo)
        and (read := read_setting(text))[1] != getattr(usual, read[0])
    ]
    return ":".join([method, ",".join(told)] if told else [method])


def _count(table, sentences):
    return {"generated": sentences} if table == 5 else {}


def _check_sentences(path, sentences):
    """Refuses another number of sentences, which would replace the figures of a whole table."""
    rows = rows_so_far(path)
    before = set(rows["generated"].dropna()) if "generated" in rows else set()
    if before - {sentences}:
        raise InputError(
            f"{path} is of {max(before):,} sentences: give -n {max(before)}, or another folder"
        )


def _kept(path, same):
    """The rows of the table so far that were made in the same way."""
    rows = rows_so_far(path)
    for name, value in same.items():
        rows = rows[rows[name] == value] if name in rows else rows[:0]
    return rows


def _identity(table, benched):
    names = ("system", "seed", "version", "corpus_fingerprint")
    return {"table": table, **{name: benched[name] for name in names}}


def _measure(table, benched, output, sentences):
    """The measures of a run, of Table 4 a dictionary for each number of labels."""
    run, judge = (run_path(output, name, benched["seed"]) for name in (benched["system"], JUDGE))
    if table == 4:
        print(f"{benched['system']}, seed {benched['seed']}: the probe", flush=True)
        return [
            {
                "labels": labels,
                "accuracy": 100 * accuracy.mean,
                "accuracy_sd": 100 * accuracy.deviation,
                "repeats": _REPEATS,
            }
            for labels, accuracy in probe_run(run, _REPEATS).accuracies.items()
        ]
    if table == 5:
        print(f"{benched['system']}, seed {benched['seed']}: its sentences", flush=True)
        scores = measure_generation(run, judge, sentences, 0, TemperatureSampler())
        return [{**scores, **_count(table, sentences)}]
    return [{name: benched.get(name) for name in COST} if table == 2 else benched.to_dict()]


def _published(table, corpus, row, config):
    """The paper's figures for a row."""
    figures = PUBLISHED[table][corpus]
    if table == 3:
        own = {setting: getattr(config, setting, None) for setting in ("des_std", "f_epo")}
        name = _with_settings(row["system"], own) if config.method == "scale" else None
        name = name and published_name(figures, name, aside=("select_by", "epochs"))
    else:
        own, name = {}, published_name(figures, row["system"])
    paper = dict(zip(COLUMNS[table], figures.get(name, ()), strict=False))
    if table == 4:
        of_labels = paper.get(int(row["labels"]))
        return {"paper_accuracy": of_labels, "paper_note": PROBE_NOTES.get(name)}
    return {**own, **{f"paper_{column}": paper.get(column) for column in COLUMNS[table]}}


def _with_settings(system, settings):
    method, own = method_and_settings(system)
    told = [f"{name}={value}" for name, value in settings.items()]
    return f"{method}:{','.join([*own, *told])}"


def _in_order(rows, usual):
    """The paper's systems first, as it has them; the seeds of a system in order."""
    systems = list(dict.fromkeys([*usual, *rows["system"]]))
    place = rows["system"].map(systems.index)
    return (
        rows.assign(place=place).sort_values(["place", "seed"], kind="stable").drop(columns="place")
    )


def _write(path, rows):
    write_csv(path, rows)
    with written_whole(path.with_suffix(".md")) as temporary:
        temporary.write_text(paper_markdown(read_rows(path)), encoding="utf-8")
