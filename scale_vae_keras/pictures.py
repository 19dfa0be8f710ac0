"""Pictures of runs."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from scale_vae_keras.errors import needs
from scale_vae_keras.files import written_whole
from scale_vae_keras.metrics import EVALUATION
from scale_vae_keras.tables import read_csv


def open_pyplot():
    """Matplotlib's pyplot, drawing to files.

    Raises:
        InputError: matplotlib is not installed.
    """
    with needs("pictures need matplotlib", "plots"):
        import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def save_figure(figure, path: str | os.PathLike) -> Path:
    """Writes a figure as a picture, whole or not at all, and closes it."""
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=120, bbox_inches="tight")
    open_pyplot().close(figure)
    return Path(path)


def draw_latent_map(
    means: Mapping[str, np.ndarray],
    values: Sequence[str],
    attribute: str,
    path: str | os.PathLike,
) -> Path:
    """Draws the posterior means of several models in their two main directions, to one scale.

    Args:
        means: title of each model -> means of the posterior that its decoder samples from,
            `[sentences, latent]`.
        values: the attribute of each sentence that gives its colour.
        attribute: name of the attribute.
        path: the PNG file.

    Raises:
        InputError: matplotlib is not installed.
    """
    pyplot = open_pyplot()
    points = {title: principal_plane(array) for title, array in means.items()}
    reach = 1.05 * max(np.abs(array).max() for array in points.values())
    figure, axes = pyplot.subplots(
        1, len(points), figsize=(6 * len(points), 5.6), squeeze=False, layout="constrained"
    )
    values = np.array(values)
    for axis, (title, plane) in zip(axes[0], points.items(), strict=True):
        _scatter_by_value(axis, plane, values, reach, s=9, alpha=0.6)
        axis.set(
            title=f"{title}: {len(plane):,} sentences",
            xlabel="first principal direction of the posterior means",
        )
    axes[0, 0].set_ylabel("second principal direction")
    axes[0, -1].legend(title=attribute, markerscale=2.5)
    return save_figure(figure, path)


def draw_latent_grid(
    grid: Mapping[str, Mapping[str, np.ndarray]],
    values: Sequence[str],
    attribute: str,
    path: str | os.PathLike,
) -> Path:
    """Draws two-dimensional posterior means of several models, all to one scale.

    Args:
        grid: title of each row -> title of each column -> means of the posterior that the decoder
            samples from, `[sentences, 2]`.
        values: the attribute of each sentence that gives its colour.
        attribute: name of the attribute.
        path: the PNG file.

    Raises:
        InputError: matplotlib is not installed.
    """
    pyplot = open_pyplot()
    values = np.array(values)
    reach = 1.05 * max(np.abs(means).max() for row in grid.values() for means in row.values())
    columns = next(iter(grid.values()))
    figure, axes = pyplot.subplots(
        len(grid),
        len(columns),
        figsize=(3.2 * len(columns), 3.2 * len(grid)),
        squeeze=False,
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    for line, (row, maps) in zip(axes, grid.items(), strict=True):
        for axis, means in zip(line, maps.values(), strict=True):
            _scatter_by_value(axis, means, values, reach, s=2)
        line[0].set_ylabel(row)
    for axis, column in zip(axes[0], columns, strict=True):
        axis.set_title(column, fontsize="medium")
    axes[0, -1].legend(title=attribute, markerscale=5, fontsize="small")
    return save_figure(figure, path)


def _scatter_by_value(axis, points, values, reach, **style):
    """Points `[n, 2]` in a square of plus or minus `reach`, a colour for each value."""
    for number, value in enumerate(sorted(set(values))):
        chosen = points[values == value]
        axis.scatter(*chosen.T, label=value, color=f"C{number}", linewidths=0, **style)
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axis.grid(alpha=0.3)


def principal_plane(array: np.ndarray) -> np.ndarray:
    """Rows `[n, width]` in their two main directions, centred, `[n, at most 2]`."""
    centred = array - array.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:2].T


def draw_curves(histories: Mapping[str, str | os.PathLike], path: str | os.PathLike) -> Path:
    """Draws KL, mutual information, active units and the factor of several runs over the epochs.

    Args:
        histories: title of each run -> its `history.csv`.
        path: the PNG file.

    Raises:
        InputError: matplotlib is not installed.
    """
    pyplot = open_pyplot()
    panels = {
        "val_kl": "KL of the posterior (nats)",
        "mi": "mutual information (nats)",
        "au": "active units",
        "factor_mean": "mean factor f-bar",
    }
    figure, axes = pyplot.subplots(1, len(panels), figsize=(16, 3.6), layout="constrained")
    for number, (title, history) in enumerate(histories.items()):
        rows = read_csv(history).set_index("epoch")
        for axis, key in zip(axes, panels, strict=True):
            drawn = rows[key].dropna() if key in rows else []
            if len(drawn):
                axis.plot(drawn.index, drawn.to_numpy(float), "o-", color=f"C{number}", label=title)
    for axis, label in zip(axes, panels.values(), strict=True):
        axis.set(xlabel="epoch", title=label)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0].legend()
    return save_figure(figure, path)


class Point(NamedTuple):
    """A system: mutual information (None without a latent code), proper NLL, and their errors."""

    mi: float | None
    nll: float
    mi_error: float
    nll_error: float


def draw_likelihood_information(
    points: Mapping[str, Point], path: str | os.PathLike, bars: str = ""
) -> Path:
    """Draws the proper negative log-likelihood of systems against their mutual information.

    A system without a latent code is a horizontal line. The axis ends five times as far from the
    best system as the median is, or where the bars of those within end: triangles stand for what is
    beyond, with the figure above. Scale-VAE stands out.

    Args:
        points: by system.
        path: the PNG file.
        bars: what the errors of the likelihoods are, for the label of the axis.

    Raises:
        InputError: matplotlib is not installed.
    """
    pyplot = open_pyplot()
    figure, axis = pyplot.subplots(figsize=(9, 7), layout="constrained")
    nlls = [point.nll for point in points.values()]
    end = min(nlls) + 5 * (median(nlls) - min(nlls))
    # A bar may reach further: what it reaches is not beyond.
    end = max(point.nll + point.nll_error for point in points.values() if point.nll <= end)
    coded = {name: point for name, point in points.items() if point.mi is not None}
    within = {name: point for name, point in coded.items() if point.nll <= end}
    beyond = {name: point for name, point in coded.items() if point.nll > end}
    shown = [point for point in points.values() if point.nll <= end]
    low = min(point.nll - point.nll_error for point in shown)
    high = max(point.nll + point.nll_error for point in shown)
    room = 0.06 * (high - low) or 1.0
    axis.set_ylim(low - room, high + room * (3 if beyond else 1))
    reach = max((point.mi + point.mi_error for point in coded.values()), default=1.0)
    axis.set_xlim(-0.11 * max(reach, 1.0), 1.18 * max(reach, 1.0))
    for name, point in points.items():
        if point.mi is None:
            axis.axhline(point.nll, color="0.4", linestyle="--", linewidth=1)
            axis.annotate(
                f"{name} {point.nll:.2f}",
                (axis.get_xlim()[1], point.nll),
                xytext=(-4, 3),
                textcoords="offset points",
                fontsize=9,
                ha="right",
                va="bottom",
            )
    for name, point in within.items():
        own = _is_scale(name)
        axis.errorbar(
            point.mi,
            point.nll,
            xerr=point.mi_error,
            yerr=point.nll_error,
            fmt="D" if own else "o",
            color="C3" if own else "C0",
            markersize=8 if own else 6,
            zorder=3 if own else 2,
            elinewidth=0.8,
            capsize=2,
        )
    note = "\ntriangles: beyond the axis, with the likelihood" if beyond else ""
    axis.set(
        xlabel=f"mutual information of sentence and code (nats){note}",
        ylabel="proper negative log-likelihood, iw_nll "
        f"({EVALUATION['iw_nll'].unit}; lower is better)" + (f"\nbars: {bars}" if bars else ""),
    )
    axis.grid(alpha=0.3)
    _draw_beyond(axis, beyond)
    lines = [point.nll for point in points.values() if point.mi is None]
    _label(figure, axis, within, lines)
    return save_figure(figure, path)


def _is_scale(system):
    return system.partition(":")[0] == "scale"


def _draw_beyond(axis, points):
    """Triangles at the upper edge, each with its own label above."""
    edge = axis.get_xaxis_transform()
    gap = 0.05 * (axis.get_xlim()[1] - axis.get_xlim()[0])
    place = -gap
    for name, point in sorted(points.items(), key=lambda item: item[1].mi):
        place = max(point.mi, place + gap)
        own = _is_scale(name)
        color = "C3" if own else "C0"
        axis.plot(point.mi, 0.975, "^", markersize=10, color=color, transform=edge)
        axis.annotate(
            f"{name} {point.nll:.2f}".replace(",", ",\n"),
            (point.mi, 1.0),
            xycoords=edge,
            xytext=(place, 1.03),
            textcoords=edge,
            rotation=40,
            rotation_mode="anchor",
            fontsize=9,
            color="C3" if own else "0.15",
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6},
        )


_LABEL_PLACES = [
    ((sign * distance, height), "left" if sign > 0 else "right")
    for distance in (9, 20, 35, 55, 80, 110)
    for height in (0, 12, -12, 26, -26, 42, -42, 60, -60, 85, -85)
    for sign in (1, -1)
]
"""Where a label can stand, in points from its place: the nearest first."""


def _label(figure, axis, points, lines):
    """Writes each label beside its point where it covers least of what is there, and is near.

    Args:
        figure: the figure.
        axis: what is written into; its other texts are left free.
        points: by label.
        lines: heights of the horizontal lines.
    """
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    def shared(box, other):
        both = Bbox.intersection(box, other)
        return 0.0 if both is None else both.width * both.height

    def extent(written):
        written.update_positions(figure.canvas.get_renderer())
        return Text.get_window_extent(written).padded(1)

    def pixels(x, y, around):
        return Bbox([axis.transData.transform(corner) for corner in (x, y)]).padded(around)

    figure.canvas.draw()
    frame = axis.get_window_extent()
    left, right = axis.get_xlim()
    taken = [extent(text) for text in axis.texts]
    taken += [pixels((left, height), (right, height), 2) for height in lines]
    for mi, nll, mi_error, nll_error in points.values():
        taken += [
            pixels((mi, nll), (mi, nll), 8),
            pixels((mi, nll - nll_error), (mi, nll + nll_error), 3),
            pixels((mi - mi_error, nll), (mi + mi_error, nll), 3),
        ]
    for text, point in points.items():
        own = _is_scale(text)
        written = axis.annotate(
            text,
            point[:2],
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=10 if own else 9,
            fontweight="bold" if own else "normal",
            color="C3" if own else "0.15",
            va="center",
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6},
        )
        written.set_in_layout(False)
        costs = {}
        for offset, side in _LABEL_PLACES:
            written.set(position=offset, ha=side)
            box = extent(written)
            outside = box.width * box.height - shared(box, frame)
            covered = sum(shared(box, other) for other in taken)
            costs[offset, side] = 4 * outside + covered + math.hypot(*offset)
        offset, side = min(costs, key=costs.get)
        written.set(position=offset, ha=side)
        taken.append(extent(written))
