"""The picture of the benchmark of attribute vectors."""

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from scale_vae_keras.pictures import open_pyplot, save_figure

_STYLES = {
    "success": ("o-", "whole vector"),
    "success_rest": ("^--", "at equal length"),
    "success_length": ("s:", "what length explains"),
}
_PANELS = {
    "bleu": "content kept: BLEU to the sentence that was moved",
    "ppl": "fluency: perplexity under the language model",
}


def draw_control(rows: Mapping[str, pd.DataFrame], target: str, path: str | os.PathLike) -> Path:
    """Draws success, content and fluency of moved sentences by amount, a colour for each run.

    Args:
        rows: rows of each run, see `Moved`.
        target: the label that sentences are moved towards.
        path: the PNG file.

    Raises:
        InputError: matplotlib is not installed.
    """
    pyplot = open_pyplot()
    figure, axes = pyplot.subplots(1, 3, figsize=(15, 4.2), layout="constrained")
    for number, (run, mine) in enumerate(rows.items()):
        mine = mine.sort_values("amount")
        for name, (style, _) in _STYLES.items():
            axes[0].plot(mine["amount"], mine[name], style, color=f"C{number}")
        for axis, name in zip(axes[1:], _PANELS, strict=True):
            axis.plot(mine["amount"], mine[name], "o-", color=f"C{number}", label=run)
    # Below 0 there is room for the legend.
    axes[0].set(ylim=(-28, 103), title=f"success: % that a classifier takes for {target}")
    axes[0].set_yticks(range(0, 101, 20))
    for axis, title in zip(axes[1:], _PANELS.values(), strict=True):
        axis.set_title(title)
    axes[1].set_ylim(bottom=0)
    axes[2].set_ylim(bottom=1)
    for style, title in _STYLES.values():
        axes[0].plot([], [], style, color="black", label=title)
    for axis in axes:
        axis.set_xlabel("amount of the vector")
        axis.grid(alpha=0.3)
        axis.legend(fontsize="small", loc="lower right" if axis is axes[0] else "best")
    return save_figure(figure, path)
