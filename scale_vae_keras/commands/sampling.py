"""The flags that say how tokens are chosen."""

import argparse
import dataclasses

from scale_vae_keras import samplers
from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER


def add_sampling(parser: argparse.ArgumentParser, default: str) -> None:
    """Adds the flags to a command.

    Args:
        parser: parser of the command.
        default: what `chosen_sampler` gives when no flag is given, in words.
    """
    group = parser.add_argument_group("how tokens are chosen", f"{default} by default")
    group.add_argument(
        "--temperature",
        type=float,
        metavar="X",
        help="divides the logits before a token is drawn; 1 by default, the model's own "
        "distribution; values near 0 are greedy",
    )
    strategy = group.add_mutually_exclusive_group()
    strategy.add_argument(
        "--top-p",
        type=float,
        metavar="X",
        help="draw from the most likely tokens whose probabilities add up to X, in (0, 1]; 1 draws "
        "from all tokens",
    )
    strategy.add_argument(
        "--top-k", type=int, metavar="N", help="draw from the N most likely tokens"
    )
    strategy.add_argument(
        "--beam",
        type=int,
        metavar="N",
        help="search for the most likely sentence with N hypotheses",
    )
    group.add_argument(
        "--no-repeat-ngram-size",
        type=int,
        default=0,
        metavar="N",
        help="let no sequence of N tokens occur twice in a sentence; 0 by default, no bound",
    )


def chosen_sampler(
    options: argparse.Namespace, default: samplers.Sampler = DEFAULT_SAMPLER
) -> samplers.Sampler:
    """The sampler that the flags ask for.

    Args:
        options: the command's.
        default: the one where no flag is given; a temperature alone is that of `DEFAULT_SAMPLER`
            where this is it, else of all tokens.

    Raises:
        InputError: an option is out of its range, or does not go with another.
    """
    bound = {"no_repeat_ngram_size": options.no_repeat_ngram_size}
    temperature = 1.0 if options.temperature is None else options.temperature
    if options.beam is not None:
        if options.temperature is not None:
            raise InputError("beam search has no temperature: leave --temperature or --beam out")
        return samplers.BeamSampler(options.beam, **bound)
    if options.top_k is not None:
        return samplers.TopKSampler(options.top_k, temperature, **bound)
    if options.top_p is None and options.temperature is None:
        return dataclasses.replace(default, **bound)
    all_tokens = 1 if default != DEFAULT_SAMPLER else DEFAULT_SAMPLER.p
    top_p = all_tokens if options.top_p is None else options.top_p
    if top_p == 1:
        return samplers.TemperatureSampler(temperature, **bound)
    return samplers.TopPSampler(top_p, temperature, **bound)
