"""The flags that say how tokens are chosen."""

import argparse

from scale_vae_keras import samplers
from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """Adds the flags to a command."""
    parser.add_argument("--temperature", type=float, metavar="X", help="1 by default")
    strategy = parser.add_mutually_exclusive_group()
    strategy.add_argument(
        "--top-p",
        type=float,
        metavar="X",
        help="0.9 by default; 1 samples the model's own distribution",
    )
    strategy.add_argument("--top-k", type=int, metavar="N")
    strategy.add_argument("--beam", type=int, metavar="N")


def chosen_sampler(options: argparse.Namespace) -> samplers.Sampler:
    """The sampler that the flags ask for.

    Raises:
        InputError: an option is out of its range, or does not go with another.
    """
    temperature = 1.0 if options.temperature is None else options.temperature
    if options.beam is not None:
        if options.temperature is not None:
            raise InputError("beam search has no temperature: leave --temperature or --beam out")
        return samplers.BeamSampler(options.beam)
    if options.top_k is not None:
        return samplers.TopKSampler(options.top_k, temperature)
    top_p = DEFAULT_SAMPLER.p if options.top_p is None else options.top_p
    if top_p == 1:
        return samplers.TemperatureSampler(temperature)
    return samplers.TopPSampler(top_p, temperature)
