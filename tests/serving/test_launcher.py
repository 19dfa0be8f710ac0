import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.serving.launcher import serve


@pytest.mark.parametrize("ports", [{"rest_port": -1}, {"grpc_port": 65536}])
def test_a_port_that_no_machine_has_is_refused(ports, tmp_path):
    with pytest.raises(
        InputError, match="is out of range: give one from 0, any free one, to 65535"
    ):
        serve(tmp_path, **ports)
