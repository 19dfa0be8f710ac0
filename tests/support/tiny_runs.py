"""Tiny runs."""

from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.train import Run

SIZES = {"embedding_dim": 4, "units": 5, "latent_dim": 3, "batch_size": 16}


def train(corpus, output, method, epochs=2, **settings):
    """Trains a run and gives its folder."""
    sizes = {k: v for k, v in SIZES.items() if k != "latent_dim" or method != "lm"}
    config = configure(str(corpus), method, "small", epochs=epochs, **sizes, **settings)
    run = Run.start(config, output)
    run.fit(verbose=0)
    return run.folder
