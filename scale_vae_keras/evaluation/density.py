"""Likelihood, bounds and rates of every sentence of a data set."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from rich.progress import track

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.data.input_checks import batch_errors
from scale_vae_keras.evaluation.encode import Encoded, check_finite, condition_of
from scale_vae_keras.evaluation.importance_weighting import importance_estimates, sentence_streams
from scale_vae_keras.evaluation.journal import Journal
from scale_vae_keras.evaluation.prior import declared_prior
from scale_vae_keras.evaluation.sample_likelihood import sample_likelihood
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.priors import Prior
from scale_vae_keras.settings import whole_number

_MOST_ROWS = 1536
_MOST_LOGITS = 2**24


class Density(NamedTuple):
    """Quantities of each sentence, in the order of the split, in nats, float64 `[sentences]`.

    Attributes:
        reconstruction: mean over samples of -log p(x | z), z ~ q, including the end symbol.
        kl: KL(q || N(0, I)) of the posterior that the objective charges.
        kl_scaled_prior: KL of the posterior that the decoder samples from, q-hat, to
            N(0, diag f-bar^2).
        kl_standard_prior: KL(q-hat || N(0, I)).
        kl_prior: KL(q-hat || the declared prior); for a mixture, whose KL has no
            closed form, the mean over the samples of log q-hat(z | x) - log prior(z), an unbiased
            estimate. The samples are those of the reconstruction and of the importance weights.
        log_likelihood: importance-weighted estimate of log p(x) under the declared prior; NaN
            without importance weighting.
        ess: effective sample size of the importance weights, from 1 to the number of samples; NaN
            without importance weighting.
        tokens: how many tokens are predicted, including the end symbol, int64.

    Example:
        >>> one = np.ones(1)
        >>> density = Density(40 * one, 2 * one, 5 * one, 4 * one, 3 * one, -42 * one, one, one)
        >>> density.elbo, density.objective
        (array([-43.]), array([-42.]))
    """

    reconstruction: np.ndarray
    kl: np.ndarray
    kl_scaled_prior: np.ndarray
    kl_standard_prior: np.ndarray
    kl_prior: np.ndarray
    log_likelihood: np.ndarray
    ess: np.ndarray
    tokens: np.ndarray

    @property
    def objective(self) -> np.ndarray:
        """-(reconstruction + kl): a bound on log p(x) only where nothing is scaled."""
        return -(self.reconstruction + self.kl)

    @property
    def elbo(self) -> np.ndarray:
        """Lower bound of log p(x) under the declared prior.

        The reconstruction is the mean over samples; so is the rate of a mixture. The estimate is
        unbiased.
        """
        return -(self.reconstruction + self.kl_prior)


def evaluate_density(
    model,
    split: EncodedSplit,
    encoded: Encoded,
    prior: Prior,
    samples: int,
    seed: int = 0,
    rows: int | None = None,
    journal: str | Path | None = None,
    progress: bool = False,
) -> Density:
    """Evaluates every sentence of a split.

    Likelihoods are importance weighted, see `importance_estimates`. Where the prior is wider than
    sqrt(2) times the posterior, as "scaled" is where f-bar > sqrt(2) sigma, the weights have no
    bounded variance; the estimate then converges slowly and the effective sample size is small.

    The likelihoods of a model with a condition are given the labels of the split.

    The samples of a sentence depend only on the seed and its place in the split, not on how the
    work is divided; more samples begin with the same ones. A language model has no latent code:
    its likelihood is exact with any number of samples, and all rates are zero.

    Args:
        model: a text VAE or the language model of this package.
        split: the sentences.
        encoded: their posteriors, see `encode_sentences`.
        prior: the prior to measure the likelihood under, see `declared_prior`.
        samples: importance samples per sentence; with 0 there is no importance weighting, and the
            reconstruction is estimated with one sample.
        seed: seed of the samples, an integer from 0 on.
        rows: maximum number of samples per pass, over all its sentences, which bounds memory; by
            default chosen for speed.
        journal: a file that keeps what is done, so that an interrupted evaluation continues where
            it stopped; it is removed at the end.
        progress: whether to show a progress bar.

    Raises:
        InputError: an argument is out of its range, the journal belongs to another evaluation, or
            a sentence lacks the label that its likelihood is given.
    """
    samples, seed = whole_number("samples", samples, 0), whole_number("seed", seed, 0)
    if rows is not None:
        rows = whole_number("rows", rows, 1)
    check_finite(encoded)
    if not model.latent_dim:
        samples = min(samples, 1)
    rows = rows or min(_MOST_ROWS, max(1, _MOST_LOGITS // model.vocabulary_size))
    with batch_errors():
        scores = _importance_weighting(
            model, split, encoded, prior, samples, seed, rows, journal, progress
        )
    unit, scaled = declared_prior(model, "standard"), declared_prior(model, "scaled")
    sampled = (encoded.mean, encoded.log_var)
    return Density(
        reconstruction=scores[:, 0],
        kl=unit.kl(encoded.unscaled_mean, encoded.unscaled_log_var).numpy(),
        kl_scaled_prior=scaled.kl(*sampled).numpy(),
        kl_standard_prior=unit.kl(*sampled).numpy(),
        kl_prior=prior.kl(*sampled).numpy() if prior.closed_form else scores[:, 1],
        log_likelihood=scores[:, 2] if samples else np.full(len(scores), np.nan),
        ess=scores[:, 3] if samples else np.full(len(scores), np.nan),
        tokens=split.lengths - 1,
    )


def _importance_weighting(model, split, encoded, prior, samples, seed, rows, journal, progress):
    """The columns of `ImportanceEstimates`, float64 `[sentences, 4]`."""
    samples = max(samples, 1)
    labels = condition_of(model, split)
    scores = np.full([split.sentences, 4], np.nan)
    record = None
    if journal is not None:
        settings = [np.array([samples, seed, scores.size]), np.array(prior.kind)]
        inputs = [*settings, *prior.get_weights(), split.tokens, split.offsets, *encoded]
        if labels is not None:
            inputs += [labels, *model.label_embedding.get_weights()]
        record = Journal(journal, [*inputs, *model.decoder.get_weights()])
        scores = record.load(scores)
    score = sample_likelihood(model.decoder)
    todo = np.flatnonzero(np.isnan(scores[:, 0]))
    groups = list(_equal_lengths(split.lengths, todo, max(1, rows // samples)))
    for group in track(groups, "importance weighting", disable=not progress):
        ids = np.stack([split.tokens[split.offsets[i] : split.offsets[i + 1]] for i in group])
        estimates = importance_estimates(
            partial(_score, model, score, ids, None if labels is None else labels[group]),
            Posterior(encoded.mean[group], encoded.log_var[group]),
            prior,
            sentence_streams(seed, group),
            samples,
            rows,
        )
        scores[group] = np.stack(estimates, axis=1)
        if record is not None:
            record.save(scores)
    if record is not None:
        record.remove()
    return scores


def _score(model, score, ids, labels, z):
    code = z if labels is None else model.with_label(z, labels)
    return score(tf.constant(ids), code)


def _equal_lengths(lengths: np.ndarray, todo: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Divides the sentences `todo` into groups of one length and at most `size` sentences."""
    if not len(todo):
        return
    order = todo[np.argsort(lengths[todo], kind="stable")]
    for same in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        yield from np.split(same, range(size, len(same), size))
