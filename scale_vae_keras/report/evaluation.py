"""The metrics of a run, as its report shows them."""

from typing import NamedTuple

import pandas as pd

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.report import known_metrics, metric_value, notes, shown_metric
from scale_vae_keras.evaluation.saved_metrics import AGAIN, read_metrics
from scale_vae_keras.runs.run_folder import RunFolder


class Evaluation(NamedTuple):
    """What a report shows of the last evaluation.

    Attributes:
        table: each metric with its value, unit, meaning, bound and which values are better.
        notes: how the metrics may be read.
    """

    table: pd.DataFrame
    notes: list[str]


def read_evaluation(folder: RunFolder) -> Evaluation | None:
    """The last evaluation of a run; None before the first.

    Raises:
        InputError: `metrics.json` cannot be read.
    """
    metrics = read_metrics(folder.metrics_path, folder.model_path)
    if metrics is None:
        return None
    try:
        rows = [
            {
                "metric": name,
                "value": shown_metric(metric_value(metrics, name), metrics.get(f"{name}_se")),
                "unit": metric.unit,
                "meaning": metric.meaning,
                "bound": metric.bound,
                "better": metric.better,
            }
            for name, metric in known_metrics(metrics).items()
        ]
        return Evaluation(pd.DataFrame(rows), notes(metrics))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder.metrics_path} cannot be read: {AGAIN} ({error!r})") from error
