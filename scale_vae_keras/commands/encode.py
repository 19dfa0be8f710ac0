"""`scale-vae encode`: posteriors as a file."""

import argparse

import numpy as np

from scale_vae_keras.commands.console import ids_of_lines, read_lines
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import written_whole
from scale_vae_keras.runs.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--output", required=True, metavar="FILE.npz")


def run(options: argparse.Namespace) -> None:
    """Writes `mean` and `stddev` `[lines, latent]` of the posterior that the decoder samples."""
    if not options.output.endswith(".npz"):
        raise InputError(f"{options.output} must end in .npz")
    folder = RunFolder(options.run)
    model = folder.load_model()
    lines = read_lines(options.file)
    posteriors = [model.encode(ids) for ids in ids_of_lines(folder.tokenizer, lines)]
    with written_whole(options.output) as temporary:
        np.savez(
            temporary,
            mean=np.concatenate([posterior.mean for posterior in posteriors]),
            stddev=np.concatenate([posterior.stddev for posterior in posteriors]),
        )
