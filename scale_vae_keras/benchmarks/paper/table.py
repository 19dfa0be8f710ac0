"""The tables of the Scale-VAE paper as Markdown and as a picture."""

import csv
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from scale_vae_keras.benchmarks.density.table import (
    Row,
    cell,
    epochs_cell,
    markdown_table,
    number,
    order_agreement,
    system_means,
)
from scale_vae_keras.benchmarks.generation import MEANINGS
from scale_vae_keras.data.corpus import BUILT_IN
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import read_csv
from scale_vae_keras.pictures import Point, draw_likelihood_information

_TITLES = {
    1: "density estimation",
    2: "processor time to the best epoch",
    3: "settings of Scale-VAE",
    4: "accuracy of the probe by number of labels",
    5: "generated sentences",
}

_COMPARED = {"iw_nll": "nll", "objective_nll": "nll", "kl": "kl", "mi": "mi", "au": "au"}
"""A figure of ours -> the paper's that it stands beside."""

_DEVIATION = "± is the standard deviation over seeds"

_DENSITY_NOTE = (
    "`iw_nll` is the proper importance-weighted negative log-likelihood; `objective_nll` is "
    "reconstruction + KL(q), minus the objective, which for Scale-VAE bounds nothing. The "
    "published NLL probably charges KL(q) as the objective does, so both stand beside it. "
    f"{_DEVIATION} or, of one seed, the standard error over sentences."
)
_ORDER_NOTE = (
    "Pairs of systems that stand the same way round here and in the paper; `iw_nll` and "
    "`objective_nll` against its NLL:"
)
_TIME_NOTE = (
    "The times are the processor's, the paper's hours those of its own machine: only the ratios "
    f"compare. {_DEVIATION}."
)
_PROBE_NOTE = (
    f"Per cent of the test sentences. {_DEVIATION} or, of one seed, over draws of labels and "
    "orders of each."
)
_GENERATION_NOTE = (
    f"Sentences from the prior, judged by the `lstm-lm` of the same seed. {_DEVIATION}."
)


def show_paper_table(path: str | os.PathLike) -> str:
    """A table that `benchmark_paper` wrote as CSV, as Markdown.

    Raises:
        InputError: the file is no such table.
    """
    try:
        return paper_markdown(read_csv(path))
    except (KeyError, IndexError, TypeError, ValueError, csv.Error) as error:
        raise InputError(f"{path} is no table of scale-vae benchmark paper") from error


def paper_markdown(rows: Sequence[Row]) -> str:
    """A table as Markdown: what it is, the commands, and our figures beside the paper's.

    Args:
        rows: of `tableN.csv`.
    """
    table = int(rows[0]["table"])
    commands = dict.fromkeys(_command(row) for row in rows)
    parts = [_about(table, rows), "\n".join(f"    {command}" for command in commands)]
    return "\n\n".join([*parts, *_BODIES[table](rows)]) + "\n"


def _about(table, rows):
    first = rows[0]
    settings = f" with {first['settings']}" if first["settings"] else ""
    seeds = len({row["seed"] for row in rows})
    parts = [
        f"Table {table} of the paper, {_TITLES[table]}, on {first['corpus']}: preset "
        f'"{first["preset"]}"{settings}',
        f"{seeds} seed{'s' if seeds > 1 else ''}",
    ]
    if table in (1, 3):
        parts.append(
            f"{int(first['sentences']):,} test sentences, {first['samples']} importance samples, "
            f'generator "{first["generator"]}"'
        )
    elif table == 4:
        parts.append(f"{first['repeats']} draws of labels, {first['repeats']} orders of each")
    elif table == 5:
        parts.append(f"{int(first['generated']):,} sentences")
    versions = ", ".join(dict.fromkeys(row["version"] for row in rows))
    parts.append(f"version {versions}, corpus {first['corpus_fingerprint'][:12]}")
    return f"{'; '.join(parts)}. Beside it the paper's figures on {first['beside'].title()}."


def _command(row):
    """The command with `DATA/NAME` for the corpus folder."""
    words = shlex.split(row["command"])
    shown = f"DATA/{row['corpus']}"
    for place, word in enumerate(words):
        if word.startswith("--data="):
            words[place] = word if word[7:] in BUILT_IN else f"--data={shown}"
        elif word == "--data" and words[place + 1] not in BUILT_IN:
            words[place + 1] = shown
    return shlex.join(words)


def _density(rows, own=()):
    systems = system_means(rows, [*own, *_COMPARED])
    papers = {
        row["system"]: {name: number(row, f"paper_{name}") for name in _COMPARED.values()}
        for row in rows
    }
    yield markdown_table(_density_lines(systems, papers, own))
    yield _DENSITY_NOTE
    if sum(figures["nll"] is not None for figures in papers.values()) > 1:
        yield _ORDER_NOTE
        yield markdown_table(_order_lines(systems, papers))


