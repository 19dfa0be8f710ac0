"""`scale-vae generate`: sentences from the prior."""

import argparse
from collections.abc import Iterator

from scale_vae_keras.commands.console import at_least
from scale_vae_keras.commands.precision_flag import add_precision
from scale_vae_keras.commands.sampling import add_sampling, chosen_sampler
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import check_place, written_whole
from scale_vae_keras.runs.load import load
from scale_vae_keras.samplers import Sampler
from scale_vae_keras.text.lines import one_line
from scale_vae_keras.text_model import TextModel

_SENTENCES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN", help="the run folder")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument(
        "-n", type=int, metavar="N", help=f"number of sentences, {_SENTENCES} by default"
    )
    amount.add_argument(
        "--per-label",
        type=at_least(1, int),
        metavar="N",
        help="for a run with a condition, instead of -n: N sentences of each label, as "
        "label<TAB>text",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="seed: the same one gives the same sentences; 0 by default",
    )
    parser.add_argument(
        "--label", metavar="NAME", help="label of the sentences, for a run with a condition"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="file to write the sentences to; standard output by default",
    )
    add_sampling(parser, "top-p 0.9")
    add_precision(parser)


def run(options: argparse.Namespace) -> None:
    """Prints sentences from the model's prior, or writes them to a file."""
    sampler = chosen_sampler(options)
    if options.per_label is not None and options.label is not None:
        raise InputError("--per-label gives sentences of every label: leave --label out")
    if options.output is None:
        for line in _lines(options, sampler):
            print(line)
        return
    check_place(options.output)
    with (
        written_whole(options.output) as temporary,
        open(temporary, "w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(f"{line}\n" for line in _lines(options, sampler))


def _lines(options: argparse.Namespace, sampler: Sampler) -> Iterator[str]:
    model = load(options.run, options.precision)
    if options.per_label is not None:
        return _labelled(model, options.per_label, options.seed, sampler)
    count = _SENTENCES if options.n is None else options.n
    return map(one_line, model.generate(count, options.seed, sampler, options.label))


def _labelled(model: TextModel, count: int, seed: int, sampler: Sampler) -> Iterator[str]:
    if not model.labels:
        raise InputError(
            "--per-label needs a run with a condition: train one with --condition label"
        )
    for number, label in enumerate(model.labels):
        # A seed of its own for each label: the same codes would give pairs of sentences.
        for text in model.generate(count, seed + number, sampler, label):
            yield f"{label}\t{one_line(text)}"
