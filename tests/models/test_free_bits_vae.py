import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models import FreeBitsVAE

# KL by dimension: 0.5 and 0; 0.045 and 2
POSTERIOR = Posterior(tf.constant([[1.0, 0.0], [0.3, 2.0]]), tf.constant([[0.0, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize(
    ("form", "threshold", "expected"),
    [
        ("dimension", 0.1, [0.5, 2.0]),
        ("dimension", 0.04, [0.5, 2.045]),
        ("dimension", 3.0, [0.0, 0.0]),
        ("sentence", 0.1, [0.5, 2.045]),
        ("sentence", 0.3, [0.0, 2.045]),
    ],
)
def test_the_rate_leaves_out_what_is_under_the_threshold(make, form, threshold, expected):
    model = make(FreeBitsVAE, free_bits_form=form, free_bits=threshold)
    np.testing.assert_allclose(model.rate(POSTERIOR), expected, rtol=1e-6)
    np.testing.assert_allclose(model.rate(POSTERIOR, training=False), [0.5, 2.045], rtol=1e-6)


def test_a_dimension_under_its_threshold_has_no_gradient(make):
    model = make(FreeBitsVAE, free_bits=0.1)
    with tf.GradientTape() as tape:
        tape.watch(POSTERIOR)
        rate = tf.reduce_sum(model.rate(POSTERIOR))
    mean, log_var = tape.gradient(rate, POSTERIOR)
    np.testing.assert_allclose(mean, [[1.0, 0.0], [0.0, 2.0]])
    np.testing.assert_allclose(log_var, np.zeros((2, 2)))


def test_the_loss_anneals_the_rate_and_validation_charges_the_whole_kl(make, sentences):
    model, ids = make(FreeBitsVAE, free_bits=0.006), sentences(4)
    model.kl_weight.assign(0.25)
    mean, log_var = (np.array(part) for part in model.posterior(ids))
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1)
    assert 0 < np.sum(kl > 0.006) < kl.size
    terms = model(ids, training=True)
    charged = np.where(kl > 0.006, kl, 0).sum(axis=1)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + 0.25 * charged, rtol=1e-6)
    terms = model(ids)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + kl.sum(axis=1), rtol=1e-6)


@pytest.mark.parametrize("arguments", [{"free_bits": -1.0}, {"free_bits_form": "batch"}], ids=str)
def test_arguments_out_of_range(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        FreeBitsVAE(12, **arguments)
