"""The table of the density benchmark, beside the paper's."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import mean, stdev

from rich.table import Table

from scale_vae_keras.benchmarks.paper.published import PUBLISHED, published_name

Row = dict[str, str]

_PAPER_YELP = PUBLISHED[1]["yelp"]

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
    parts.append(markdown_table(_cells(rows, tuple(_COLUMNS))))
    beside = list(_beside_paper(system_means(rows, _COMPARED)))
    if len(beside) > 2:
        parts.append(markdown_table(beside))
    return "\n\n".join(parts) + "\n"


def markdown_table(lines: Iterable[Sequence[str]]) -> str:
    """A header and rows of cells as a Markdown table."""
    columns, *rows = lines
    rule = ["---"] * len(columns)
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, rule, *rows))


def system_means(
    rows: Sequence[Row], names: Collection[str], within: str = "_se"
) -> dict[str, dict[str, float | None]]:
    """Means of columns over the seeds of each system, the systems in the order of the rows.

    Args:
        rows: of a table, one for each system and seed.
        names: the columns.
        within: what is added to the name of a column for that of its error in one run.

    Returns:
        By system, `seeds`, their number; each of `names`, None where no row has it; and
        `NAME_error`: the standard deviation over seeds or, of one seed, the error in the run.
    """
    systems = {}
    for system in dict.fromkeys(row["system"] for row in rows):
        group = [row for row in rows if row["system"] == system]
        merged = systems[system] = {"seeds": len(group)}
        for name in names:
            values = [value for row in group if (value := number(row, name)) is not None]
            merged[name] = mean(values) if values else None
            if len(values) > 1:
                merged[f"{name}_error"] = stdev(values)
            elif values and (error := number(group[0], f"{name}{within}")) is not None:
                merged[f"{name}_error"] = error
    return systems


def number(row: Row, name: str) -> float | None:
    """A figure of a row, None where it has none."""
    return None if row.get(name) in (None, "", "None") else float(row[name])


def cell(means: Mapping[str, float | None], name: str, digits: int) -> str:
    """A mean, with its error where there is one."""
    if means[name] is None:
        return "-"
    error = means.get(f"{name}_error")
    return f"{means[name]:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")


def _cells(rows, columns):
    systems = system_means(rows, [*_COLUMNS, "epochs", "best_epoch", "cpu_seconds_to_best"])
    vae = systems.get("vae", {}).get("cpu_seconds_to_best")
    yield ["system", "seeds", *columns, "epochs (best)", "time to best, vae = 1"]
    for system, row in sorted(systems.items(), key=lambda item: item[1]["iw_nll"]):
        cells = [cell(row, name, _COLUMNS[name]) for name in columns]
        ratio = f"{row['cpu_seconds_to_best'] / vae:.2f}" if vae else "-"
        yield [system, str(row["seeds"]), *cells, epochs_cell(row), ratio]


def epochs_cell(means: Mapping[str, float | None]) -> str:
    """The epochs of runs, and in brackets the best one."""
    return f"{means['epochs']:.0f} ({means['best_epoch']:.0f})"


def _beside_paper(systems):
    yield [
        "system",
        *(f"{name}: paper" for name in ("NLL", "KL", "MI", "AU")),
        *(f"order of {name} agrees" for name in _COMPARED),
    ]
    published = {name: published_name(_PAPER_YELP, name) for name in systems}
    for paper_name, paper in _PAPER_YELP.items():
        for name in systems:
            if published[name] == paper_name:
                figures = ["-" if value is None else f"{value:.1f}" for value in paper]
                orders = [_order(systems, published, name, k) for k in range(len(_COMPARED))]
                yield [name, *figures, *orders]


def _order(systems, published, name, column):
    ours = {each: means[_COMPARED[column]] for each, means in systems.items()}
    papers = {each: _PAPER_YELP[own][column] for each, own in published.items() if own}
    return order_agreement(ours, papers, name)


def order_agreement(
    ours: Mapping[str, float | None], papers: Mapping[str, float | None], name: str
) -> str:
    """With how many others a system stands the same way round here as in the paper.

    A pair that lacks a figure, or whose figures are equal in the paper, does not count.

    Args:
        ours: figure of each system here.
        papers: figure of each system in the paper.
        name: the system.

    Returns:
        "N of M", or "-" where no pair counts.
    """
    verdicts = []
    for other in ours:
        here = ours[name], ours[other]
        there = papers.get(name), papers.get(other)
        if None not in (*here, *there) and there[0] != there[1]:
            verdicts.append((here[0] - here[1]) * (there[0] - there[1]) > 0)
    return f"{sum(verdicts)} of {len(verdicts)}" if verdicts else "-"
