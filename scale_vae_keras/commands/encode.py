"""`scale-vae encode`: posteriors as a file."""

import argparse

import numpy as np

from scale_vae_keras.commands.lines import lines_of, own_labels
from scale_vae_keras.commands.precision_flag import add_precision
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import check_place, written_whole
from scale_vae_keras.runs.load import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN", help="the run folder")
    parser.add_argument(
        "file",
        metavar="FILE",
        help="one text per line, or label<TAB>text as in the run's corpus",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="FILE.npz",
        help="file for the means and standard deviations, one row per line, and the texts",
    )
    parser.add_argument("--encoding", metavar="NAME", help="encoding of FILE, UTF-8 by default")
    add_precision(parser)


def run(options: argparse.Namespace) -> None:
    """Writes `mean` and `stddev` `[lines, latent]` of the posterior that the decoder samples.

    `text` `[lines]` holds the texts, and `label` their labels where they have any.
    """
    if not options.output.endswith(".npz"):
        raise InputError(f"{options.output} must end in .npz")
    check_place(options.output)
    with written_whole(options.output) as temporary:
        texts, labels = lines_of(options, options.file)
        model = load(options.run, options.precision)
        codes = model.encode(texts, own_labels(model, labels))
        arrays = {"mean": codes.mean, "stddev": codes.stddev, "text": np.array(texts)}
        if labels is not None:
            arrays["label"] = np.array(labels)
        # An array of strings is as wide as the longest: without compression the file is, too.
        np.savez_compressed(temporary, **arrays)
