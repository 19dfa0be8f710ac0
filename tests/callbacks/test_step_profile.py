import keras
import pytest
import tensorflow as tf
from made_models import made_model

from scale_vae_keras.callbacks.step_profile import StepProfile
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import TextVAE


@pytest.mark.parametrize(("first", "last"), [(0, 3), (3, 2)])
def test_steps_that_are_not_in_order(tmp_path, first, last):
    with pytest.raises(InputError, match="FIRST <= LAST"):
        StepProfile(tmp_path, first, last)


@pytest.mark.parametrize(("last", "epochs"), [(3, 2), (9, 1)])
def test_a_profile_is_written(vae, data, tmp_path, last, epochs):
    profile = StepProfile(tmp_path, 2, last)
    vae.fit(data, epochs=epochs, callbacks=[profile], shuffle=False, verbose=0)
    assert len(list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))) == 1


def test_a_profile_that_is_never_reached(vae, data, tmp_path, caplog):
    vae.fit(data, callbacks=[StepProfile(tmp_path, 8, 9)], shuffle=False, verbose=0)
    assert list(tmp_path.iterdir()) == []
    assert caplog.messages == ["no profile: training ended after step 2, before step 8"]


@pytest.mark.parametrize(
    ("calls", "first", "last", "expected"),
    [
        (1, 2, 3, [(0, 1), (0, 2)]),
        (1, 4, 5, [(0, 3), (1, 0)]),
        (2, 2, 3, [(0, 0), (0, 1)]),
        (2, 3, 3, [(0, 1), (0, 1)]),
        (2, 6, 9, [(1, 0), (2, 0)]),
        (4, 5, 5, [(1, 0), (1, 0)]),
    ],
)
def test_steps_are_counted_under_steps_per_execution(
    calls, first, last, expected, data, tmp_path, monkeypatch
):
    """In which epoch and call of it the profile starts and stops; an epoch has four steps."""
    model = made_model(TextVAE, dropout=0.0)
    model.compile("sgd", steps_per_execution=calls)
    place, found = [0, 0], []

    class Place(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            place[:] = epoch, 0

        def on_train_batch_end(self, batch, logs=None):
            place[1] += 1

    for name in ("start", "stop"):
        monkeypatch.setattr(
            tf.profiler.experimental, name, lambda *arguments: found.append(tuple(place))
        )
    profile = StepProfile(tmp_path, first, last)
    four_steps = data.repeat(2)
    model.fit(four_steps, epochs=4, callbacks=[profile, Place()], shuffle=False, verbose=0)
    assert found == expected
