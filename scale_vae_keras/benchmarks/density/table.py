"""The table of the density benchmark, compared with the paper's."""

from collections.abc import Mapping, Sequence

import pandas as pd

from scale_vae_keras.benchmarks.paper.published import PUBLISHED, published_name
from scale_vae_keras.benchmarks.rows import system_means
from scale_vae_keras.metrics import COMPARISON, COST, EVALUATION, STRUCTURE
from scale_vae_keras.tables import FittedTable, markdown_table

_PAPER_YELP = PUBLISHED[1]["yelp"]

_COMPARED = ("iw_nll", "kl", "mi", "au")

_COLUMNS = (
    *("ppl", "bits_per_byte", "elbo_nll", "objective_nll", "reconstruction", "kl"),
    *("kl_scaled_prior", "mi", "au", "au_unscaled", "mpd", "ess"),
)


def density_table(rows: pd.DataFrame) -> FittedTable:
    """The table for a terminal, the better proper likelihood first."""
    shown = _measures(rows, ("objective_nll", "kl", "mi", "au"))
    record = COMPARISON | STRUCTURE
    legend = {name: record[name].explanation for name in record if name in shown}
    return FittedTable(shown.columns, shown.to_numpy().tolist(), 1, legend)


def density_markdown(rows: pd.DataFrame) -> str:
    """The table as Markdown, then the paper's figures with how the orders agree.

    Lines are means over seeds, the better proper likelihood first; ± is the standard deviation over
    seeds or, of one seed, the standard error over sentences. An order agrees with the paper's where
    two systems are ordered alike in both.

    Args:
        rows: rows of `density.csv`, see `read_rows`.
    """
    first = rows.iloc[0]
    about = (
        f"{first['sentences']} test sentences, {rows['iw_samples'].max()} importance samples, "
        f"{shown_generators(rows)}; version {first['version']}, corpus "
        f"{first['corpus_fingerprint'][:12]}."
    )
    parts = [about, "\n".join(f"    {command}" for command in rows["command"].unique())]
    parts.append(markdown_table(_measures(rows, _COLUMNS)))
    beside = _beside_paper(system_means(rows, _COMPARED))
    if len(beside) > 1:
        parts.append(markdown_table(beside))
    return "\n\n".join(parts) + "\n"


def shown_generators(rows: pd.DataFrame) -> str:
    """The generators that likelihoods are declared for; a language model has none."""
    coded = rows[rows["mi"].notna()]
    names = (rows if coded.empty else coded)["generator"].unique()
    return f"generator{'s' if len(names) > 1 else ''} " + ", ".join(f'"{name}"' for name in names)


def shown_means(means: pd.DataFrame, name: str, record: Mapping = EVALUATION) -> list[str]:
    """The means of a column as text, each with its error where there is one.

    Args:
        means: as `system_means` gives them.
        name: the column.
        record: has the figure's digits.
    """
    return [
        record[name].show(value, error)
        for value, error in zip(means[name], means[f"{name}_error"], strict=True)
    ]


def _measures(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    means = system_means(rows, ["iw_nll", *COMPARISON, *_COLUMNS, *STRUCTURE, *COST])
    means = means.sort_values("iw_nll", kind="stable")
    known = [name for name in STRUCTURE if means[name].notna().any()]
    return pd.DataFrame(
        {
            "system": means.index,
            "seeds": means["seeds"].map(str).to_numpy(),
            "iw_nll": shown_means(means, "iw_nll"),
            **shown_differences(means),
            **{name: shown_means(means, name) for name in columns},
            **{name: shown_means(means, name, STRUCTURE) for name in known},
            "epochs (best)": shown_epochs(means),
            **shown_steps(means),
            "time to best, vae = 1": shown_ratios(means),
        }
    )


def shown_differences(means: pd.DataFrame) -> dict[str, list[str]]:
    """The column of differences from the language model; none where none is known."""
    if means["above_lm"].isna().all():
        return {}
    return {"above_lm": shown_means(means, "above_lm", COMPARISON)}


def shown_epochs(means: pd.DataFrame) -> list[str]:
    """The epochs of each system's runs, and in brackets the best one."""
    return [
        f"{COST['epochs'].show(epochs)} ({COST['best_epoch'].show(best)})"
        for epochs, best in zip(means["epochs"], means["best_epoch"], strict=True)
    ]


def shown_steps(means: pd.DataFrame) -> dict[str, list[str]]:
    """The column of steps to the best epoch; none where no run recorded them."""
    if means["steps_to_best"].isna().all():
        return {}
    return {"steps to best": shown_means(means, "steps_to_best", COST)}


def shown_ratios(means: pd.DataFrame) -> list[str]:
    """Processor time to the best epoch, that of the plain VAE being 1; "-" where it is missing."""
    seconds = means["cpu_seconds_to_best"]
    vae = seconds.get("vae")
    return ["-" if pd.isna(vae) or not vae else f"{each / vae:.2f}" for each in seconds]


def _beside_paper(means: pd.DataFrame) -> pd.DataFrame:
    published = {name: published_name(_PAPER_YELP, name) for name in means.index}
    papers = {name: _PAPER_YELP[own] for name, own in published.items() if own}
    order = list(_PAPER_YELP)
    lines = []
    for name in sorted(papers, key=lambda name: order.index(published[name])):
        line = {"system": name}
        for text, value in zip(("NLL", "KL", "MI", "AU"), papers[name], strict=True):
            line[f"{text}: paper"] = "-" if value is None else f"{value:.1f}"
        for k, column in enumerate(_COMPARED):
            theirs = {each: figures[k] for each, figures in papers.items()}
            line[f"order of {column} agrees"] = order_agreement(means[column], theirs, name)
        lines.append(line)
    return pd.DataFrame(lines)


def order_agreement(
    ours: Mapping[str, float | None], papers: Mapping[str, float | None], name: str
) -> str:
    """With how many others a system is ordered as in the paper.

    A pair that lacks a figure, or whose figures are equal in the paper, does not count.

    Args:
        ours: figure of each system here.
        papers: figure of each system in the paper.
        name: the system.

    Returns:
        "N of M", or "-" where no pair counts.
    """
    verdicts = []
    for other in ours.keys():  # noqa: SIM118 - a Series iterates over its values
        here = ours[name], ours[other]
        there = papers.get(name), papers.get(other)
        if not any(map(pd.isna, (*here, *there))) and there[0] != there[1]:
            verdicts.append((here[0] - here[1]) * (there[0] - there[1]) > 0)
    return f"{sum(verdicts)} of {len(verdicts)}" if verdicts else "-"
