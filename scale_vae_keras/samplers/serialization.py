"""Samplers by their names."""

from scale_vae_keras.default_sampling import TEMPERATURE, TOP_P
from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.beam_sampler import BeamSampler
from scale_vae_keras.samplers.greedy_sampler import GreedySampler
from scale_vae_keras.samplers.sampler import Sampler
from scale_vae_keras.samplers.temperature_sampler import TemperatureSampler
from scale_vae_keras.samplers.top_k_sampler import TopKSampler
from scale_vae_keras.samplers.top_p_sampler import TopPSampler

SAMPLERS: dict[str, type[Sampler]] = {
    "greedy": GreedySampler,
    "temperature": TemperatureSampler,
    "top_k": TopKSampler,
    "top_p": TopPSampler,
    "beam": BeamSampler,
}


def get(sampler: Sampler | str) -> Sampler:
    """The sampler of a name, with its default settings, or the given one.

    Args:
        sampler: a sampler, or "greedy", "temperature" (1), "top_k" (40), "top_p" (0.9) or "beam"
            (4 hypotheses).

    Raises:
        InputError: there is no such sampler.

    Example:
        >>> sv.samplers.get("top_p")
        TopPSampler(p=0.9, temperature=1.0)
    """
    if isinstance(sampler, Sampler):
        return sampler
    if not isinstance(sampler, str) or sampler not in SAMPLERS:
        raise InputError(
            f"sampler must be one of {', '.join(SAMPLERS)}, or an object such as "
            f"sv.samplers.TopPSampler(0.9), got {sampler!r}"
        )
    return SAMPLERS[sampler]()


DEFAULT_SAMPLER = TopPSampler(TOP_P, TEMPERATURE)
"""How sentences are written from a prior by default."""
