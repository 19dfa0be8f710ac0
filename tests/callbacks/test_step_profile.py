import pytest

from scale_vae_keras.callbacks.step_profile import StepProfile
from scale_vae_keras.errors import InputError


@pytest.mark.parametrize(("first", "last"), [(0, 3), (3, 2)])
def test_steps_that_are_not_in_order(tmp_path, first, last):
    with pytest.raises(InputError, match="FIRST <= LAST"):
        StepProfile(tmp_path, first, last)


@pytest.mark.parametrize(("last", "epochs"), [(3, 2), (9, 1)])
def test_a_profile_is_written(vae, data, tmp_path, last, epochs):
    profile = StepProfile(tmp_path, 2, last)
    vae.fit(data, epochs=epochs, callbacks=[profile], shuffle=False, verbose=0)
    assert len(list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))) == 1


def test_a_profile_that_is_never_reached(vae, data, tmp_path):
    vae.fit(data, callbacks=[StepProfile(tmp_path, 8, 9)], shuffle=False, verbose=0)
    assert list(tmp_path.iterdir()) == []
