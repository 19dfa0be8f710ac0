"""The tables of the Scale-VAE paper as Markdown and as a picture."""

import os
import shlex
from pathlib import Path

import pandas as pd

from scale_vae_keras.benchmarks.density.table import (
    order_agreement,
    shown_epochs,
    shown_generators,
    shown_means,
    shown_ratios,
    shown_steps,
)
from scale_vae_keras.benchmarks.paper.picture import Point, draw_likelihood_information
from scale_vae_keras.benchmarks.rows import read_rows, system_means
from scale_vae_keras.data.corpus import BUILT_IN
from scale_vae_keras.errors import InputError
from scale_vae_keras.metrics import COST, GENERATION, PROBE
from scale_vae_keras.tables import markdown_table

_TITLES = {
    1: "density estimation",
    2: "processor time to the best epoch",
    3: "settings of Scale-VAE",
    4: "accuracy of the probe by number of labels",
    5: "generated sentences",
}

_COMPARED = {"iw_nll": "nll", "objective_nll": "nll", "kl": "kl", "mi": "mi", "au": "au"}
"""A figure of ours -> the paper's that it is compared with."""

_DEVIATION = "± is the standard deviation over seeds"

_DENSITY_NOTE = (
    "`iw_nll` is the proper importance-weighted negative log-likelihood; `objective_nll` is "
    "reconstruction + KL(q), minus the objective, which for Scale-VAE bounds nothing. The "
    "published NLL probably charges KL(q) as the objective does, so it is compared with both. "
    f"{_DEVIATION} or, of one seed, the standard error over sentences."
)
_ORDER_NOTE = (
    "Pairs of systems that are ordered alike here and in the paper; `iw_nll` and "
    "`objective_nll` are compared with its NLL:"
)
_TIME_NOTE = (
    "The times are the processor's, the paper's hours those of its own machine: only the ratios "
    f"compare. {_DEVIATION}."
)
_PROBE_NOTE = (
    f"Per cent of the test sentences. {_DEVIATION} or, of one seed, over draws of labels and "
    "orders of each."
)
_GENERATION_NOTE = f"Sentences from the prior, judged by the `lm` of the same seed. {_DEVIATION}."


def show_paper_table(path: str | os.PathLike) -> str:
    """A table that `benchmark_paper` wrote as CSV, as Markdown.

    Raises:
        InputError: the file is not such a table.
    """
    try:
        return paper_markdown(read_rows(path))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not a table of scale-vae benchmark paper") from error


def paper_markdown(rows: pd.DataFrame) -> str:
    """A table as Markdown: what it is, the commands, and our figures beside the paper's.

    Args:
        rows: rows of `tableN.csv`, see `read_rows`.
    """
    table = int(rows["table"].iloc[0])
    commands = dict.fromkeys(map(_command, rows["command"], rows["corpus"]))
    parts = [_about(table, rows), "\n".join(f"    {command}" for command in commands)]
    return "\n\n".join([*parts, *_BODIES[table](rows)]) + "\n"


def _about(table, rows):
    first = rows.iloc[0]
    settings = "" if pd.isna(first["settings"]) else f" with {first['settings']}"
    seeds = rows["seed"].nunique()
    parts = [
        f"Table {table} of the paper, {_TITLES[table]}, on {first['corpus']}: preset "
        f'"{first["preset"]}"{settings}',
        f"{seeds} seed{'s' if seeds > 1 else ''}",
    ]
    if table in (1, 3):
        parts.append(
            f"{first['sentences']:,} test sentences, {first['samples']} importance samples, "
            f"{shown_generators(rows)}"
        )
    elif table == 4:
        parts.append(f"{first['repeats']} draws of labels, {first['repeats']} orders of each")
    elif table == 5:
        parts.append(f"{first['generated']:,} sentences")
    versions = ", ".join(rows["version"].unique())
    parts.append(f"version {versions}, corpus {first['corpus_fingerprint'][:12]}")
    return f"{'; '.join(parts)}. The paper's figures are those on {first['beside'].title()}."


def _command(command, corpus):
    """The command with `DATA/NAME` for the corpus folder."""
    words = shlex.split(command)
    shown = f"DATA/{corpus}"
    for place, word in enumerate(words):
        if word.startswith("--data="):
            words[place] = word if word[7:] in BUILT_IN else f"--data={shown}"
        elif word == "--data" and words[place + 1] not in BUILT_IN:
            words[place + 1] = shown
    return shlex.join(words)


def _density(rows, own=()):
    means = system_means(rows, [*own, *_COMPARED])
    names = [f"paper_{name}" for name in dict.fromkeys(_COMPARED.values())]
    papers = rows.groupby("system", sort=False)[names].first()
    yield markdown_table(_density_lines(means, papers, own))
    yield _DENSITY_NOTE
    if papers["paper_nll"].count() > 1:
        yield _ORDER_NOTE
        yield markdown_table(_order_lines(means, papers))


