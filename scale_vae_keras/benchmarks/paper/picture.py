"""Likelihood against information, the picture of Table 1."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from scale_vae_keras.metrics import EVALUATION
from scale_vae_keras.pictures import open_pyplot, save_figure


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
