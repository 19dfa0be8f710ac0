"""The command line: parses, calls `experiments`, prints."""

import argparse
import os
import sys
from collections.abc import Sequence

from scale_vae_keras import __version__, check_backend
from scale_vae_keras.errors import InputError
from scale_vae_keras.experiments.method_presets import METHOD_PRESETS
from scale_vae_keras.quiet import quiet_standard_error

GENERATORS = ("scaled", "standard", "fitted", "fitted-full", "fitted-mixture")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: the words after `scale-vae`; those of the process by default.

    Returns:
        0, or 2 after one line `error: ...` on standard error for anything the user got wrong.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(words)
    options.words = words
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        check_backend()
        _body(options.command)(options)
    except (InputError, ImportError) as error:
        return _fail(str(error))
    except BrokenPipeError:
        sys.stdout = None
    except OSError as error:
        return _fail(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    except KeyboardInterrupt:
        return _fail("interrupted")
    return 0


def _body(command):
    if command == "request":
        from scale_vae_keras.serving.request import request

        return request
    with quiet_standard_error():
        from scale_vae_keras.experiments import commands
    return getattr(commands, command)


def _fail(message: str) -> int:
    print("error:", " ".join(message.split()), file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """One line, as for every other mistake."""
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="scale-vae", description="Text variational autoencoders that do not collapse."
    )
    parser.add_argument("--version", action="version", version=f"scale-vae {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (
        _add_quickstart,
        _add_train,
        _add_evaluate,
        _add_generate,
        _add_reconstruct,
        _add_interpolate,
        _add_encode,
        _add_export,
        _add_serve,
        _add_request,
        _add_data,
        _add_tune,
        _add_benchmark,
        _add_report,
    ):
        add(commands)
    return parser


def _add_command(commands, name, summary):
    return commands.add_parser(name, help=summary, description=summary)


def _add_quickstart(commands):
    parser = _add_command(
        commands,
        "quickstart",
        "Train the plain VAE and Scale-VAE on the built-in reviews, and compare them.",
    )
    parser.add_argument("--output", default="quickstart", metavar="DIR")


def _add_train(commands):
    parser = _add_command(commands, "train", "Train a model on a corpus.")
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
        type=_at_least(1, int),
        metavar="N",
        help="a checkpoint every N steps of an epoch, too",
    )
    safety.add_argument(
        "--save-minutes",
        type=_at_least(0, float),
        metavar="X",
        help="a checkpoint every X minutes, too",
    )
    safety.add_argument(
        "--max-skipped-share",
        type=_at_least(0, float),
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


def _at_least(least, kind):
    def number(text):
        value = kind(text)
        if not value >= least:
            raise ValueError
        return value

    number.__name__ = f"{kind.__name__} of at least {least},"
    return number


def _settings_of_systems():
    return {
        name: value for system in METHOD_PRESETS.values() for name, value in system.settings.items()
    }


def _add_evaluate(commands):
    parser = _add_command(commands, "evaluate", "Measure runs on a split of their corpus.")
    parser.add_argument("runs", metavar="RUN", nargs="+", help="several are shown side by side")
    parser.add_argument("--split", default="test", choices=("train", "valid", "test"))
    parser.add_argument(
        "--samples", type=int, default=500, metavar="N", help="importance samples; 0 for none"
    )
    parser.add_argument(
        "--generator",
        default="scaled",
        choices=GENERATORS,
        help="whose likelihood: the decoder is fed f*z (default), z, or samples of what is fitted "
        "to the training posteriors: a diagonal Gaussian, a full one, or a mixture",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N sentences")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--json", action="store_true", help="print metrics.json instead of a table")


def _add_sampling(parser):
    parser.add_argument("--temperature", type=float, metavar="X")
    strategy = parser.add_mutually_exclusive_group()
    strategy.add_argument("--top-p", type=float, metavar="X")
    strategy.add_argument("--top-k", type=int, metavar="N")
    strategy.add_argument("--beam", type=int, metavar="N")


def _add_generate(commands):
    parser = _add_command(commands, "generate", "Write sentences from the prior, one a line.")
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("-n", type=int, default=10, metavar="N", help="number of sentences")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument(
        "--generator",
        default="scaled",
        choices=GENERATORS,
        help="what the decoder is fed, as for evaluate; scaled by default",
    )
    _add_sampling(parser)


def _add_reconstruct(commands):
    parser = _add_command(
        commands, "reconstruct", "Write each line of a text anew from its posterior mean."
    )
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("file", metavar="FILE", nargs="?", help="standard input when left out")


def _add_interpolate(commands):
    parser = _add_command(
        commands, "interpolate", "Write sentences on the line between two sentences."
    )
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("start", metavar="TEXT_A")
    parser.add_argument("end", metavar="TEXT_B")
    parser.add_argument("--steps", type=int, default=7, metavar="N")


def _add_encode(commands):
    parser = _add_command(commands, "encode", "Save the posteriors of a text's lines.")
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--output", required=True, metavar="FILE.npz")


def _add_export(commands):
    parser = _add_command(commands, "export", "Write a run as a SavedModel for TensorFlow Serving.")
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("directory", metavar="DIR", help="the model's folder, one folder a version")
    parser.add_argument("--version", type=int, metavar="N", help="the next free one by default")


def _add_serve(commands):
    parser = _add_command(
        commands,
        "serve",
        "Serve an exported model: with tensorflow_model_server where it is on PATH, else with a "
        "development server.",
    )
    parser.add_argument("directory", metavar="DIR", help="the model's folder")
    parser.add_argument("--name", help="of the model in requests; that of the folder by default")
    parser.add_argument("--rest-port", type=int, default=8501, metavar="N")
    parser.add_argument("--grpc-port", type=int, default=8500, metavar="N")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")


def _add_request(commands):
    parser = _add_command(commands, "request", "Send a request to a served model.")
    parser.add_argument(
        "address", metavar="ADDRESS", help="http://HOST:PORT for REST, HOST:PORT for gRPC"
    )
    parser.add_argument("signature", metavar="SIGNATURE", help="generate, encode, decode, ...")
    parser.add_argument(
        "inputs", metavar="NAME=VALUE", nargs="+", help="repeat a name for one row each"
    )
    parser.add_argument("--model", default="reviews", metavar="NAME", help="reviews by default")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")


def _add_data(commands):
    parser = _add_command(commands, "data", "Show the statistics of a corpus.")
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--tokenizer", default="words")
    parser.add_argument("--vocabulary-limit", type=int, metavar="N")
    parser.add_argument("--min-count", type=int, default=1, metavar="N")
    parser.add_argument("--max-length", type=int, default=200, metavar="N")


def _add_tune(commands):
    parser = _add_command(
        commands,
        "tune",
        "Search for the settings of Scale-VAE with KerasTuner; the same command goes on where it "
        "was interrupted.",
    )
    parser.add_argument(
        "data", metavar="DATA", help="as for train; with --show, the folder of a search"
    )
    parser.add_argument("--output", metavar="DIR", help="the folder of the search")
    parser.add_argument("--show", action="store_true", help="only show what a search has found")
    parser.add_argument("--tuner", choices=("random", "hyperband", "bayesian", "grid"))
    parser.add_argument(
        "--grid",
        choices=("table3",),
        help="try the nine settings of the paper's Table 3 first; with --tuner grid, the default "
        "then, nothing else",
    )
    parser.add_argument(
        "--trials", type=int, metavar="N", help="most trials, 12 by default, or the grid's"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="of a trial, at most")
    parser.add_argument(
        "--objective",
        metavar="NAME",
        help="elbo_nll (default), objective_nll, mi or elbo_nll-W*mi with W up to 1",
    )
    parser.add_argument("--preset", help="small (default), base or paper")
    parser.add_argument(
        "--train-limit", type=int, metavar="N", help="only the first N training sentences"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of the search and of every trial")
    parser.add_argument(
        "--fix",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="a setting's value, or the values to try, separated by commas",
    )


def _add_report(commands):
    parser = _add_command(
        commands, "report", "Write one self-contained web page about a run and print where."
    )
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--output", metavar="FILE.html", help="RUN/report.html by default")


def _add_benchmark(commands):
    parser = _add_command(commands, "benchmark", "Compare systems or runs by one measure.")
    benchmarks = parser.add_subparsers(dest="benchmark", required=True, metavar="NAME")
    density = _add_command(
        benchmarks,
        "density",
        "Train systems under one protocol and compare their likelihood and information; the same "
        "command goes on where it was interrupted.",
    )
    density.add_argument("--data", required=True, metavar="DATA")
    density.add_argument("--output", required=True, metavar="DIR")
    density.add_argument(
        "--methods",
        nargs="+",
        default=["all"],
        metavar="NAME",
        help="all (default), or methods, each with or without settings of its own: "
        "scale:des_std=0.9,f_epo=3",
    )
    density.add_argument("--preset", default="small", help="small (default), base or paper")
    density.add_argument(
        "--settings",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="of every run, for instance epochs=6 train_limit=25000",
    )
    density.add_argument("--seeds", type=int, nargs="+", default=[783435], metavar="N")
    density.add_argument("--samples", type=int, default=100, metavar="N", help="importance samples")
    density.add_argument("--limit", type=int, metavar="N", help="only the first N test sentences")
    density.add_argument("--generator", default="scaled", choices=GENERATORS)
    _add_paper(benchmarks)
    latent = _add_command(
        benchmarks,
        "latent",
        "Draw and measure the latent space of three systems under three ways of batching; the same "
        "command goes on where it was interrupted.",
    )
    latent.add_argument("--output", required=True, metavar="DIR")
    latent.add_argument("--epochs", type=int, default=10, metavar="N", help="10 by default")
    latent.add_argument("--seed", type=int, default=783435, metavar="N")
    probe = _add_command(
        benchmarks, "probe", "Accuracy of a linear classifier on the latent code, by labels used."
    )
    probe.add_argument("runs", metavar="RUN", nargs="+")
    probe.add_argument(
        "--repeats", type=int, default=5, metavar="N", help="draws of labels, and orders of each"
    )
    generation = _add_command(
        benchmarks, "generation", "Quality and diversity of sentences from the prior."
    )
    generation.add_argument("runs", metavar="RUN", nargs="+")
    generation.add_argument(
        "--language-model", required=True, metavar="RUN", help="a run of method lstm-lm that judges"
    )
    generation.add_argument("-n", type=int, default=10_000, metavar="N", help="number of sentences")
    generation.add_argument("--seed", type=int, default=0, metavar="N")
    speed = _add_command(
        benchmarks,
        "speed",
        "Time training, generation and importance weighting on this machine, with random weights; "
        "against keras.layers.LSTM and large matrix products.",
    )
    speed.add_argument(
        "--shape",
        default="short",
        choices=("short", "paper"),
        help="short (default): batch 64, 12 tokens, embedding 128, LSTM 256, vocabulary 8,000; "
        "paper: batch 32, 80 tokens, embedding 512, LSTM 1024, vocabulary 20,001",
    )
    speed.add_argument("--data", metavar="DATA", help="a corpus to train over the lengths of, too")
    speed.add_argument("--rounds", type=int, default=5, metavar="N", help="5 by default")
    speed.add_argument(
        "--sweep",
        nargs="+",
        default=[],
        choices=("vocabulary", "length", "batch", "latent"),
        help="sizes to vary, one at a time",
    )
    speed.add_argument("--output", metavar="FILE.csv")


def _add_paper(benchmarks):
    paper = _add_command(
        benchmarks,
        "paper",
        "Make a table or figure of the Scale-VAE paper, the paper's figures beside ours; the same "
        "command goes on where it was interrupted, and the tables of a folder share their runs.",
    )
    which = paper.add_mutually_exclusive_group(required=True)
    which.add_argument("--table", type=int, metavar="N", help="1 to 5; needs --data and --output")
    which.add_argument(
        "--figure", choices=("latent",), help="as benchmark latent; needs --output alone"
    )
    which.add_argument("--show", metavar="FILE.csv", help="print a table that was made before")
    paper.add_argument("--data", metavar="DATA")
    paper.add_argument("--output", metavar="DIR", help="of this command or benchmark density")
    paper.add_argument(
        "--beside",
        choices=("yahoo", "yelp"),
        help="whose figures stand beside ours: yelp by default; the paper's tables 3 and 5 are on "
        "yahoo, 4 on yelp",
    )
    paper.add_argument(
        "--methods",
        nargs="+",
        default=[],
        metavar="NAME",
        help="rows in place of the paper's, as for benchmark density",
    )
    paper.add_argument(
        "--preset",
        default="small",
        help="small (default), base or paper; paper takes f_epo from the paper, too",
    )
    paper.add_argument(
        "--settings", nargs="+", default=[], metavar="NAME=VALUE", help="of every run"
    )
    paper.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5], metavar="N")
    paper.add_argument(
        "--samples", type=int, default=500, metavar="N", help="importance samples, 500 by default"
    )
    paper.add_argument("--limit", type=int, metavar="N", help="only the first N test sentences")
    paper.add_argument("--generator", default="scaled", choices=GENERATORS)
    paper.add_argument(
        "-n", type=int, default=10_000, metavar="N", help="sentences of table 5, 10,000 by default"
    )
    paper.add_argument(
        "--epochs", type=int, default=10, metavar="N", help="of --figure, 10 by default"
    )
    paper.add_argument("--seed", type=int, default=783435, metavar="N", help="of --figure")


if __name__ == "__main__":
    sys.exit(main())