def _density_lines(systems, papers, own):
    header = ["system", *own, "seeds", "iw_nll", "objective_nll", "NLL: paper"]
    yield [*header, "kl", "KL: paper", "mi", "MI: paper", "au", "AU: paper"]
    for system, means in systems.items():
        line = [system, *(_short(means[name]) for name in own), str(means["seeds"])]
        line.append(cell(means, "iw_nll", 2))
        for name, digits in {"objective_nll": 2, "kl": 2, "mi": 2, "au": 0}.items():
            paper = papers[system][_COMPARED[name]]
            line += [cell(means, name, digits), "-" if paper is None else f"{paper:.1f}"]
        yield line


def _order_lines(systems, papers):
    yield ["system", *_COMPARED]
    for system in systems:
        if papers[system]["nll"] is not None:
            yield [
                system,
                *(
                    order_agreement(
                        {each: means[ours] for each, means in systems.items()},
                        {each: figures[paper] for each, figures in papers.items()},
                        system,
                    )
                    for ours, paper in _COMPARED.items()
                ),
            ]


def _settings(rows):
    return _density(rows, own=("des_std", "f_epo"))


def _time(rows):
    systems = system_means(
        rows, ["epochs", "best_epoch", "cpu_seconds_to_best", "paper_hours", "paper_ratio"]
    )
    vae = systems.get("vae", {}).get("cpu_seconds_to_best")
    lines = [
        ["system", "seeds", "epochs (best)", "processor seconds", "ratio to vae"],
        *(
            [
                system,
                str(means["seeds"]),
                epochs_cell(means),
                cell(means, "cpu_seconds_to_best", 0),
                f"{means['cpu_seconds_to_best'] / vae:.2f}" if vae else "-",
                _fixed(means["paper_hours"], 2),
                _fixed(means["paper_ratio"], 2),
            ]
            for system, means in systems.items()
        ),
    ]
    lines[0] += ["hours: paper", "ratio: paper"]
    return [markdown_table(lines), _TIME_NOTE]


def _probe(rows):
    counts = sorted({int(row["labels"]) for row in rows})
    by_count = {
        count: system_means(
            [row for row in rows if int(row["labels"]) == count],
            ["accuracy", "paper_accuracy"],
            within="_sd",
        )
        for count in counts
    }
    notes = {row["system"]: row["paper_note"] for row in rows}
    columns = [text for count in counts for text in (f"{count:,}", f"{count:,}: paper")]
    lines = [["system", "seeds", *columns, "of the paper's row"]]
    for system, note in notes.items():
        line = [system, str(by_count[counts[0]][system]["seeds"])]
        for count in counts:
            means = by_count[count][system]
            line += [cell(means, "accuracy", 1), _fixed(means["paper_accuracy"], 1)]
        lines.append([*line, note])
    return [markdown_table(lines), _PROBE_NOTE]


def _generation(rows):
    papers = [f"paper_{name}" for name in MEANINGS]
    systems = system_means(rows, [*MEANINGS, *papers])
    published = {name for name, means in systems.items() if means[papers[0]] is not None}
    lines = [["measure"], ["seeds"], *([name] for name in MEANINGS)]
    for system, means in systems.items():
        ours = [system, str(means["seeds"]), *(cell(means, name, 2) for name in MEANINGS)]
        paper = [f"{system}: paper", "5", *(_short(means[name]) for name in papers)]
        for column in [ours, paper] if system in published else [ours]:
            for line, text in zip(lines, column, strict=True):
                line.append(text)
    for line, text in zip(lines, ["meaning", "", *MEANINGS.values()], strict=True):
        line.append(text)
    return [markdown_table(lines), _GENERATION_NOTE]


def _fixed(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def _short(value):
    return "-" if value is None else f"{value:.5g}"


_BODIES = {1: _density, 2: _time, 3: _settings, 4: _probe, 5: _generation}


def draw_paper_table(rows: Sequence[Row], path: str | os.PathLike) -> Path:
    """Draws the proper likelihood of the systems of Table 1 against their information.

    Args:
        rows: of `table1.csv`.
        path: the PNG file.

    Raises:
        InputError: matplotlib is not installed.
    """
    points = {
        system: Point(
            means["mi"],
            means["iw_nll"],
            means.get("mi_error", 0.0),
            means.get("iw_nll_error", 0.0),
        )
        for system, means in system_means(rows, ["mi", "iw_nll"]).items()
    }
    return draw_likelihood_information(points, path)
