"""Scale-VAE: the decoder sees scaled-up posterior means, the KL is charged on the unscaled ones."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior, UnscaledPosterior, uncharged_kl
from scale_vae_keras.layers.posterior_scale import FactorSettings, PosteriorScale
from scale_vae_keras.layers.state import add_state
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System, linear_annealing
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.schedules.bound_annealing import BoundAnnealing
from scale_vae_keras.schedules.epoch_average_scale import EpochAverageScale
from scale_vae_keras.settings import check, setting


@dataclass(frozen=True)
class ScaleSettings(LatentSettings, FactorSettings):
    """Settings of `ScaleVAE`."""

    f_epo: int = setting(
        1,
        "number of epochs that use each batch's own factor, before the epoch average takes over",
        above=0,
        search=(1, 2, 3, 5, 7),
        of_model=False,
    )
    bound: str = setting(
        "paper",
        "training objective: paper, proper or annealed",
        choices=("paper", "proper", "annealed"),
    )
    bound_start: int = setting(
        10, "epochs before an annealed bound begins to change", least=0, of_model=False
    )
    bound_epochs: int = setting(
        10, "epochs over which it changes into the proper one", least=0, of_model=False
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class ScaleVAE(TextVAE):
    """Text VAE whose posterior means are scaled to a standard deviation of `des_std`.

    Song et al., "Scale-VAE: Preventing Posterior Collapse in Variational Autoencoder",
    LREC-COLING 2024. The decoder samples z from N(f * mu, sigma^2) while the rate is
    KL(N(mu, sigma^2) || N(0, I)), with `f_d = des_std / Std[mu_d]` over the mini-batch. The
    callback `EpochAverageScale` puts the epoch average of f into effect after `f_epo` epochs.
    Sentences are generated from f * z with z ~ N(0, I).

    That objective, L, is not a bound on the likelihood of the generator; the evaluation reports a
    proper bound, ELBO_f, beside it. With f in effect ELBO_f = L - Delta, where
    `Delta = sum_d [log f_d - sigma_d^2 (1 - 1/f_d^2) / 2]` is the part of
    KL(N(f * mu, sigma^2) || N(0, f^2)) that L leaves uncharged. The rate is KL + weight * Delta:
    `bound="paper"` has weight 0, `"proper"` has weight 1, and `"annealed"` moves from 0 to 1 under
    the callback `BoundAnnealing`, to keep the start that prevents collapse and to end on a bound
    of the generator that the model has.

    With a prior that is learned with the model ("learned-mixture", "vamp") the posterior that the
    decoder samples from, N(f * mu, sigma^2), is charged to that prior: a bound at every step, and
    `bound` has no effect; "annealed" is refused.

    Args:
        vocabulary_size: number of token ids, specials included.
        latent_dim: number of latent dimensions.
        embedding_dim: width of the token embeddings of encoder and decoder.
        units: width of the LSTMs of encoder and decoder.
        dropout: share of embedding and hidden entries that the decoder drops in training.
        des_std: target standard deviation of scaled means over a batch.
        ddof: 1 divides the squared deviations of a batch by N - 1, 0 by N.
        average: how an epoch's factors become one: "arithmetic", "pooled" or "median".
        through_batch_factor: whether gradients flow through the batch's own factor.
        min_factor_batch: smallest global batch whose own factor is used and recorded.
        max_factor: upper limit of a batch's factor.
        bound: what is trained and validated: "paper", "proper" or "annealed".
        **kwargs: the further arguments of `TextVAE` and `keras.Model`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.ScaleVAE(9, latent_dim=2, embedding_dim=3, units=4, des_std=0.7)
        >>> model.encode([[1, 5, 2]]).mean.shape
        TensorShape([1, 2])
        >>> model.posterior_scale.factor().numpy()  # f-bar, before any training
        array([1., 1.], dtype=float32)
    """

    default_prior = "scaled"

    def __init__(
        self,
        vocabulary_size: int,
        latent_dim: int = ScaleSettings.latent_dim,
        embedding_dim: int = ScaleSettings.embedding_dim,
        units: int = ScaleSettings.units,
        dropout: float = ScaleSettings.dropout,
        des_std: float = ScaleSettings.des_std,
        ddof: int = ScaleSettings.ddof,
        average: str = ScaleSettings.average,
        through_batch_factor: bool = ScaleSettings.through_batch_factor,
        min_factor_batch: int = ScaleSettings.min_factor_batch,
        max_factor: float = ScaleSettings.max_factor,
        bound: str = ScaleSettings.bound,
        **kwargs,
    ):
        super().__init__(vocabulary_size, latent_dim, embedding_dim, units, dropout, **kwargs)
        check(ScaleSettings, bound=bound)
        if bound == "annealed" and self.prior.learned:
            raise InputError(
                f'the prior "{self.prior.kind}" is charged whole from the start: leave '
                'bound="annealed" out'
            )
        self.bound = bound
        self.scale_config = {
            "des_std": des_std,
            "ddof": ddof,
            "average": average,
            "through_batch_factor": through_batch_factor,
            "min_factor_batch": min_factor_batch,
            "max_factor": max_factor,
        }
        self.posterior_scale = PosteriorScale(**self.scale_config, name="posterior_scale")

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        self.posterior_scale.build((input_shape[0], self.latent_dim))
        if self.bound == "annealed":
            self.bound_weight = add_state(self, "bound_weight")
        super().build(input_shape)

    @property
    def counters(self) -> list[keras.Variable]:
        """As for `TextVAE`, and the epochs whose average factor was taken."""
        return [*super().counters, self.posterior_scale.epochs]

    @property
    def needed_callbacks(self) -> dict[str, str]:
        """`EpochAverageScale`, and `BoundAnnealing` for an annealed bound."""
        needed = {
            "EpochAverageScale": "f-bar is that of all batches so far and training never uses it; "
            "pass callbacks=[EpochAverageScale(f_epo=1)]"
        }
        if self.bound == "annealed":
            needed["BoundAnnealing"] = "the bound stays the paper's objective"
        return needed

    def posteriors(
        self, posterior: Posterior, training: bool
    ) -> tuple[Posterior, UnscaledPosterior]:
        """N(f * mu, sigma^2) for the decoder, N(mu, sigma^2) for the rate."""
        mean, log_var = posterior
        factor = self.posterior_scale.factor_in_effect(mean, training)
        return Posterior(factor * mean, log_var), UnscaledPosterior(mean, log_var, factor)

    def rate(
        self,
        charged: UnscaledPosterior,
        training: bool = True,
        learned: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """KL(q || N(0, I)) and, as `bound` says, Delta of each sentence, nats, `[batch]`.

        With a learned prior its rate instead.
        """
        kl = super().rate(charged, training, learned)
        if self.bound == "paper" or learned is not None:
            return kl
        weight = self.bound_weight if self.bound == "annealed" else 1.0
        return kl + weight * tf.reduce_sum(uncharged_kl(charged), axis=-1)

    def decoder_input(self, prior_sample: tf.Tensor) -> tf.Tensor:
        """`f * z`: the paper's generator, for a sample `[batch, latent]` of N(0, I)."""
        return self.posterior_scale.factor() * prior_sample

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), **self.scale_config, "bound": self.bound}


def _callbacks(config, *_):
    callbacks = [EpochAverageScale(config.f_epo), *linear_annealing(config)]
    if config.bound == "annealed":
        callbacks.append(BoundAnnealing(config.bound_start, config.bound_epochs))
    return callbacks


SYSTEM = System(
    "scale",
    ScaleVAE,
    ScaleSettings,
    "the decoder sees scaled-up posterior means",
    "Song et al. (2024)",
    _callbacks,
)
