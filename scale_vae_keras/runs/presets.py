"""Presets: sizes and schedules that go together, with the settings that proved best.

A system takes those of its settings that a preset names. "small", "transformer" and "base" have the
pooling, the choice of the best epoch and the prior that gave the best sentences and likelihoods.
"transformer" has as many weights as "small" and takes 1.7 times as long; it proved best.
"paper" has the sizes and the choices of the Scale-VAE paper, which `PUBLISHED` gives to the other
sizes as well.
"""

_PROVED = {"pooling": "max", "select_by": "elbo", "prior": "full", "epsilon": 1e-12}

_SMALL = {
    **_PROVED,
    "embedding_dim": 128,
    "units": 256,
    "batch_size": 64,
    "decoder_initializer_range": 0.06,
    "epochs": 12,
    "learning_rate": 0.5,
    "decay": "halving",
    "decay_start": 6,
    "kl_epochs": 3,
    "f_epo": 2,
    "bound_start": 4,
    "bound_epochs": 4,
}

PRESETS = {
    "small": _SMALL,
    "transformer": {
        **_SMALL,
        "encoder": "transformer",
        "decoder": "transformer",
        "units": 176,
        "depth": 2,
        "decay_start": 8,
    },
    "base": {**_PROVED, "embedding_dim": 128, "units": 512, "batch_size": 32},
    "paper": {"embedding_dim": 512, "units": 1024, "batch_size": 32},
}

PUBLISHED = {
    "tokenizer": "words",
    "min_count": 1,
    "pooling": "last",
    "select_by": "objective",
    "prior": "scaled",
    "epsilon": 1e-5,
}
"""What the comparison with published figures does not take from the other presets."""
