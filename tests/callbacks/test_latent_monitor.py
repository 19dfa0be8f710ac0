import copy
import logging
import math

import keras
import made_models
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.callbacks import AggressiveTraining, EpochAverageScale, FitPrior, LatentMonitor
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.information import active_units, mutual_information
from scale_vae_keras.models import LanguageModel, TextVAE
from scale_vae_keras.priors import LearnedMixturePrior

PLAIN = {"mi", "mi_cap", "au", "au_unscaled"}
FACTOR = {"factor_min", "factor_mean", "factor_max", "factor_capped", "factor_unrecorded"}


@pytest.fixture(autouse=True)
def _capture(caplog):
    caplog.set_level(logging.WARNING, logger="scale_vae_keras")


def monitored(model, data):
    monitor = LatentMonitor(data)
    monitor.set_model(model)
    return monitor


def set_factor(model, factor, in_effect=True):
    made_models.set_factor(model, factor)
    model.posterior_scale.put_in_effect(in_effect)


def informative(model, size=30.0):
    """Encoder weights that give every sentence a mean of its own."""
    kernel = np.array(model.gaussian_posterior.kernel)
    kernel[:, :2] *= size
    model.gaussian_posterior.kernel.assign(kernel)
    return model


def end_epoch(monitor, epoch, **logs):
    monitor.on_epoch_end(epoch, logs)
    return logs


def test_keys_of_every_model(vae, scale_vae, data):
    assert set(end_epoch(monitored(vae, data), 0)) == PLAIN
    set_factor(scale_vae, [2.0, 4.0])
    monitor = monitored(scale_vae, data)
    assert set(end_epoch(monitor, 0)) == PLAIN | FACTOR
    assert set(end_epoch(monitor, 1)) == PLAIN | FACTOR | {"factor_change"}


def test_values(scale_vae, data, ids):
    informative(scale_vae)
    set_factor(scale_vae, [2.0, 0.01])
    scale_vae.posterior_scale.unrecorded.assign(4)
    monitor = monitored(scale_vae, data)
    logs = end_epoch(monitor, 0)
    own = scale_vae.posterior(ids)
    scaled = np.array(own.mean) * np.float32([2.0, 0.01])
    information, cap = mutual_information(scaled, np.array(own.log_var))
    np.testing.assert_allclose([logs["mi"], logs["mi_cap"]], [information, cap], rtol=1e-4)
    assert cap == pytest.approx(np.log(16))
    assert logs["au_unscaled"] == active_units(np.array(own.mean)) == 2
    assert logs["au"] == active_units(scaled)
    assert logs["factor_unrecorded"] == 4
    np.testing.assert_allclose(
        [logs["factor_min"], logs["factor_mean"], logs["factor_max"]], [0.01, 1.005, 2], rtol=1e-6
    )
    set_factor(scale_vae, [3.0, 0.009])
    assert end_epoch(monitor, 1)["factor_change"] == pytest.approx(0.5)


def test_a_healthy_run_is_silent(scale_vae, data, caplog):
    informative(scale_vae)
    monitor = monitored(scale_vae, data)
    for epoch, factor in enumerate([2.0, 2.5, 2.4]):
        set_factor(scale_vae, [factor, factor], in_effect=epoch > 0)
        end_epoch(monitor, epoch, loss=40.0 + 0.5 * epoch)
    assert caplog.messages == []


def test_collapse(vae, data, caplog):
    end_epoch(monitored(informative(vae, 0.0), data), 4)
    [message] = caplog.messages
    assert message.startswith("epoch 5: the posterior has collapsed")
    assert "0 of 2 units" in message


def test_a_factor_that_runs_away(scale_vae, data, caplog):
    informative(scale_vae)
    monitor = monitored(scale_vae, data)
    set_factor(scale_vae, [2.0, 4.0])
    end_epoch(monitor, 0)
    set_factor(scale_vae, [2.9, 5.9])  # the geometric mean grows 1.46 times
    end_epoch(monitor, 1)
    assert caplog.messages == []
    set_factor(scale_vae, [2.9, 20.0])  # and now 1.84 times
    end_epoch(monitor, 2)
    [message] = caplog.messages
    assert "running away: f-bar grew 1.8 times to 11.4" in message


def test_growth_before_the_average_is_in_effect_is_no_runaway(scale_vae, data, caplog):
    informative(scale_vae)
    monitor = monitored(scale_vae, data)
    for epoch, factor in enumerate([2.0, 9.0]):
        set_factor(scale_vae, [factor, factor], in_effect=False)
        end_epoch(monitor, epoch)
    assert caplog.messages == []


