"""Settings that do not go together: what would do nothing, or fail once training has begun."""

from collections.abc import Collection

from scale_vae_keras.errors import InputError
from scale_vae_keras.priors.resolve import PRIORS
from scale_vae_keras.settings import settings_of

_OF_TRANSFORMERS = ("depth", "heads", "feed_forward", "positions", "max_positions")


def check_in_effect(config, given: Collection[str]) -> None:
    """Refuses what the user gave and the run would not read, unless it is the default.

    Args:
        config: the settings of the run, a `RunConfig`.
        given: names of those that the user gave; a preset's may lie idle.

    Raises:
        InputError: one of them is without effect.
    """
    default = {each.name: each.default for each in settings_of(type(config))}
    for name in given:
        if getattr(config, name) == default[name]:
            continue
        needed = _needed(config, name)
        if needed is not None:
            raise InputError(f"{name} has no effect without {needed}: leave it out, or set that")


def _needed(config, name):
    """What a setting lacks to have an effect, None where it has one."""
    encoder, decoder = getattr(config, "encoder", None), config.decoder
    if name in _OF_TRANSFORMERS and "transformer" not in (encoder, decoder):
        return "encoder=transformer or decoder=transformer"
    if name == "max_positions" and config.positions != "learned":
        return "positions=learned"
    if name in ("latent_input", "layer_dropout") and decoder != "transformer":
        return "decoder=transformer"
    if name == "dilations" and decoder != "cnn":
        return "decoder=cnn"
    if name in ("bound_start", "bound_epochs") and config.bound != "annealed":
        return "bound=annealed"
    if name == "bound" and config.prior is not None and PRIORS[config.prior].learned:
        return "a prior that is not trained with the model"
    if name in ("kl_cycles", "kl_ramp") and config.kl_cycle_epochs:
        return "kl_cycle_epochs=0"
    if name == "pretrain_decays" and not config.pretrain_epochs:
        return "pretrain_epochs"
    if name in ("condition_encoder", "semi_supervised") and config.condition == "none":
        return "condition=label"
    if name == "classifier_weight" and not config.semi_supervised:
        return "semi_supervised"
    if name == "train_backbone" and config.backbone is None:
        return "backbone"
    if name == "decay_patience" and config.decay != "plateau":
        return None if getattr(config, "pretrain_decays", 0) else "decay=plateau"
    return None


def check_sizes(config) -> None:
    """Refuses sizes that no training could use.

    Args:
        config: the settings of the run, a `RunConfig`.

    Raises:
        InputError: they exclude each other.
    """
    least = getattr(config, "min_factor_batch", 0)
    if config.batch_size < least:
        raise InputError(
            f"batches of {config.batch_size} sentences have no factor of their own, which takes "
            f"min_factor_batch={least}: raise batch_size or lower min_factor_batch"
        )
    least = getattr(config, "min_batch", 2 if config.method == "bn" else 1)
    if config.batch_size < least:
        raise InputError(
            f"batches of {config.batch_size} sentences have no statistics of their own, which take "
            f"{least}: raise batch_size" + (" or lower min_batch" if least > 2 else "")
        )
    transformers = "transformer" in (getattr(config, "encoder", None), config.decoder)
    positions = config.max_length + 2
    if transformers and config.positions == "learned" and positions > config.max_positions:
        raise InputError(
            f"sentences of max_length={config.max_length} tokens, <s> and </s> need {positions} "
            f"positions: raise max_positions={config.max_positions} or lower max_length"
        )
