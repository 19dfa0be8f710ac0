"""Which epoch of a model's training an epoch of `fit` is."""

import keras

from scale_vae_keras.layers.replica import host_value


def model_epoch(model: keras.Model, epoch: int) -> int:
    """The number of an epoch that begins, from 0, epochs of an earlier `fit` counted.

    Args:
        model: the model that is trained; one of another kind counts no epochs.
        epoch: its number in `fit`, from 0.
    """
    trained = getattr(model, "epochs_trained", None)
    return epoch if trained is None else max(epoch, int(host_value(trained)))
