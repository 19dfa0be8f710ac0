"""Pictures of runs, and what all pictures have in common."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from scale_vae_keras.errors import InputError, needs
from scale_vae_keras.files import check_place, written_whole
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


def check_picture(path: str | os.PathLike) -> None:
    """Refuses before long work what `save_figure` would refuse after it.

    Raises:
        InputError: matplotlib is not installed or does not know the file's ending, or it cannot be
            written.
    """
    kinds = open_pyplot().Figure().canvas.get_supported_filetypes()
    path = Path(path)
    if path.suffix.removeprefix(".") not in kinds:
        raise InputError(f"{path} is no name of a picture: give one that ends in .png")
    check_place(path)


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
    _value_legend(axes[0, -1], values, attribute, markerscale=2.5)
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
    _value_legend(axes[0, -1], values, attribute, markerscale=5, fontsize="small")
    return save_figure(figure, path)


def _scatter_by_value(axis, points, values, reach, **style):
    """Points `[n, 2]` in a square of plus or minus `reach`, a colour for each value."""
    for number, value in enumerate(sorted(set(values))):
        chosen = points[values == value]
        axis.scatter(*chosen.T, label=f"{number}", color=f"C{number}", linewidths=0, **style)
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axis.grid(alpha=0.3)


def _value_legend(axis, values, attribute, **style):
    legend = axis.legend(title=attribute, **style)
    legend.get_title().set_parse_math(False)
    name_legend(legend, sorted(set(values)))


def name_legend(legend, names: Sequence[str]) -> None:
    """Writes names that are anyone's text beside the entries of a legend.

    Matplotlib leaves out names that begin with `_`, and reads what is between two `$` as maths.
    """
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(name)


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
