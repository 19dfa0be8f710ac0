"""A picture of a search."""

import os
from collections.abc import Sequence
from pathlib import Path

from scale_vae_keras import pictures
from scale_vae_keras.tuning.results import Trial

_MOST_COLUMNS = 4
_WIDE = 2.0


def draw_search(
    trials: Sequence[Trial], objective: str, direction: str, path: str | os.PathLike
) -> Path:
    """Draws the objective of every trial over each setting that differs between trials.

    The best trial is ringed; a trial that failed is a cross near the lower edge. Trials carry their
    names. The objective has a logarithmic axis where it more than doubles.

    Args:
        trials: trials of one search, at least one completed.
        objective: its name, in nats per sentence.
        direction: "min" or "max".
        path: the PNG file.

    Raises:
        InputError: matplotlib is not installed.
    """
    pyplot = pictures.open_pyplot()
    completed = [trial for trial in trials if trial.status == "COMPLETED"]
    failed = [trial for trial in trials if trial.status == "FAILED"]
    scores = [trial.figures[objective] for trial in completed]
    best = scores.index(min(scores) if direction == "min" else max(scores))
    settings = list(completed[0].values)
    names = [name for name in settings if _differs(name, [*completed, *failed])] or settings
    rows = -(-len(names) // _MOST_COLUMNS)
    columns = -(-len(names) // rows)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(4 * columns, 3.4 * rows), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(names) :]:
        axis.set_axis_off()
    for axis, name in zip(axes.flat, names, strict=False):
        place = _places(axis, name, [*completed, *failed])
        x = [place(trial.values[name]) for trial in completed]
        axis.scatter(x, scores, s=36, color="C0", zorder=2)
        axis.scatter(x[best], scores[best], s=150, facecolors="none", edgecolors="C3", zorder=3)
        for trial, across, score in zip(completed, x, scores, strict=True):
            axis.annotate(
                trial.name, (across, score), xytext=(4, 4), textcoords="offset points", fontsize=7
            )
        for trial in failed:
            across = place(trial.values[name])
            axis.plot(across, 0.04, "x", color="black", transform=axis.get_xaxis_transform())
        axis.margins(y=0.15)
        if min(scores) > 0 and max(scores) > _WIDE * min(scores):
            axis.set_yscale("log")
        axis.set(xlabel=name, ylabel=f"{objective} (nats per sentence)")
        axis.grid(alpha=0.3)
    figure.suptitle(
        f"{len(completed)} trials, the best ringed: {completed[best].name}"
        + (f"; {len(failed)} failed (crosses)" if failed else "")
    )
    return pictures.save_figure(figure, path)


def _differs(name, trials):
    return len({trial.values[name] for trial in trials}) > 1


def _places(axis, name, trials):
    values = {trial.values[name] for trial in trials}
    if all(isinstance(value, float) for value in values):
        return lambda value: value
    ordered = sorted(values)
    axis.set_xticks(range(len(ordered)), [str(value) for value in ordered])
    return ordered.index
