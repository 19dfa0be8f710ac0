"""The latent code of a run in pictures and figures."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from scale_vae_keras.categories import Categories
from scale_vae_keras.evaluation.encode import Encoded
from scale_vae_keras.evaluation.evaluate import dimension_table
from scale_vae_keras.metrics import DIMENSION
from scale_vae_keras.report.pictures import Picture, draw_bars, draw_map
from scale_vae_keras.runs.tensorboard import spread

_MAPPED = 2000


class LatentCode(NamedTuple):
    """What a report shows of the latent code.

    Attributes:
        map: the posterior means in two directions.
        bars: figures of each dimension.
        dimensions: the same and more as a table of strings.
    """

    map: Picture
    bars: list[Picture]
    dimensions: pd.DataFrame


def describe_latent_code(model, encoded: Encoded, labels: Sequence[str] | None) -> LatentCode:
    """Draws and tabulates the posteriors of sentences.

    Args:
        model: the text VAE that gave them.
        encoded: the posteriors.
        labels: of the sentences, or None.

    Raises:
        InputError: matplotlib is not installed.
    """
    mapped = spread(len(encoded.mean), _MAPPED)
    labels = None if labels is None else Categories.of(labels)[mapped]
    values = dimension_table(model, encoded)
    drawn = ["kl", "factor"] if hasattr(model, "posterior_scale") else ["kl"]
    table = pd.DataFrame({_title(name): values[name] for name in DIMENSION})
    table = table.map("{:.4g}".format)
    table.insert(0, "dimension", range(len(table)))
    return LatentCode(
        draw_map(encoded.mean[mapped], labels),
        [draw_bars(_title(name), values[name]) for name in drawn],
        table,
    )


def _title(name):
    metric = DIMENSION[name]
    return f"{metric.meaning} ({metric.unit})" if metric.unit else metric.meaning
