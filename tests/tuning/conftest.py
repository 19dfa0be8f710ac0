"""Settings that are quick."""

import pytest

TINY = {
    "embedding_dim": 6,
    "units": 8,
    "latent_dim": 4,
    "batch_size": 20,
    "kl_epochs": 1,
}


@pytest.fixture(scope="session")
def tiny_space() -> dict[str, object]:
    """Settings that are quick to train, fixed."""
    return {**TINY, "f_epo": 1, "average": "arithmetic"}