def _density_lines(means, papers, own):
    lines = {"system": means.index, **{name: map(_short, means[name]) for name in own}}
    lines |= {"seeds": map(str, means["seeds"]), "iw_nll": shown_means(means, "iw_nll")}
    for name in ("objective_nll", "kl", "mi", "au"):
        paper = _COMPARED[name]
        lines[name] = shown_means(means, name)
        lines[f"{paper.upper()}: paper"] = [_fixed(value, 1) for value in papers[f"paper_{paper}"]]
    return pd.DataFrame({name: list(column) for name, column in lines.items()})


def _order_lines(means, papers):
    published = papers.index[papers["paper_nll"].notna()]
    return pd.DataFrame(
        {
            "system": published,
            **{
                ours: [
                    order_agreement(means[ours], papers[f"paper_{paper}"], system)
                    for system in published
                ]
                for ours, paper in _COMPARED.items()
            },
        }
    )


def _settings(rows):
    return _density(rows, own=("des_std", "f_epo"))


def _time(rows):
    means = system_means(rows, [*COST, "paper_hours", "paper_ratio"])
    lines = pd.DataFrame(
        {
            "system": means.index,
            "seeds": means["seeds"].map(str).to_numpy(),
            "epochs (best)": shown_epochs(means),
            **shown_steps(means),
            "processor seconds": shown_means(means, "cpu_seconds_to_best", COST),
            "ratio to vae": shown_ratios(means),
            "hours: paper": [_fixed(value, 2) for value in means["paper_hours"]],
            "ratio: paper": [_fixed(value, 2) for value in means["paper_ratio"]],
        }
    )
    return [markdown_table(lines), _TIME_NOTE]


def _probe(rows):
    notes = rows.groupby("system", sort=False)["paper_note"].last().fillna("")
    lines = {"system": notes.index}
    for count, of_count in rows.groupby("labels"):
        means = system_means(of_count, ["accuracy", "paper_accuracy"], within="_sd")
        means = means.reindex(notes.index)
        if "seeds" not in lines:
            lines["seeds"] = means["seeds"].map(str).to_numpy()
        lines[f"{count:,}"] = shown_means(means, "accuracy", PROBE)
        lines[f"{count:,}: paper"] = [_fixed(value, 1) for value in means["paper_accuracy"]]
    lines["of the paper's row"] = notes.to_numpy()
    return [markdown_table(pd.DataFrame(lines)), _PROBE_NOTE]


def _generation(rows):
    papers = [f"paper_{name}" for name in GENERATION]
    means = system_means(rows, [*GENERATION, *papers])
    columns = {"measure": ["seeds", *GENERATION]}
    for system, own in means.iterrows():
        columns[system] = [
            str(means["seeds"][system]),
            *(metric.show(own[name], own[f"{name}_error"]) for name, metric in GENERATION.items()),
        ]
        if not pd.isna(own[papers[0]]):
            columns[f"{system}: paper"] = ["5", *(_short(own[name]) for name in papers)]
    columns["meaning"] = ["", *(metric.explanation for metric in GENERATION.values())]
    return [markdown_table(pd.DataFrame(columns)), _GENERATION_NOTE]


def _fixed(value, digits):
    return "-" if pd.isna(value) else f"{value:.{digits}f}"


def _short(value):
    return "-" if pd.isna(value) else f"{value:.5g}"


_BODIES = {1: _density, 2: _time, 3: _settings, 4: _probe, 5: _generation}


def draw_paper_table(rows: pd.DataFrame, path: str | os.PathLike) -> Path:
    """Draws the proper likelihood of the systems of Table 1 against their information.

    The errors of the likelihoods are those of their differences from the language model where all
    are known, which are far smaller.

    Args:
        rows: rows of `table1.csv`.
        path: the PNG file.

    Raises:
        InputError: matplotlib is not installed.
    """
    means = system_means(rows, ["mi", "iw_nll", "above_lm"])
    compared = means.loc[means["mi"].notna(), "above_lm"].notna().all()
    shown = ["mi_error", "above_lm_error" if compared else "iw_nll_error"]
    errors = means[shown].astype("Float64").fillna(0.0)
    points = {
        system: Point(
            None if pd.isna(own["mi"]) else float(own["mi"]),
            float(own["iw_nll"]),
            *map(float, errors.loc[system]),
        )
        for system, own in means.iterrows()
    }
    bars = "error of the difference from the language model" if compared else ""
    return draw_likelihood_information(points, path, bars)
