"""The figures of a model on a split, each with its uncertainty."""

import math
from pathlib import Path

import numpy as np

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.density import Density, evaluate_density
from scale_vae_keras.evaluation.encode import (
    Encoded,
    condition_of,
    encode_sentences,
    label_probabilities,
)
from scale_vae_keras.evaluation.information import (
    active_units,
    batch_mutual_information,
    estimate_information,
    mutual_posterior_divergence,
    mutual_posterior_divergence_bound,
)
from scale_vae_keras.evaluation.prior import check_declared, declared_prior, generator_factor
from scale_vae_keras.priors import ALIASES, Prior
from scale_vae_keras.settings import whole_number

Metrics = dict[str, object]


def evaluate_model(
    model,
    split: EncodedSplit,
    samples: int = 500,
    prior: str | Prior | None = None,
    seed: int = 0,
    fitted_on: EncodedSplit | None = None,
    journal: str | Path | None = None,
    progress: bool = False,
) -> Metrics:
    """Evaluates a model; the same arguments give the same figures.

    Figures are in nats per sentence, including the end symbol, unless said otherwise; `name_se` is
    the standard error of the mean `name` over sentences. A figure that was not computed is None.

    - `objective_nll`: reconstruction + `kl`, minus the paper's objective, whatever bound or prior
      the model was trained with. For Scale-VAE it bounds nothing.
    - `elbo_nll`: reconstruction + KL to the declared prior; an upper bound of the negative
      log-likelihood. For a mixture the KL, too, is estimated with the samples, without bias.
    - `iw_nll`, `iw_samples`: importance-weighted negative log-likelihood under the declared
      prior, an upper bound in expectation that is exact as the samples grow; `ppl`, its
      exponential per predicted token; `ess`, the mean effective number of samples.
    - `bits_per_byte`: `iw_nll` of all sentences in bits, by the UTF-8 bytes of their text; models
      with different tokenizers compare. None where the split has no bytes.
    - `reconstruction`; `kl`, KL(q || N(0, I)) of the posterior that the objective charges;
      `kl_scaled_prior` and `kl_standard_prior`, of the posterior that the decoder samples from to
      the priors "scaled" and "standard".
    - `mi`, `mi_cap`, `mi_upper`: mutual information of that posterior, its estimator's cap, and an
      upper bound, see `estimate_information`; `mi_batch`, `mi_batch_cap`: the estimate within
      batches of 32 sentences of similar length.
    - `au`, `au_unscaled`: active units under the posterior that the decoder samples from, and under
      the encoder's own.
    - `mpd`, `mpd_bound`: mutual posterior divergence of the posterior that the decoder samples
      from, and its lower bound.
    - For a language model `iw_nll` is exact and what describes a latent code is None.
    - For a model with a condition every likelihood is p(text | label), and there are `condition`,
      "label"; `label_majority`, the share of the split's most frequent label; and of a
      semi-supervised one `label_accuracy`, the share of sentences whose most likely label under the
      classifier is their own.
    - `sentences`, `tokens` (predicted), `factor` (minimum, mean and maximum of f-bar), `prior`
      (its name), `generator` (the name that earlier versions gave it), `precision` (of encoder and
      decoder), `seed`.

    Args:
        model: a text VAE or the language model of this package.
        split: the sentences.
        samples: importance samples per sentence; 0 leaves importance weighting out.
        prior: the prior to measure the likelihood under, by name or as an object; the model's own
            by default, see `declared_prior`.
        seed: seed of all samples but those that the prior "mixture" is fitted to, which are the
            same ones for all seeds; an integer from 0 on.
        fitted_on: training sentences, needed if `prior` is not the model's own and is fitted.
        journal: a file that keeps what is done of a long evaluation, see `evaluate_density`.
        progress: whether to show a progress bar.

    Raises:
        InputError: an argument is out of its range, the prior is not fitted yet or was trained
            with another model, or "mixture" is fitted without scikit-learn.
    """
    return evaluate_sentences(model, split, samples, prior, seed, fitted_on, journal, progress)[0]


def evaluate_sentences(
    model,
    split: EncodedSplit,
    samples: int = 500,
    prior: str | Prior | None = None,
    seed: int = 0,
    fitted_on: EncodedSplit | None = None,
    journal: str | Path | None = None,
    progress: bool = False,
) -> tuple[Metrics, Density]:
    """The figures of `evaluate_model`, whose arguments these are, and those of each sentence."""
    samples, latent = whole_number("samples", samples, 0), bool(model.latent_dim)
    samples, seed = samples if latent else 1, whole_number("seed", seed, 0)
    if latent:
        check_declared(prior, model.prior.kind)
        if isinstance(split, EncodedSplit) and split.sentences < 2:
            raise InputError("a code is measured over sentences: give at least two")
    fitted = None if fitted_on is None else encode_sentences(model, fitted_on)
    declared = declared_prior(model, prior, fitted)
    encoded = encode_sentences(model, split)
    terms = evaluate_density(
        model, split, encoded, declared, samples, seed, journal=journal, progress=progress
    )
    metrics = {
        "prior": declared.kind,
        "generator": _GENERATORS.get(declared.kind, declared.kind),
        "precision": model.dtype_policy.name,
        "seed": seed,
        **_density_metrics(terms, samples),
        "bits_per_byte": bits_per_byte(terms.log_likelihood, split.text_bytes),
        **(_latent_metrics(encoded, split.lengths, seed) if latent else _NO_LATENT_METRICS),
        "factor": _extremes(generator_factor(model)) if latent else None,
        **(_label_metrics(model, split) if model.labels else {}),
    }
    return metrics, terms


