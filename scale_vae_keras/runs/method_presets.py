"""The systems by name: where each comes from, and its published values."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class MethodPreset:
    """What is said of a system without loading it.

    Attributes:
        summary: what it is, in one line.
        paper: where it was published.
        settings: the settings that it alone takes beside those of every system, with the values
            of its paper.
        schedule: settings of every run that its definition fixes.
    """

    summary: str
    paper: str
    settings: dict[str, object] = field(default_factory=dict)
    schedule: dict[str, object] = field(default_factory=dict)


METHOD_PRESETS = {
    "lstm-lm": MethodPreset("the decoder without z, a language model", "Bowman et al. (2016)"),
    "vae": MethodPreset("plain VAE with linear KL annealing", "Bowman et al. (2016)"),
    "cyclical": MethodPreset(
        "KL annealing that starts again and again",
        "Fu et al. (2019)",
        {"kl_cycles": 4, "kl_ramp": 0.5, "kl_cycle_epochs": 0},
    ),
    "beta": MethodPreset(
        "a constant weight on the KL", "Higgins et al. (2017)", {"beta": 0.4}, {"kl_epochs": 0}
    ),
    "free-bits": MethodPreset(
        "no KL is charged under a threshold, by dimension or by sentence",
        "Kingma et al. (2016)",
        {"free_bits": 0.1, "free_bits_form": "dimension"},
    ),
    "delta": MethodPreset(
        "a posterior whose dimensions all keep a KL", "Razavi et al. (2019)", {"delta": 0.1}
    ),
    "sa": MethodPreset(
        "the encoder's posterior is refined for each sentence, and training sees through it",
        "Kim et al. (2018)",
        {
            "refinement_steps": 20,
            "refinement_rate": 1 / 32,
            "refinement_momentum": 0.5,
            "refinement_clip_norm": 5.0,
        },
    ),
    "skip": MethodPreset("z also joins the decoder's output", "Dieng et al. (2019)"),
    "agg": MethodPreset(
        "the encoder alone is trained before each step, until its information falls",
        "He et al. (2019)",
    ),
    "mae": MethodPreset(
        "rewards posteriors that diverge from each other, evenly",
        "Ma et al. (2019)",
        {"eta": 1.0, "gamma": 0.2},
    ),
    "bn": MethodPreset("batch normalisation of the means", "Zhu et al. (2020)", {"gamma": 0.6}),
    "du": MethodPreset(
        "batch normalisation with a learnt gamma, dropout on the variances",
        "Shen et al. (2021)",
        {"gamma": 0.5, "variance_dropout": 0.2, "delta_rate": 1.0},
    ),
    "scale": MethodPreset(
        "the decoder sees scaled-up posterior means",
        "Song et al. (2024)",
        {
            "des_std": 0.7,
            "f_epo": 1,
            "ddof": 1,
            "average": "arithmetic",
            "through_batch_factor": True,
            "bound": "paper",
            "bound_start": 10,
            "bound_epochs": 10,
        },
    ),
    "info": MethodPreset(
        "part of the KL, and the aggregated posterior's distance from the prior",
        "Zhao et al. (2019)",
        {"divergence": "mmd", "alpha": 0.5, "aggregate_weight": 10.0},
    ),
    "li2019": MethodPreset(
        "autoencoder pretraining, a fresh decoder, free bits",
        "Li et al. (2019)",
        {"free_bits": 0.25, "free_bits_form": "dimension", "pretrain_epochs": 3},
        {"kl_start": 0.0},
    ),
}

DECODER_SETTINGS = {
    "decoder": "lstm",
    "dilations": (1, 2, 4),
    "word_dropout": 0.0,
    "fraternal": 0.0,
}
"""Options of the decoder that every system takes, with what they are if nothing is said."""

ENCODER_SETTINGS = {"pooling": "last"}
"""Options of the encoder that every system with an encoder takes."""
