"""`scale-vae generate`: sentences from the prior."""

import argparse

from scale_vae_keras.commands.console import longest, print_sentences
from scale_vae_keras.commands.sampling import add_sampling, chosen_sampler
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.prior import FITTED, GENERATORS, declared_prior
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.samplers.row_random import row_seeds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("-n", type=int, default=10, metavar="N", help="number of sentences")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument(
        "--generator",
        default="scaled",
        choices=GENERATORS,
        help="what the decoder is fed, as for evaluate; scaled by default",
    )
    add_sampling(parser)


def run(options: argparse.Namespace) -> None:
    """Prints sentences from the prior of the declared generator."""
    folder = RunFolder(options.run)
    sampler = chosen_sampler(options)
    model = folder.load_model()
    fitted = options.generator in FITTED
    fitted_on = encode_sentences(model, folder.encode("train")) if fitted else None
    seeds = row_seeds(options.n, options.seed)
    z = declared_prior(model, options.generator, fitted_on).sample(seeds)
    sentences = model.decode(z, sampler, seeds, longest(folder))
    print_sentences(folder.tokenizer, sentences.ids)
