"""A system without its callback trains as another, and says so once."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import made_model

from scale_vae_keras.callbacks import AutoencoderPretraining, BoundAnnealing, EpochAverageScale
from scale_vae_keras.models import AggressiveVAE, PretrainedVAE, ScaleVAE, TextVAE

BATCHES = tf.data.Dataset.from_tensors(np.array([[1, 5, 4, 2]] * 16, np.int32))


def fit(model, *callbacks):
    model.compile(keras.optimizers.SGD(0.1))
    for _ in range(2):
        model.fit(BATCHES, callbacks=list(callbacks), shuffle=False, verbose=0)


@pytest.mark.parametrize(
    ("kind", "arguments", "callbacks", "warned"),
    [
        (TextVAE, {}, [], []),
        (AggressiveVAE, {}, [], ["AggressiveTraining"]),
        (PretrainedVAE, {}, [], ["AutoencoderPretraining"]),
        (PretrainedVAE, {}, [AutoencoderPretraining(1)], []),
        (ScaleVAE, {}, [], ["EpochAverageScale"]),
        (ScaleVAE, {"bound": "annealed"}, [EpochAverageScale()], ["BoundAnnealing"]),
        (ScaleVAE, {"bound": "annealed"}, [EpochAverageScale(), BoundAnnealing(1, 1)], []),
    ],
)
def test_what_is_missing_is_said_once(kind, arguments, callbacks, warned, caplog):
    fit(made_model(kind, **arguments), *callbacks)
    messages = [record.message for record in caplog.records if record.name == "scale_vae_keras"]
    assert [message.split()[3] for message in messages if "has no" in message] == warned
