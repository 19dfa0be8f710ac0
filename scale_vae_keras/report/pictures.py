"""The pictures of a run's report, as SVG."""

import base64
import io
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scale_vae_keras.errors import needs
from scale_vae_keras.metrics import EVALUATION
from scale_vae_keras.pictures import name_legend, principal_plane

_COLOURS = (
    *("#0b5394", "#b45309", "#047857", "#7e22ce", "#be123c"),
    *("#4d4d4d", "#0e7490", "#a16207", "#6d28d9", "#15803d"),
)
_LINES = ("-", "--", "-.", ":")
_MARKERS = "osD^vP*X<>"
_WIDTH, _HEIGHT = 4.6, 3.2


class Picture(NamedTuple):
    """A picture for a web page.

    Attributes:
        title: what it shows.
        svg: the SVG document.
        description: the same in words, for those who do not see it.
    """

    title: str
    svg: bytes
    description: str

    @property
    def address(self) -> str:
        """The picture itself as a `data:` URL."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode()}"


class Panel(NamedTuple):
    """Columns of `history.csv` that are drawn together.

    Attributes:
        title: what they are.
        lines: column -> name of its line.
    """

    title: str
    lines: Mapping[str, str]


PANELS = (
    Panel(
        f"Objective and proper bound ({EVALUATION['elbo_nll'].unit})",
        {
            "loss": "objective, training",
            "val_loss": "objective, validation",
            "val_elbo_nll": "negative ELBO, validation",
        },
    ),
    Panel(
        f"Reconstruction ({EVALUATION['reconstruction'].unit})",
        {"reconstruction": "training", "val_reconstruction": "validation"},
    ),
    Panel(f"KL ({EVALUATION['kl'].unit})", {"kl": "training", "val_kl": "validation"}),
    Panel(
        f"Mutual information ({EVALUATION['mi'].unit})",
        {"mi": "mutual information", "mi_cap": "its cap"},
    ),
    Panel(
        "Active units", {"au": "as the decoder sees them", "au_unscaled": "of the encoder alone"}
    ),
    Panel(
        "Scale-up factor f-bar",
        {"factor_max": "largest", "factor_mean": "mean", "factor_min": "smallest"},
    ),
    Panel("KL weight", {"kl_weight": "KL weight"}),
    Panel("Learning rate", {"learning_rate": "learning rate"}),
)


def draw_panel(panel: Panel, history: pd.DataFrame) -> Picture | None:
    """Draws lines over the epochs, those that the history has; None if it has none of them.

    Args:
        panel: what to draw.
        history: as `read_history` gives it.

    Raises:
        InputError: matplotlib is not installed.
    """
    lines = {
        name: values
        for column, name in panel.lines.items()
        if column in history and len(values := history[column].dropna())
    }
    if not lines:
        return None
    figure, [[axes]] = _new_figure(_HEIGHT)
    said = []
    alone = max(map(len, lines.values())) == 1
    for number, (name, values) in enumerate(lines.items()):
        axes.plot(
            values.index,
            values.to_numpy(float),
            _LINES[number],
            color=_COLOURS[number],
            marker=_MARKERS[number],
            markersize=10 if alone else 4,
            label=name,
        )
        ends = dict.fromkeys(values.index[[0, -1]])
        shown = ", ".join(f"{values[epoch]:.4g} in epoch {epoch}" for epoch in ends)
        said.append(f"{name}: {shown}")
        if alone:
            axes.axhline(
                values.iloc[0], color=_COLOURS[number], linestyle=_LINES[number], alpha=0.5
            )
    _set_heights(axes, np.concatenate([values.to_numpy(float) for values in lines.values()]))
    axes.set(xlabel="epoch")
    if alone:
        epoch = next(iter(lines.values())).index[0]
        axes.set_xlim(epoch - 0.5, epoch + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if len(lines) > 1:
        axes.legend(fontsize=8)
    return Picture(panel.title, _svg(figure), f"Lines over the epochs. {'; '.join(said)}.")


def _set_heights(axes, values):
    """An axis of plain figures; around a constant from half of it to one and a half."""
    axes.ticklabel_format(axis="y", useOffset=False)
    if np.array_equal(values, np.round(values)):
        axes.yaxis.get_major_locator().set_params(integer=True)
    low, high = values.min(), values.max()
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        reach = 0.5 * abs(high) or 1.0
        axes.set_ylim(high - reach, high + reach)


def draw_lengths(lengths: Mapping[str, np.ndarray]) -> Picture:
    """Draws how many per cent of sentences have each length.

    Args:
        lengths: name -> tokens of each sentence, `</s>` not counted, `[sentences]`.

    Raises:
        InputError: matplotlib is not installed.
    """
    figure, [[axes]] = _new_figure(_HEIGHT)
    longest = max(values.max() for values in lengths.values())
    width = max(1, -(-int(longest) // 30))
    edges = np.arange(0, longest + width + 1, width) - 0.5
    said = []
    for number, (name, values) in enumerate(lengths.items()):
        counts, _ = np.histogram(values, edges)
        axes.stairs(
            100 * counts / len(values),
            edges,
            color=_COLOURS[number],
            linestyle=_LINES[number],
            linewidth=1.8,
            label=name,
        )
        said.append(
            f"{len(values):,} {name}: mean {values.mean():.1f}, median {np.median(values):.0f}, "
            f"longest {values.max()}"
        )
    axes.set(xlabel="tokens", ylabel="% of sentences")
    axes.set_ylim(bottom=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(fontsize=8)
    return Picture("Lengths of sentences", _svg(figure), f"{'; '.join(said)}.")


def draw_map(means: np.ndarray, labels: Sequence[str] | None) -> Picture:
    """Draws posterior means in their two main directions, coloured by label.

    Args:
        means: of the posterior that the decoder samples from, `[sentences, latent]`.
        labels: of the sentences, or None. Beyond ten, all but the nine most frequent are one.

    Raises:
        InputError: matplotlib is not installed.
    """
    plane = principal_plane(np.float64(means))
    if plane.shape[1] < 2:
        plane = np.pad(plane, [(0, 0), (0, 2 - plane.shape[1])])
    total = np.var(np.float64(means), axis=0).sum()
    share = np.var(plane, axis=0).sum() / total if total > 0 else 0.0
    groups = _groups(labels, len(means))
    figure, [[axes]] = _new_figure(_WIDTH)
    for number, chosen in enumerate(groups.values()):
        axes.scatter(
            *plane[chosen].T,
            s=10,
            alpha=0.6,
            linewidths=0,
            color=_COLOURS[number],
            marker=_MARKERS[number],
            label=f"{number}",
            rasterized=True,
        )
    axes.set(xlabel="first principal direction", ylabel="second principal direction")
    axes.set_aspect("equal", "datalim")
    coloured = ""
    if labels is not None:
        name_legend(axes.legend(fontsize=8, markerscale=2, title="label"), list(groups))
        coloured = f", coloured by label ({', '.join(groups)})"
    return Picture(
        "Posterior means in their two main directions",
        _svg(figure),
        f"Scatter plot of the posterior means of {len(means):,} validation sentences{coloured}. "
        f"The two directions hold {share:.0%} of their variance; the standard deviations along "
        f"them are {plane[:, 0].std():.3g} and {plane[:, 1].std():.3g}.",
    )


def _groups(labels, count):
    if labels is None:
        return {"sentences": np.ones(count, bool)}
    labels = np.array(labels)
    names, frequency = np.unique(labels, return_counts=True)
    if len(names) <= len(_COLOURS):
        return {name: labels == name for name in names}
    kept = names[np.argsort(-frequency, kind="stable")[: len(_COLOURS) - 1]]
    groups = {name: labels == name for name in sorted(kept)}
    return {**groups, "all others": ~np.isin(labels, kept)}


def draw_bars(title: str, values: np.ndarray) -> Picture:
    """Draws a value of each latent dimension.

    Args:
        title: what the values are.
        values: `[latent]`.

    Raises:
        InputError: matplotlib is not installed.
    """
    figure, [[axes]] = _new_figure(_HEIGHT)
    axes.bar(range(len(values)), values, color=_COLOURS[0])
    axes.set(xlabel="latent dimension")
    axes.xaxis.get_major_locator().set_params(integer=True)
    return Picture(
        title,
        _svg(figure),
        f"Bars of {len(values)} latent dimensions from {values.min():.3g} to {values.max():.3g}, "
        f"mean {values.mean():.3g}.",
    )


class Effect(NamedTuple):
    """How much of the text changes along a latent dimension.

    Attributes:
        dimension: which one.
        tokens: mean share of the tokens that differ from the text in the middle, float `[steps]`.
        sentences: share of the sentences that differ from it at all, float `[steps]`.
    """

    dimension: int
    tokens: np.ndarray
    sentences: np.ndarray


def draw_effects(effects: Sequence[Effect], steps: np.ndarray, other: float | None) -> Picture:
    """Draws how much of the text changes along dimensions, a panel for each.

    Args:
        effects: of each dimension, at least one.
        steps: where it is, in standard deviations, `[steps]`.
        other: share of the tokens of a sentence that differ from another sentence's, or None.

    Raises:
        InputError: matplotlib is not installed.
    """
    columns = min(2, len(effects))
    rows = -(-len(effects) // columns)
    figure, axes = _new_figure(1.3 * rows + 1.1, rows, columns)
    said = []
    for axis, effect in zip(axes.flat, effects, strict=False):
        shares = {"sentences that change": effect.sentences, "tokens that change": effect.tokens}
        for number, (name, values) in enumerate(shares.items()):
            style = {"color": _COLOURS[1 - number], "marker": _MARKERS[number], "markersize": 4}
            axis.plot(steps, 100 * values, _LINES[1 - number], label=name, **style)
        if other is not None:
            axis.axhline(
                100 * other, color=_COLOURS[5], linestyle=":", label="tokens between two sentences"
            )
        axis.set_title(f"dimension {effect.dimension}", fontsize=9)
        ends = [
            f"{effect.tokens[end]:.0%} of the tokens and {effect.sentences[end]:.0%} of the "
            f"sentences at {steps[end]:+g}"
            for end in (0, -1)
        ]
        said.append(f"dimension {effect.dimension}: {' and '.join(ends)}")
    for axis in axes.flat[len(effects) :]:
        axis.set_visible(False)
    axes[0, 0].set(ylim=(-4, 104), xticks=steps, yticks=[0, 50, 100])
    figure.supxlabel("standard deviations from the mean", fontsize=10)
    figure.supylabel("% that change", fontsize=10)
    lines, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=2, fontsize=8, frameon=False)
    reference = "" if other is None else f" Two sentences differ in {other:.0%} of their tokens."
    return Picture(
        "What changes along the most active dimensions",
        _svg(figure),
        f"Lines of what changes against the middle. {'; '.join(said)}.{reference}",
    )


def _new_figure(height, rows=1, columns=1):
    with needs("the report's pictures need matplotlib", "plots"):
        from matplotlib.figure import Figure
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for each in axes.flat:
        each.grid(alpha=0.3)
    return figure, axes


def _svg(figure):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        svg = _saved(figure, "path")
    if any("missing from font" in str(each.message) for each in said):
        # Labels of a script that matplotlib's font lacks: text that the reader's own fonts show.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return _saved(figure, "none")
    return svg


def _saved(figure, text):
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "scale-vae", "svg.fonttype": text}):
        figure.savefig(buffer, format="svg", dpi=150, metadata={"Date": None})
    return buffer.getvalue()
