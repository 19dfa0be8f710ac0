import pytest

from scale_vae_keras.commands import request
from scale_vae_keras.commands.main import parse
from scale_vae_keras.errors import InputError


def test_a_word_without_a_value_is_refused_before_the_server_is_asked():
    words = ["request", "http://127.0.0.1:1", "generate", "seed"]
    with pytest.raises(InputError, match="'seed' is not NAME=VALUE, such as seed=1"):
        request.run(parse(words))
