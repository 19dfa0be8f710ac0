"""The entry point of `scale-vae`: finds the command, parses its flags, runs it."""

import argparse
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType

from scale_vae_keras import __version__, check_backend
from scale_vae_keras.commands import COMMANDS
from scale_vae_keras.commands.known_names import check_words
from scale_vae_keras.commands.parser import Parser
from scale_vae_keras.commands.standard_streams import (
    open_missing_streams,
    outlive_readers,
    show_every_character,
)
from scale_vae_keras.errors import InputError
from scale_vae_keras.quiet import quiet_standard_error

_DEBUG = "SCALE_VAE_DEBUG"
_LINES = {"generate", "reconstruct", "interpolate", "shift", "score", "data", "request"}
"""Commands that are over when nobody reads what they print."""
_FULL = [os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT)]
"""Reasons of TensorFlow for the error that else means a lack of memory."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: the words after `scale-vae`; those of the process by default.

    Returns:
        0, or 2 after a line `error: ...` on standard error for anything that the user can put
        right; with `--debug`, or `SCALE_VAE_DEBUG=1` in the environment, the traceback precedes
        that line.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if "tensorflow" not in sys.modules:
        # Else this process would round differently from those that it starts.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    debug = os.environ.get(_DEBUG, "0") not in ("", "0")
    open_missing_streams()
    show_every_character()
    try:
        check_backend()
        if "tensorflow" not in sys.modules:
            check_words(words)
        options = parse(words)
        debug = debug or options.debug
        if options.command not in _LINES:
            outlive_readers()
        load_command(options.command).run(options)
    except (InputError, ImportError) as error:
        return _fail(str(error), debug)
    except BrokenPipeError:
        sys.stdout = None
    except OSError as error:
        return _fail(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), debug)
    except KeyboardInterrupt:
        return _fail("interrupted", debug)
    except Exception as error:
        # TensorFlow's; it is not imported here, since many commands do without.
        if type(error).__name__ != "ResourceExhaustedError":
            raise
        if any(reason in str(error) for reason in _FULL):
            return _fail("the disk is full: make room, or choose another place", debug)
        return _fail("out of memory: choose smaller sizes or a smaller batch", debug)
    return 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The options of a command line.

    Args:
        words: those after `scale-vae`; they are kept as the option `words`.
    """
    options = _parser(words).parse_args(words)
    options.words = list(words)
    return options


def load_command(name: str) -> ModuleType:
    """The module of a command, such as "benchmark", imported without TensorFlow's noise."""
    with quiet_standard_error():
        return importlib.import_module(f"{__package__}.{name}")


def _fail(message: str, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print("error:", " ".join(message.split()), file=sys.stderr)
    return 2


def _parser(words) -> argparse.ArgumentParser:
    """The parser; only the command that the words name is imported, for its flags."""
    parser = Parser(
        prog="scale-vae", description="Text variational autoencoders that do not collapse."
    )
    parser.add_argument("--version", action="version", version=f"scale-vae {__version__}")
    parser.add_argument(
        "--debug",
        action="store_true",
        help=f"show the traceback behind an error; also {_DEBUG}=1 in the environment",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    named = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name == named:
            load_command(name).add_arguments(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
