import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.same_run import check_same_run, describe_run


def test_an_earlier_name_of_the_system_is_no_change(caplog):
    config = configure("reviews", "lm", "small")
    recorded = describe_run(config)
    recorded["settings"]["method"] = "lstm-lm"
    check_same_run(recorded, config)
    assert caplog.messages == []
    recorded["settings"]["method"] = "vae"
    with pytest.raises(InputError, match="method was vae and is lm"):
        check_same_run(recorded, config)
