"""The table of the density benchmark, beside the paper's."""

from collections.abc import Sequence
from itertools import groupby
from statistics import mean, stdev

from rich.table import Table

Row = dict[str, str]

PAPER_YELP = {
    "lstm-lm": (357.5, None, None, None),
    "vae": (358.0, 0.1, 0.1, 0.2),
    "cyclical": (359.3, 2.1, 2.0, 4.2),
    "beta": (358.0, 5.4, 5.1, 3.6),
    "free-bits": (357.0, 4.8, 2.6, 32.0),
    "delta": (357.9, 3.2, 0.0, 0.0),
    "sa": (355.9, 2.8, 1.7, 8.4),
    "skip": (357.6, 1.9, 1.0, 7.4),
    "agg": (355.9, 3.8, 2.4, 11.3),
    "mae": (362.8, 8.0, 4.6, 32.0),
    "bn": (356.6, 6.5, 5.7, 32.0),
    "du": (356.2, 6.7, 5.9, 20.0),
    "scale": (353.7, 5.4, 8.2, 32.0),
}
"""Table 1 of the paper on Yelp by method: NLL, KL, MI and AU; Scale-VAE with `des_std` 0.7."""

_COMPARED = ("iw_nll", "kl", "mi", "au")

_COLUMNS = {
    "iw_nll": 2,
    "ppl": 2,
    "elbo_nll": 2,
    "objective_nll": 2,
    "reconstruction": 2,
    "kl": 2,
    "kl_scaled_prior": 2,
    "mi": 2,
    "au": 0,
    "au_unscaled": 0,
    "mpd": 1,
    "ess": 0,
}


def density_table(rows: Sequence[Row]) -> Table:
    """The table for a terminal, the better proper likelihood first."""
    header, *lines = _cells(rows, ("iw_nll", "objective_nll", "kl", "mi", "au"))
    table = Table(*header)
    for line in lines:
        table.add_row(*line)
    return table


def density_markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown, then the paper's figures with how the orders agree.

    Rows are means over seeds, the better proper likelihood first; ± is the standard deviation over
    seeds or, of one seed, the standard error over sentences. An order agrees with the paper's where
    two systems stand the same way round in both.

    Args:
        rows: of `density.csv`.
    """
    first = rows[0]
    about = (
        f"{first['sentences']} test sentences, {first['iw_samples']} importance samples, generator "
        f'"{first["generator"]}"; version {first["version"]}, corpus '
        f"{first['corpus_fingerprint'][:12]}."
    )
    commands = dict.fromkeys(row["command"] for row in rows)
    parts = [about, "\n".join(f"    {command}" for command in commands)]
    parts.append(_markdown(_cells(rows, tuple(_COLUMNS))))
    systems = {row["system"]: row for row in _means(rows) if row["system"] in PAPER_YELP}
    if len(systems) > 1:
        parts.append(_markdown(_beside_paper(systems)))
    return "\n\n".join(parts) + "\n"


def _markdown(lines):
    columns, *rows = lines
    rule = ["---"] * len(columns)
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, rule, *rows))


def _means(rows) -> list[dict]:
    by_system = sorted(rows, key=lambda row: row["system"])
    systems = []
    for system, group in groupby(by_system, lambda row: row["system"]):
        group = list(group)
        merged = {"system": system, "seeds": len(group)}
        for name in [*_COLUMNS, "epochs", "best_epoch", "cpu_seconds_to_best"]:
            values = [float(row[name]) for row in group if row[name] not in ("", "None")]
            merged[name] = mean(values) if values else None
            if len(values) > 1:
                merged[f"{name}_error"] = stdev(values)
            elif values and group[0].get(f"{name}_se") not in (None, "", "None"):
                merged[f"{name}_error"] = float(group[0][f"{name}_se"])
        systems.append(merged)
    return sorted(systems, key=lambda row: row["iw_nll"])


def _cells(rows, columns):
    systems = _means(rows)
    vae = next((row["cpu_seconds_to_best"] for row in systems if row["system"] == "vae"), None)
    yield ["system", "seeds", *columns, "epochs (best)", "time to best, vae = 1"]
    for row in systems:
        cells = [_cell(row, name) for name in columns]
        ratio = f"{row['cpu_seconds_to_best'] / vae:.2f}" if vae else "-"
        epochs = f"{row['epochs']:.0f} ({row['best_epoch']:.0f})"
        yield [row["system"], str(row["seeds"]), *cells, epochs, ratio]


def _cell(row, name):
    if row[name] is None:
        return "-"
    digits = _COLUMNS[name]
    error = row.get(f"{name}_error")
    return f"{row[name]:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")


def _beside_paper(systems):
    yield [
        "system",
        *(f"{name}: paper" for name in ("NLL", "KL", "MI", "AU")),
        *(f"order of {name} agrees" for name in ("iw_nll", "kl", "mi", "au")),
    ]
    for name in PAPER_YELP:
        if name in systems:
            paper = ["-" if value is None else f"{value:.1f}" for value in PAPER_YELP[name]]
            yield [name, *paper, *(_agreement(systems, name, k) for k in range(4))]


def _agreement(systems, name, column):
    def difference(other):
        ours = [systems[each][_COMPARED[column]] for each in (name, other)]
        papers = [PAPER_YELP[each][column] for each in (name, other)]
        if None in (*ours, *papers) or papers[0] == papers[1]:
            return None
        return (ours[0] - ours[1]) * (papers[0] - papers[1]) > 0

    verdicts = [difference(other) for other in systems if other != name]
    verdicts = [verdict for verdict in verdicts if verdict is not None]
    return f"{sum(verdicts)} of {len(verdicts)}" if verdicts else "-"
