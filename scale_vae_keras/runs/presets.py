"""Sizes and schedules that go together; a system takes those of its settings that are named."""

PRESETS = {
    "small": {
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
    },
    "base": {"embedding_dim": 128, "units": 512, "batch_size": 32},
    "paper": {"embedding_dim": 512, "units": 1024, "batch_size": 32},
}