def test_capped_factors(scale_vae, data, caplog):
    informative(scale_vae)
    set_factor(scale_vae, [2.0, 4.0])
    scale_vae.posterior_scale.capped.assign(7)
    assert end_epoch(monitored(scale_vae, data), 0)["factor_capped"] == 7
    [message] = caplog.messages
    assert "7 batch factors reached the cap of 10000" in message


@pytest.mark.parametrize(("loss", "warned"), [(41.5, True), (40.9, False)])
def test_a_jump_of_the_loss_at_the_swap(scale_vae, data, caplog, loss, warned):
    informative(scale_vae)
    monitor = monitored(scale_vae, data)
    set_factor(scale_vae, [2.0, 4.0], in_effect=False)
    end_epoch(monitor, 0, loss=40.0)
    set_factor(scale_vae, [2.0, 4.0], in_effect=True)
    end_epoch(monitor, 1, loss=loss)
    assert ["raised the training loss by 1.5 nats" in text for text in caplog.messages] == (
        [True] if warned else []
    )
    caplog.clear()
    end_epoch(monitor, 2, loss=loss + 5)
    assert caplog.messages == []


def test_a_resumed_monitor_remembers(scale_vae, data, caplog):
    informative(scale_vae)
    first, second = monitored(scale_vae, data), monitored(scale_vae, data)
    set_factor(scale_vae, [2.0, 4.0], in_effect=False)
    end_epoch(first, 0, loss=40.0)
    second.set_state(first.get_state())
    set_factor(scale_vae, [3.0, 4.0], in_effect=True)
    assert end_epoch(second, 1, loss=42.0)["factor_change"] == pytest.approx(0.5)
    assert len(caplog.messages) == 1


def test_in_fit(scale_vae, data):
    history = scale_vae.fit(
        data,
        validation_data=data,
        epochs=2,
        callbacks=[EpochAverageScale(), LatentMonitor(data)],
        shuffle=False,
        verbose=0,
    ).history
    assert set(history) > PLAIN | FACTOR | {"factor_change", "val_loss"}
    average = np.array(scale_vae.posterior_scale.average)
    assert history["factor_mean"][1] == pytest.approx(average.mean(), rel=1e-6)
    scale_vae.posterior_scale.has_average.assign(0.0)
    assert not np.allclose(scale_vae.posterior_scale.factor(), tf.ones(2))


def test_the_proper_bound_of_the_generator_that_decodes_f_z(scale_vae, data, ids):
    informative(scale_vae)
    set_factor(scale_vae, [2.0, 0.5])
    monitor = monitored(scale_vae, data)
    bound = end_epoch(monitor, 0, val_reconstruction=7.0)["val_elbo_nll"]
    mean, log_var = (np.float64(part) for part in scale_vae.posterior(ids))
    factor = np.array([2.0, 0.5])
    # KL(N(f mu, sigma^2) || N(0, f^2))
    variance = np.exp(log_var) / factor**2
    rate = 0.5 * (mean**2 + variance - np.log(variance) - 1)
    assert bound == pytest.approx(7 + rate.sum(axis=1).mean(), rel=1e-4)
    np.testing.assert_allclose(monitor.encoded.unscaled_mean, mean, rtol=1e-4)


def bound_of(model, data):
    return end_epoch(monitored(model, data), 0, val_reconstruction=7.0)["val_elbo_nll"]


def test_the_bound_is_that_of_the_models_prior(data, ids):
    """Between the rate to the prior and the information, whatever the prior."""
    model = TextVAE(9, 2, 5, 6, dropout=0.0, prior="full")
    model.build((None, None))
    informative(model)
    with pytest.raises(InputError, match='"full" is not fitted yet'):
        bound_of(model, data)
    model.fit_prior(data)
    rate = model.prior.kl(*model.encode(ids))
    assert bound_of(model, data) == pytest.approx(7 + np.mean(rate), rel=1e-6)


def test_the_bound_of_a_mixture_is_estimated(data, ids):
    model = TextVAE(9, 2, 5, 6, dropout=0.0, prior=LearnedMixturePrior(1))
    model.build((None, None))
    informative(model)
    model.prior.means.assign([[1.0, -2.0]])
    model.prior.log_stddevs.assign([[0.5, 0.2]])
    mean, log_var = (np.float64(part) for part in model.encode(ids))
    variance = np.exp([1.0, 0.4])
    exact = 0.5 * np.sum(
        (np.square(mean - [1.0, -2.0]) + np.exp(log_var)) / variance
        - 1
        - log_var
        + np.log(variance),
        axis=1,
    )
    # the estimate of a mixture of one Gaussian is exact
    assert bound_of(model, data) == pytest.approx(7 + exact.mean(), rel=1e-4)
    assert bound_of(model, data) == bound_of(model, data)


