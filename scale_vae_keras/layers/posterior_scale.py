"""The scale-up factor of Scale-VAE and its average over an epoch."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import global_moments, host_value
from scale_vae_keras.layers.state import add_state
from scale_vae_keras.settings import Range, Settings, check, setting, whole_number


@dataclass(frozen=True)
class FactorSettings(Settings):
    """Settings of `PosteriorScale`."""

    des_std: float = setting(
        0.7,
        "target standard deviation of scaled posterior means over a batch",
        above=0,
        search=Range(0.3, 1.5),
    )
    ddof: int = setting(
        1, "1 divides the squared deviations of a batch by N - 1, 0 by N", choices=(0, 1)
    )
    average: str = setting(
        "arithmetic",
        "how the factors of an epoch are averaged: arithmetic, pooled or median",
        choices=("arithmetic", "pooled", "median"),
        search=("arithmetic", "pooled", "median"),
    )
    through_batch_factor: bool = setting(
        True, "whether gradients flow through the batch's own factor"
    )
    min_factor_batch: int = setting(
        16, "smallest global batch whose own factor is used and recorded", least=2
    )
    max_factor: float = setting(1e4, "upper limit of a batch's factor", above=0)


@keras.saving.register_keras_serializable("scale_vae_keras")
class PosteriorScale(keras.layers.Layer):
    """Multiplies posterior means by `f = des_std / Std[mean]`, one factor per latent dimension.

    Scale-VAE (Song et al., LREC-COLING 2024), Algorithm 1. In training the layer uses the factor
    of the global mini-batch until the epoch average is put into effect, and the average from then
    on; outside training it always uses the average, never the statistics of a batch. The factor of
    every training batch is recorded in every epoch.

    A batch of fewer than `min_factor_batch` sentences, or one with a factor that is not finite, is
    scaled by the average in effect (else by the average of the epoch's record, else by 1) and is
    not recorded.

    Weights, all float32 and not trainable: `average` `[latent]` (f-bar), `has_average`,
    `in_effect`, the epoch's record (`record_sum` `[latent]`, `record_count`, and in median mode
    `record` `[record_size, latent]`), and the epoch's counters `capped` (factors at `max_factor`)
    and `unrecorded` (batches); and `epochs`, whose average was taken.

    Args:
        des_std: the target standard deviation of scaled means over a batch.
        ddof: 1 divides the squared deviations by N - 1, 0 by N.
        average: how the factors of an epoch become one: "arithmetic" is the mean of f (the
            paper's), "pooled" is des_std over the root of the mean batch variance, "median" is the
            median of f in each dimension over the last `record_size` batches.
        through_batch_factor: whether gradients flow through the batch's own factor.
        min_factor_batch: smallest global batch whose own factor is used and recorded.
        max_factor: upper limit of a batch's factor.
        record_size: number of batches that the median looks back on.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> layer = sv.layers.PosteriorScale(des_std=2.0, ddof=0, min_factor_batch=2)
        >>> layer(tf.constant([[-0.5], [0.5]]), training=True).numpy()  # f = 2 / 0.5
        array([[-2.],
               [ 2.]], dtype=float32)
        >>> layer.factor().numpy()  # the average of what is recorded so far
        array([4.], dtype=float32)
    """

    def __init__(
        self,
        des_std: float = FactorSettings.des_std,
        ddof: int = FactorSettings.ddof,
        average: str = FactorSettings.average,
        through_batch_factor: bool = FactorSettings.through_batch_factor,
        min_factor_batch: int = FactorSettings.min_factor_batch,
        max_factor: float = FactorSettings.max_factor,
        record_size: int = 8192,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32", **kwargs})
        check(
            FactorSettings,
            des_std=des_std,
            ddof=ddof,
            average=average,
            through_batch_factor=through_batch_factor,
            min_factor_batch=min_factor_batch,
            max_factor=max_factor,
        )
        self.des_std = des_std
        self.ddof = ddof
        self.average_mode = average
        self.through_batch_factor = through_batch_factor
        self.min_factor_batch = min_factor_batch
        self.max_factor = max_factor
        self.record_size = whole_number("record_size", record_size, 1)
        self.supports_jit = False

    def build(self, input_shape):
        """Creates the factor's state for means `[batch, latent]`."""
        latent = input_shape[-1]
        self.average = add_state(self, "average", (latent,), "ones")
        self.has_average = add_state(self, "has_average")
        self.in_effect = add_state(self, "in_effect")
        self.record_sum = add_state(self, "record_sum", (latent,))
        self.record_count = add_state(self, "record_count")
        self.capped = add_state(self, "capped")
        self.unrecorded = add_state(self, "unrecorded")
        if self.average_mode == "median":
            self.record = add_state(self, "record", (self.record_size, latent))
        self.epochs = add_state(self, "epochs")

    def load_own_variables(self, store):
        """Loads the weights, from files without the count of epochs too."""
        own = self.weights
        if not self.built or len(store.keys()) != len(own) - 1:
            super().load_own_variables(store)
            return
        for i, variable in enumerate(own[:-1]):
            variable.assign(store[str(i)])
        self.epochs.assign(self.has_average)

    def call(self, mean: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Scaled means, float32 `[batch, latent]`; for the arguments see `factor_in_effect`."""
        return self.factor_in_effect(mean, training) * mean

    def factor_in_effect(self, mean: tf.Tensor, training: bool = False) -> tf.Tensor:
        """What the means of a batch are multiplied by.

        Args:
            mean: posterior means, float32 `[batch, latent]`; this replica's share of the batch.
            training: whether to compute, use and record the batch's own factor.

        Returns:
            float32 `[latent]`.
        """
        if not training:
            return self.factor()
        variance, count = self.batch_variance(mean)
        own = self.des_std * tf.math.rsqrt(
            tf.maximum(variance, (self.des_std / self.max_factor) ** 2)
        )
        finite = tf.reduce_all(tf.math.is_finite(variance) & tf.math.is_finite(own))
        usable = (count >= self.min_factor_batch) & finite
        use_own = usable & (self.in_effect < 0.5)
        used = own if self.through_batch_factor else tf.stop_gradient(own)
        factor = tf.where(use_own, used, self.factor())
        self._record(tf.stop_gradient(own), tf.stop_gradient(variance), usable)
        return factor

    def batch_variance(self, mean: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Variance of each dimension over the global batch, and the number of its sentences.

        Args:
            mean: posterior means, float32 `[batch, latent]`.

        Returns:
            The variance with the layer's `ddof`, float32 `[latent]`, and a float32 scalar.
        """
        variance, count = global_moments(mean, self.ddof)[1:]
        return variance, count

    def factor(self) -> tf.Tensor:
        """The factor used outside training, float32 `[latent]`.

        It is f-bar; before the first epoch has closed, the average of what is recorded so far;
        before the first batch, 1.
        """
        fallback = tf.where(
            self.record_count > 0.5, self._average_of_record(), tf.ones_like(self.average)
        )
        return tf.where(self.has_average > 0.5, tf.convert_to_tensor(self.average), fallback)

    def _record(self, own, variance, usable):
        contribution = variance if self.average_mode == "pooled" else own
        if self.average_mode == "median":
            row = tf.cast(self.record_count, tf.int32) % self.record_size
            old = tf.gather(tf.convert_to_tensor(self.record), row)
            self.record.assign(
                tf.tensor_scatter_nd_update(
                    tf.convert_to_tensor(self.record),
                    [[row]],
                    [tf.where(usable, own, old)],
                )
            )
        self.record_sum.assign(
            self.record_sum + tf.where(usable, contribution, tf.zeros_like(contribution))
        )
        recorded = tf.cast(usable, tf.float32)
        self.record_count.assign(self.record_count + recorded)
        self.unrecorded.assign(self.unrecorded + 1.0 - recorded)
        at_cap = tf.reduce_sum(tf.cast(own >= self.max_factor * (1 - 1e-6), tf.float32))
        self.capped.assign(self.capped + recorded * at_cap)

    def _average_of_record(self):
        count = tf.maximum(tf.convert_to_tensor(self.record_count), 1.0)
        if self.average_mode == "arithmetic":
            return self.record_sum / count
        if self.average_mode == "pooled":
            floor = (self.des_std / self.max_factor) ** 2
            return self.des_std * tf.math.rsqrt(tf.maximum(self.record_sum / count, floor))
        rows = tf.minimum(tf.cast(count, tf.int32), self.record_size)
        ordered = tf.sort(tf.convert_to_tensor(self.record)[:rows], axis=0)
        return 0.5 * (ordered[(rows - 1) // 2] + ordered[rows // 2])

    def open_record(self) -> None:
        """Starts the record of a new epoch; that of a layer which is not built yet is empty."""
        if not self.built:
            return
        for state in (self.record_sum, self.record_count, self.capped, self.unrecorded):
            state.assign(tf.zeros_like(state))

    def close_record(self) -> None:
        """Makes the average of the record f-bar; a record without any batch changes nothing."""
        if float(host_value(self.record_count)) > 0:
            self.average.assign(self._average_of_record())
            self.has_average.assign(1.0)

    def put_in_effect(self, in_effect: bool) -> None:
        """Whether training uses f-bar instead of the batch's own factor.

        Raises:
            InputError: there is no average yet.
        """
        if in_effect and (not self.built or float(host_value(self.has_average)) < 0.5):
            raise InputError(
                "no epoch average of the factor yet: train at least one epoch first, from "
                "initial_epoch=0"
            )
        if not self.built:
            return
        self.in_effect.assign(float(in_effect))

    def compute_output_shape(self, input_shape):
        """Shape of the scaled means."""
        return input_shape

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "des_std": self.des_std,
            "ddof": self.ddof,
            "average": self.average_mode,
            "through_batch_factor": self.through_batch_factor,
            "min_factor_batch": self.min_factor_batch,
            "max_factor": self.max_factor,
            "record_size": self.record_size,
        }


def find_posterior_scale(model: keras.Model) -> PosteriorScale | None:
    """The layer of a model, whatever it is called and however deep it lies; None without one.

    Args:
        model: a subclassed, functional or sequential model.

    Raises:
        InputError: there are several.
    """
    found = {id(layer): layer for layer in _posterior_scales(model)}
    if len(found) > 1:
        names = ", ".join(layer.name for layer in found.values())
        raise InputError(f"{model.name!r} has several layers PosteriorScale: {names}; keep one")
    return next(iter(found.values()), None)


def _posterior_scales(layer):
    for part in [*getattr(layer, "layers", []), *_values(layer)]:
        if isinstance(part, PosteriorScale):
            yield part
        elif isinstance(part, keras.layers.Layer) and part is not layer:
            yield from _posterior_scales(part)


def _values(layer):
    """The values of a layer's attributes, those of lists and dictionaries one by one."""
    for value in vars(layer).values():
        if isinstance(value, list | tuple):
            yield from value
        else:
            yield from value.values() if isinstance(value, dict) else [value]