def _label_metrics(model, split):
    """What `metrics.LABELS` explains, of a split whose sentences all have labels."""
    numbers = condition_of(model, split)
    metrics = {
        "condition": "label",
        "label_majority": float(np.bincount(numbers).max() / len(numbers)),
        "label_accuracy": None,
    }
    if model.classifier is not None:
        right = np.argmax(label_probabilities(model, split), axis=1) == numbers
        metrics["label_accuracy"] = float(right.mean())
    return metrics


_GENERATORS = {kind: generator for generator, kind in ALIASES.items()}

_NO_LATENT_METRICS = dict.fromkeys(
    [
        *("mi", "mi_se", "mi_cap", "mi_upper", "mi_batch", "mi_batch_cap"),
        *("au", "au_unscaled", "mpd", "mpd_bound"),
    ]
)


def _extremes(values):
    return {"min": float(values.min()), "mean": float(values.mean()), "max": float(values.max())}


def _density_metrics(terms: Density, samples: int) -> Metrics:
    tokens = int(terms.tokens.sum())
    metrics = {
        **mean_and_error("objective_nll", -terms.objective),
        **mean_and_error("elbo_nll", -terms.elbo),
        **mean_and_error("iw_nll", -terms.log_likelihood),
        "iw_samples": samples,
        "ppl": float(np.exp(-terms.log_likelihood.sum() / tokens)),
        **mean_and_error("ess", terms.ess),
        **mean_and_error("reconstruction", terms.reconstruction),
        **mean_and_error("kl", terms.kl),
        **mean_and_error("kl_scaled_prior", terms.kl_scaled_prior),
        **mean_and_error("kl_standard_prior", terms.kl_standard_prior),
        "sentences": len(terms.tokens),
        "tokens": tokens,
    }
    return {name: None if _is_nan(value) else value for name, value in metrics.items()}


def bits_per_byte(log_likelihood: np.ndarray, text_bytes: np.ndarray | None) -> float | None:
    """The cost of sentences in bits per byte of their text; None if either is unknown.

    Args:
        log_likelihood: log-likelihood of each sentence, in nats, `[sentences]`.
        text_bytes: UTF-8 bytes of each sentence, `[sentences]`.
    """
    if text_bytes is None or np.isnan(log_likelihood).any():
        return None
    return float(-log_likelihood.sum() / (math.log(2) * text_bytes.sum()))


def _is_nan(value):
    return isinstance(value, float) and math.isnan(value)


def mean_and_error(name: str, values: np.ndarray) -> Metrics:
    """A mean over sentences as `name` and its standard error as `name_se`; NaN of one sentence.

    Args:
        name: name of the mean.
        values: one of each sentence, float `[sentences]`.
    """
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return {name: float(values.mean()), f"{name}_se": float(error)}


def _latent_metrics(encoded: Encoded, lengths: np.ndarray, seed: int) -> Metrics:
    posterior = (encoded.mean, encoded.log_var)
    whole = estimate_information(*posterior, seed)
    by_length = np.argsort(lengths, kind="stable")
    batch, batch_cap = batch_mutual_information(*(part[by_length] for part in posterior), seed=seed)
    return {
        "mi": whole.estimate,
        "mi_se": whole.standard_error,
        "mi_cap": whole.cap,
        "mi_upper": whole.upper_bound,
        "mi_batch": batch,
        "mi_batch_cap": batch_cap,
        "au": active_units(encoded.mean),
        "au_unscaled": active_units(encoded.unscaled_mean),
        "mpd": float(mutual_posterior_divergence(*posterior).sum()),
        "mpd_bound": mutual_posterior_divergence_bound(*posterior),
    }


def dimension_table(model, encoded: Encoded) -> dict[str, np.ndarray]:
    """Figures of each latent dimension, means over sentences, each `[latent]`.

    Args:
        model: the model that gave the posteriors.
        encoded: posteriors of the sentences.

    Returns:
        `factor`; `mean_variance` and `unscaled_mean_variance`, the variance over sentences of the
        mean of the posterior that the decoder samples from and of the encoder's own; `variance`,
        the mean posterior variance; and in nats `kl`, `kl_scaled_prior`, `kl_standard_prior` and
        `mpd`.
    """
    posterior = (encoded.mean, encoded.log_var)
    charged = (encoded.unscaled_mean, encoded.unscaled_log_var)
    standard, scaled = declared_prior(model, "standard"), declared_prior(model, "scaled")
    rates = {
        "kl": standard.kl_by_dimension(*charged),
        "kl_scaled_prior": scaled.kl_by_dimension(*posterior),
        "kl_standard_prior": standard.kl_by_dimension(*posterior),
    }
    return {
        "factor": generator_factor(model),
        "mean_variance": np.var(encoded.mean, axis=0, ddof=1, dtype=np.float64),
        "unscaled_mean_variance": np.var(encoded.unscaled_mean, axis=0, ddof=1, dtype=np.float64),
        "variance": np.exp(np.float64(encoded.log_var)).mean(axis=0),
        **{name: rate.numpy().mean(axis=0) for name, rate in rates.items()},
        "mpd": mutual_posterior_divergence(*posterior),
    }
