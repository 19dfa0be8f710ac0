"""`scale-vae train`: trains a new run, or continues one."""

import argparse
import sys
from dataclasses import fields

from scale_vae_keras.callbacks.step_profile import StepProfile
from scale_vae_keras.commands.console import at_least, log_to_terminal, print_counts
from scale_vae_keras.data.corpus import corpus_address
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import is_chief
from scale_vae_keras.runs.config import RunConfig, configure
from scale_vae_keras.runs.method_presets import METHOD_PRESETS
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        help="a folder with train.txt, valid.txt and test.txt, or a built-in corpus: reviews, "
        "synthetic; not needed with --resume",
    )
    parser.add_argument("--output", required=True, metavar="RUN", help="the run folder")
    parser.add_argument("--resume", action="store_true", help="continue the run in RUN")
    parser.add_argument(
        "--profile",
        type=int,
        nargs=2,
        metavar=("FIRST", "LAST"),
        help="record a profile of these training steps, counted from 1, for TensorBoard",
    )
    parser.add_argument("--method", metavar="NAME", help="the system, scale by default; see below")
    parser.add_argument("--preset", help="small, base (default) or paper")
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--batch-size", type=int, metavar="N")
    parser.add_argument(
        "--replicas",
        type=int,
        metavar="N",
        help="devices that share each batch: every GPU by default; on a machine without GPUs, "
        "logical CPU devices; see docs/distributed.md for several machines",
    )
    parser.add_argument("--learning-rate", type=float, metavar="X")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument(
        "--precision", metavar="NAME", help="float32 (default), mixed_bfloat16 or mixed_float16"
    )
    safety = parser.add_argument_group("safety", "these may change with --resume")
    safety.add_argument(
        "--save-steps",
        type=at_least(1, int),
        metavar="N",
        help="a checkpoint every N steps of an epoch, too",
    )
    safety.add_argument(
        "--save-minutes",
        type=at_least(0, float),
        metavar="X",
        help="a checkpoint every X minutes, too",
    )
    safety.add_argument(
        "--max-skipped-share",
        type=at_least(0, float),
        default=0.1,
        metavar="X",
        help="stop when more than this share of an epoch's steps had a loss or gradient that is "
        "not finite; 0.1 by default",
    )
    schedule = parser.add_argument_group("schedule")
    schedule.add_argument("--decay", help="of the learning rate: halving or plateau")
    schedule.add_argument(
        "--decay-start", type=int, metavar="N", help="epochs before the first decay"
    )
    schedule.add_argument(
        "--decay-patience", type=int, metavar="N", help="epochs without improvement before a decay"
    )
    schedule.add_argument(
        "--select-by", help="what the best model has the least of: objective (default) or elbo"
    )
    schedule.add_argument("--kl-start", type=float, metavar="X", help="KL weight of the first step")
    schedule.add_argument("--kl-epochs", type=int, metavar="N", help="epochs until the weight is 1")
    schedule.add_argument(
        "--resplit", action="store_true", default=None, help="pair the sentences anew each epoch"
    )
    model = parser.add_argument_group("model")
    model.add_argument("--latent-dim", type=int, metavar="N")
    model.add_argument("--embedding-dim", type=int, metavar="N")
    model.add_argument("--units", type=int, metavar="N")
    model.add_argument("--dropout", type=float, metavar="X")
    model.add_argument("--pooling", help="of the encoder's states: last, max or mean")
    model.add_argument("--decoder", help="lstm or cnn")
    model.add_argument("--word-dropout", type=float, metavar="X")
    model.add_argument("--fraternal", type=float, metavar="X", help="weight of the distance")
    text = parser.add_argument_group("text")
    text.add_argument("--tokenizer", help="words (tokenised text, default) or raw")
    text.add_argument(
        "--vocabulary-limit", type=int, metavar="N", help="most tokens, specials included"
    )
    text.add_argument("--min-count", type=int, metavar="N", help="rarer words become <unk>")
    text.add_argument("--max-length", type=int, metavar="N", help="cut sentences after N words")
    text.add_argument(
        "--train-limit", type=int, metavar="N", help="only the first N training sentences"
    )

    systems = parser.add_argument_group(
        "systems and their own settings",
        "; ".join(f"{name}: {system.summary}" for name, system in METHOD_PRESETS.items()),
    )
    for name, value in _settings_of_systems().items():
        convert = argparse.BooleanOptionalAction if isinstance(value, bool) else None
        option = f"--{name.replace('_', '-')}"
        users = ", ".join(n for n, s in METHOD_PRESETS.items() if name in s.settings)
        if convert:
            systems.add_argument(option, action=convert, default=None, help=users)
        else:
            kind = type(value)
            systems.add_argument(option, type=kind, metavar=kind.__name__.upper(), help=users)


def _settings_of_systems():
    return {
        name: value for system in METHOD_PRESETS.values() for name, value in system.settings.items()
    }


def run(options: argparse.Namespace) -> None:
    """Trains, and says where the best model is."""
    log_to_terminal()
    chosen = {"data", "method", "preset"}
    given = {
        field.name: getattr(options, field.name, None)
        for field in fields(RunConfig)
        if field.name not in chosen
    }
    profile = None
    if options.profile:
        profile = StepProfile(RunFolder(options.output).logs / "train", *options.profile)
    if options.resume:
        training = Run.resume(options.output, given.pop("epochs"), given.pop("replicas"))
        _refuse_changes(training.folder.config, options, given)
    else:
        if options.data is None:
            raise InputError("which corpus? Give its folder or the name of a built-in one")
        config = configure(
            corpus_address(options.data),
            options.method or "scale",
            options.preset or "base",
            **given,
        )
        training = Run.start(config, options.output)
    print_counts(
        {"train": training.train, "valid": training.valid},
        len(training.folder.tokenizer.vocabulary),
    )
    training.fit(
        verbose=1 if sys.stdout.isatty() else 2,
        profile=profile,
        save_steps=options.save_steps,
        save_minutes=options.save_minutes,
        max_skipped_share=options.max_skipped_share,
    )
    if is_chief(training.strategy):
        print(
            f"{training.folder.path} holds the best model: epoch {training.best_epoch}, "
            f"{training.seconds:.0f} s"
        )


def _refuse_changes(config, options, given):
    asked = {**given, "method": options.method, "preset": options.preset}
    if options.data is not None:
        asked["data"] = corpus_address(options.data)
    changed = [
        f"{name} is {getattr(config, name)}, not {value}"
        for name, value in asked.items()
        if value is not None and value != getattr(config, name)
    ]
    if changed:
        raise InputError(f"the run in {options.output} has other settings: {'; '.join(changed)}")
