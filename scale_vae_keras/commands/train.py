"""`scale-vae train`: trains a new run, or continues one."""

import argparse
import sys

from scale_vae_keras.callbacks.step_profile import StepProfile
from scale_vae_keras.commands.console import add_cache, at_least, log_to_terminal, print_counts
from scale_vae_keras.commands.setting_flags import add_settings
from scale_vae_keras.data.corpus import corpus_address
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import is_chief
from scale_vae_keras.runs.build_model import AUTO
from scale_vae_keras.runs.config import configure, every_setting, get_system, usual_preset
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        help="a folder with train.txt, valid.txt and test.txt, or a built-in corpus: reviews or "
        "synthetic; with --resume only needed if the corpus has moved",
    )
    parser.add_argument("--output", required=True, metavar="RUN", help="the run folder")
    parser.add_argument("--resume", action="store_true", help="continue the run in RUN")
    parser.add_argument(
        "--method", metavar="NAME", help="the system to train, scale by default; see below"
    )
    parser.add_argument(
        "--preset",
        help="sizes and schedules to start from: transformer (default, but for agg), small (agg's "
        "default), base or paper",
    )
    parser.add_argument(
        "--profile",
        type=int,
        nargs=2,
        metavar=("FIRST", "LAST"),
        help="record a profile of the training steps FIRST to LAST, counted from 1, for "
        "TensorBoard; none by default",
    )
    add_cache(parser)
    safety = parser.add_argument_group("safety", "these may change with --resume")
    safety.add_argument(
        "--save-steps",
        type=at_least(1, int),
        metavar="N",
        help="also write a checkpoint every N steps; by default only after each epoch",
    )
    safety.add_argument(
        "--save-minutes",
        type=at_least(0, float),
        metavar="X",
        help="also write a checkpoint every X minutes; by default only after each epoch",
    )
    safety.add_argument(
        "--max-skipped-share",
        type=at_least(0, float, most=1),
        default=0.1,
        metavar="X",
        help="stop when more than this share of an epoch's steps, from 0 to 1, had a loss or "
        "gradient that is not finite; 0.1 by default",
    )
    add_settings(parser)


def run(options: argparse.Namespace) -> None:
    """Trains, and says where the best model is."""
    log_to_terminal()
    given = {name: getattr(options, name) for name in every_setting()}
    profile = None
    if options.profile:
        profile = StepProfile(RunFolder(options.output).logs / "train", *options.profile)
    if options.resume:
        limits = given.pop("epochs"), given.pop("replicas")
        _refuse_changes(RunFolder(options.output).config, options, given)
        training = Run.resume(options.output, *limits, options.data, options.cache)
    else:
        if options.data is None:
            raise InputError("which corpus? Give its folder or the name of a built-in one")
        method = get_system(options.method or "scale").name
        preset = options.preset or usual_preset(method)
        config = configure(corpus_address(options.data), method, preset, **given)
        training = Run.start(config, options.output, cache=options.cache)
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
    method = None if options.method is None else get_system(options.method).name
    asked = {**given, "method": method, "preset": options.preset}
    if asked["precision"] == AUTO:
        del asked["precision"]
    changed = [
        f"{name} is {getattr(config, name)}, not {value}"
        if hasattr(config, name)
        else f"the method {config.method} has no setting {name}"
        for name, value in asked.items()
        if value is not None and value != getattr(config, name, None)
    ]
    if changed:
        raise InputError(f"the run in {options.output} has other settings: {'; '.join(changed)}")
