"""What a text VAE says of sentences: their likelihood and label, and the prior fitted to them."""

from typing import Any

import tensorflow as tf

from scale_vae_keras.conditions.conditional import Labels
from scale_vae_keras.data.batches import sampled_batches
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.data.input_checks import as_ids, ids_of_batches
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.first_posteriors import first_posteriors
from scale_vae_keras.evaluation.importance_weighting import importance_estimates, sentence_streams
from scale_vae_keras.layers.graphs import graph_of, needs_autograph
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.priors.prior import FIT_LIMIT
from scale_vae_keras.settings import whole_number

_FIT_BATCH = 512
_MOST_ROWS = 1024


class MeasuredVAE:
    """Mixin for models with `encode`, `decoder`, `encoder`, `classifier` and `prior`."""

    def log_likelihood(
        self,
        ids: tf.Tensor,
        samples: int = 100,
        seed: int = 0,
        label: Labels | None = None,
    ) -> tf.Tensor:
        """Importance-weighted estimate of log p(ids), or log p(ids | label), under the prior.

        A lower bound in expectation, exact as the samples grow (Burda et al., 2016). For a whole
        corpus, with other priors and the effective sample size, see `evaluate_density`, which
        gives the same figures: row i has the samples of sentence i of a split.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            samples: number of importance samples per sentence.
            seed: seed of the samples.
            label: labels, for a model with a condition, by name or number.

        Returns:
            Nats, including the end symbol, float32 `[batch]`.

        Raises:
            InputError: `samples` is below 1, `seed` is below 0, or the prior is not fitted yet.
        """
        samples, seed = whole_number("samples", samples, 1), whole_number("seed", seed, 0)
        ids = as_ids(ids, self.vocabulary_size)
        self.ensure_built()
        self.prior.check_fitted()
        label = self.numbers_of(label, len(ids))

        def score(z):
            sentences, drawn = z.shape[:2]
            code = self.with_label(z, label)
            rows = tf.reshape(code, [sentences * drawn, self.decoder.latent_dim])
            log_likelihood = self.decoder(tf.repeat(ids, drawn, axis=0), rows)
            return tf.reshape(log_likelihood, [sentences, drawn])

        streams = sentence_streams(seed, range(len(ids)))
        estimates = importance_estimates(
            score, self.encode(ids, label), self.prior, streams, samples, _MOST_ROWS
        )
        return tf.constant(estimates.log_likelihood, tf.float32)

    def fit_prior(
        self,
        sentences: Any,
        limit: int = FIT_LIMIT,
        seed: int = 0,
    ) -> None:
        """Fits the prior to the posteriors of training sentences.

        Args:
            sentences: ids `[sentences, time]` or batches of them as for `fit`, in random order, of
                which the first `limit` sentences are used; a split, of which `limit` sentences are
                drawn; or their `Posterior`, mean and log variance `[sentences, latent]`.
            limit: maximum number of sentences encoded, at least 1.
            seed: seed of the drawn sentences and of the fit, an integer from 0 on.

        Raises:
            InputError: the prior is not one that is fitted, there is no sentence or no batch of
                ids, `limit` is below 1 or `seed` below 0, a posterior is not finite, or "mixture"
                is fitted without scikit-learn.
        """
        whole_number("limit", limit, 1)
        whole_number("seed", seed, 0)
        self.ensure_built()
        if not isinstance(sentences, Posterior):
            if isinstance(sentences, EncodedSplit):
                batches = sampled_batches(sentences, _FIT_BATCH, limit, seed)
            else:
                batches = ids_of_batches(sentences, self.vocabulary_size)
            sentences = first_posteriors(self._encoding_graph(), batches, limit)
        self.prior.fit(sentences, seed)

    def _encoding_graph(self):
        types = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)]
        reads = self.encoder_reads_label
        graph = graph_of(
            self,
            "posterior means and log variances",
            lambda: tf.function(
                self.encode,
                input_signature=types if reads else types[:1],
                autograph=needs_autograph(self, self.encoder),
            ),
        )
        if reads:
            return lambda ids, label: graph(ids, tf.cast(label, tf.int32))
        return lambda ids, label=None: graph(ids)

    def label_probabilities(self, ids: tf.Tensor) -> tf.Tensor:
        """The classifier's q(label | text), float32 `[batch, labels]`.

        Args:
            ids: `[batch, time]`, `<s> w ... </s>`, right padded, of any integer type.

        Raises:
            InputError: the model has no classifier, or it is not a batch of ids.
        """
        if self.classifier is None:
            raise InputError("the model has no classifier: train it with semi_supervised")
        ids = as_ids(ids, self.vocabulary_size)
        self.ensure_built()
        return tf.exp(self.classifier(self.encoder(ids)))
