import numpy as np
import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import BetaVAE


def test_the_loss_charges_beta_times_the_kl_in_training_and_in_validation(make, sentences):
    model, ids = make(BetaVAE, beta=0.4), sentences(4)
    mean, log_var = (np.array(part) for part in model.posterior(ids))
    kl = 0.5 * np.sum(mean**2 + np.exp(log_var) - log_var - 1, axis=1)
    for training in (True, False):
        terms = model(ids, training=training)
        np.testing.assert_allclose(terms.loss, terms.reconstruction + 0.4 * kl, rtol=1e-6)
        np.testing.assert_allclose(terms.kl, kl, rtol=1e-4)


def test_beta_below_zero():
    with pytest.raises(InputError, match="beta"):
        BetaVAE(12, beta=-0.1)