def last_epoch(model, data, monitored=None):
    """The logs of an epoch that changes nothing, with the same data to validate."""
    model.compile(keras.optimizers.SGD(0.0))
    callbacks = [LatentMonitor(data if monitored is None else monitored)]
    history = model.fit(
        data, validation_data=data, callbacks=callbacks, shuffle=False, verbose=0
    ).history
    return {name: values[-1] for name, values in history.items()}


def test_the_bound_of_weighted_sentences(ids):
    """That of the plain VAE and N(0, I) is its loss, also where sentences have weights."""
    model = informative(made_models.made_model(TextVAE, dropout=0.0))
    weights = np.float32([3, 0, 1, 0.5] * 4)
    data = tf.data.Dataset.from_tensor_slices((ids, weights)).batch(8)
    data = data.map(lambda ids, weights: (ids, None, weights))
    logs = last_epoch(model, data)
    assert logs["val_elbo_nll"] == pytest.approx(logs["val_loss"], rel=1e-6)
    plain = last_epoch(model, data, data.map(lambda ids, _, weights: ids))
    assert plain["val_elbo_nll"] != pytest.approx(logs["val_loss"], rel=1e-4)
    nothing = data.map(lambda ids, _, weights: (ids, None, 0 * weights))
    assert math.isnan(
        end_epoch(monitored(model, nothing), 0, val_reconstruction=7.0)["val_elbo_nll"]
    )


def test_the_bound_of_sentences_without_a_label(ids):
    """The cost of an unknown label is in it; log 3, that of a known one, is in the loss alone."""
    arguments = {"condition": "label", "labels": ("a", "b", "c"), "semi_supervised": True}
    model = informative(made_models.made_model(TextVAE, dropout=0.0, **arguments))
    made_models.draw_weights(model.classifier.weights, stddev=2.0, seed=5)
    for unlabelled in (16, 0, 5):
        labels = np.where(np.arange(16) < unlabelled, -1, np.arange(16) % 3).astype(np.int32)
        logs = last_epoch(model, tf.data.Dataset.from_tensor_slices((ids, labels)).batch(8))
        known = math.log(3) * (16 - unlabelled) / 16
        assert logs["val_elbo_nll"] == pytest.approx(logs["val_loss"] - known, rel=1e-6)
        assert logs["val_elbo_nll"] > logs["val_reconstruction"] + logs["val_kl"] - 1e-5
    with pytest.raises(InputError, match="the labels are missing"):
        end_epoch(monitored(model, ids), 0, val_reconstruction=7.0)


def test_the_factor_without_its_callback_is_that_in_use(scale_vae, data):
    monitor = LatentMonitor(data)
    scale_vae.fit(data, epochs=2, callbacks=[monitor], shuffle=False, verbose=0)
    logs = end_epoch(monitor, 1)
    factor = np.array(scale_vae.posterior_scale.factor())
    assert factor.mean() > 2
    assert logs["factor_mean"] == pytest.approx(factor.mean(), rel=1e-6)


def test_a_generator_cannot_be_watched(vae, data):
    with pytest.raises(InputError, match="a generator gives them once"):
        vae.fit(data, callbacks=[LatentMonitor(iter([[[1, 4, 2]]]))], shuffle=False, verbose=0)


def test_a_language_model_has_nothing_to_watch(data):
    model = LanguageModel(9, 5, 6)
    model.compile("sgd")
    with pytest.raises(InputError, match="LatentMonitor needs a text VAE"):
        model.fit(data, callbacks=[LatentMonitor(data)], shuffle=False, verbose=0)


@pytest.mark.parametrize(
    "make",
    [LatentMonitor, FitPrior, lambda data: AggressiveTraining(data, data, seed=5)],
    ids=["monitor", "prior", "aggressive"],
)
def test_a_copy_shares_the_data(make, data):
    """KerasTuner copies callbacks for each trial, and a dataset with a function has no copy."""
    callback = make(data.map(lambda ids: ids))
    copied = copy.deepcopy(callback)
    assert copied is not callback
    assert vars(copied) == vars(callback)
    copied.seed = 7
    assert callback.seed != 7


@pytest.mark.parametrize(
    "make",
    [LatentMonitor, FitPrior, lambda data, seed: AggressiveTraining(data, data, seed)],
)
def test_a_seed_that_numpy_refuses_is_refused_before_the_first_epoch(make):
    data = tf.data.Dataset.from_tensors([[1, 4, 2]])
    with pytest.raises(InputError, match="seed must be a whole number from 0 to"):
        make(data, seed=-1)
