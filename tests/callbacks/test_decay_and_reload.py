"""What DecayOnPlateau counts as worse, and what it leaves alone when it loads the best weights."""

import numpy as np
import pytest

from scale_vae_keras.callbacks import BestModel, DecayOnPlateau


def end_epochs(model, path, losses, each=lambda epoch: None, **arguments):
    """The learning rate after each epoch with these validation losses."""
    best = BestModel(path / "model.keras")
    decay = DecayOnPlateau(best, **{"start_epoch": 0, **arguments})
    rates = []
    for callback in (best, decay):
        callback.set_model(model)
    for epoch, loss in enumerate(losses):
        each(epoch)
        logs = {"val_loss": loss}
        best.on_epoch_end(epoch, logs)
        decay.on_epoch_end(epoch, logs)
        rates.append(float(model.optimizer.learning_rate))
    return rates


def test_the_counts_of_steps_go_on_when_the_best_weights_come_back(vae, tmp_path):
    """Noise and dropout follow `iterations`: going back would draw the same again."""
    kernel = vae.decoder.output_kernel

    def train(epoch):
        vae.optimizer.iterations.assign(100 * (epoch + 1))
        vae.skipped_steps.assign(7 * (epoch + 1))
        kernel.assign(np.full(kernel.shape, epoch, np.float32))

    rates = end_epochs(vae, tmp_path, [1.0, 2.0], train, patience=1)
    assert rates == [0.5, 0.25]
    assert np.all(np.array(kernel) == 0), "the weights of the first epoch are back"
    assert int(vae.optimizer.iterations) == 200
    assert int(vae.skipped_steps) == 14


@pytest.mark.parametrize(
    ("losses", "rates"),
    [
        ([1.0, 1.0, 1.0, 1.0], [0.5, 0.5, 0.5, 0.5]),
        ([1.0, 2.0, 1.0, 2.0], [0.5, 0.5, 0.5, 0.5]),
        ([1.0, 2.0, 2.0, 2.0], [0.5, 0.5, 0.25, 0.25]),
    ],
)
def test_an_epoch_as_good_as_the_reference_is_not_worse(vae, tmp_path, losses, rates):
    assert end_epochs(vae, tmp_path, losses, patience=2) == rates
