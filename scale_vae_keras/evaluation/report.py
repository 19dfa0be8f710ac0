"""Metrics of one or several runs as a table, with a line on what is a bound and what is not."""

from collections.abc import Mapping

from scale_vae_keras.metrics import EVALUATION, LABELS, OF_RUN
from scale_vae_keras.metrics.metric import Metric
from scale_vae_keras.priors import PRIORS, prior_kind
from scale_vae_keras.tables import ComparedRuns


def metrics_table(runs: Mapping[str, Mapping[str, object]]) -> ComparedRuns:
    """Metrics side by side, for a console of rich; a row for each run on a narrow one.

    Args:
        runs: name of each run -> its metrics, as `evaluate_model` returns them.
    """
    known = known_metrics(*runs.values())
    figures = {
        run: {
            name: shown_metric(metric_value(metrics, name), metrics.get(f"{name}_se"))
            for name in known
        }
        for run, metrics in runs.items()
    }
    about = {name: (metric.unit, metric.meaning) for name, metric in known.items()}
    return ComparedRuns(figures, about)


def known_metrics(*runs: Mapping[str, object]) -> dict[str, Metric]:
    """The figures that a table of runs has, by name: the split, and those of labels, where known.

    Args:
        *runs: metrics, as `evaluate_model` returns them.
    """
    of_run = OF_RUN if any("split" in metrics for metrics in runs) else {}
    of_labels = LABELS if any("condition" in metrics for metrics in runs) else {}
    return of_run | EVALUATION | of_labels


def metric_value(metrics: Mapping[str, object], name: str) -> object:
    """A figure of a run, None where an earlier version did not compute it.

    Args:
        metrics: as `evaluate_model` returns them, or returned them in earlier versions.
        name: name of the figure, one of `EVALUATION`.
    """
    return measured_prior(metrics) if name == "prior" else metrics.get(name)


def measured_prior(metrics: Mapping[str, object]) -> str:
    """The name of the prior that figures are declared for.

    Args:
        metrics: as `evaluate_model` returns them, or returned them in earlier versions.
    """
    return metrics.get("prior") or prior_kind(metrics["generator"])


def shown_metric(value: object, error: float | None) -> str:
    """A metric as text, with its standard error where there is one, "-" where there is none."""
    if value is None:
        return "-"
    if isinstance(value, dict):
        return " ".join(f"{entry:.3g}" for entry in value.values())
    if isinstance(value, float):
        return f"{value:.3f}" + ("" if error is None else f" ± {error:.3f}")
    return str(value)


def notes(metrics: Mapping[str, object]) -> list[str]:
    """Lines that say how the metrics of a run may be read.

    Args:
        metrics: as `evaluate_model` returns them.
    """
    given = []
    if metrics.get("condition"):
        given.append(
            "Likelihoods are p(text | label): do not compare them with those of text alone."
        )
    precision = metrics.get("precision", "float32")
    if precision != "float32":
        given.append(f"Encoder and decoder computed in {precision}: likelihoods are rounded.")
    if metrics["factor"] is None:
        return [
            "A language model has no latent code: iw_nll is its exact negative log-likelihood.",
            *given,
        ]
    prior = measured_prior(metrics)
    how = "rank models by iw_nll"
    if metrics["ess"] is None:
        how += ", for which evaluate needs samples above 0"
    lines = [
        "elbo_nll and iw_nll, each in expectation over its samples, are upper bounds of the "
        f'negative log-likelihood under the prior "{prior}"; {how}.',
        *given,
    ]
    if prior in PRIORS and PRIORS[prior].needs_fit:
        lines.append("This prior is fitted to the posteriors of training sentences.")
    if prior in PRIORS and not PRIORS[prior].closed_form:
        lines.append("The KL of elbo_nll, to a mixture, is estimated with samples, without bias.")
    if any(value != 1.0 for value in metrics["factor"].values()):
        lines.append(
            "objective_nll is NOT a bound: the posterior is scaled and its KL is not; do not "
            "compare it with likelihoods."
        )
        if metrics["mi"] - 2 * metrics["mi_se"] > metrics["kl"]:
            lines.append(
                f"mi {metrics['mi']:.2f} exceeds kl {metrics['kl']:.2f}: objective_nll is below "
                "what any prior could reach with this posterior."
            )
    if metrics["mi"] > metrics["mi_cap"] - 0.1:
        lines.append("mi is at its cap: the information is at least that, but is not known.")
    if metrics["ess"] is not None and metrics["ess"] < 0.02 * metrics["iw_samples"]:
        lines.append(
            f"the importance weights rest on {metrics['ess']:.1f} of {metrics['iw_samples']} "
            "samples: iw_nll is far above the true value, use more samples."
        )
    return lines
