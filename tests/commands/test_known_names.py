"""What is wrong with a command line is said at once, before TensorFlow is imported."""

import argparse
import subprocess
import sys

import pytest

from scale_vae_keras.commands import COMMANDS
from scale_vae_keras.commands.benchmark import BENCHMARKS
from scale_vae_keras.commands.known_names import check_words, known_methods
from scale_vae_keras.commands.main import load_command, parse
from scale_vae_keras.commands.sketch import HelpAskedFor, known_benchmarks, sketch_of
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import EARLIER_NAMES, SYSTEMS

WITHOUT_TENSORFLOW = """
import sys
from scale_vae_keras.commands.main import main
status = main(sys.argv[1:])
assert "tensorflow" not in sys.modules
sys.exit(status)
"""


def arguments(parser):
    """What a parser takes: names, how many values, and whether they must be given."""
    return [
        (each.option_strings, each.dest, each.nargs, each.required, each.metavar)
        for each in parser._actions
        if each.dest != "help"
    ]


@pytest.mark.parametrize(
    ("command", "benchmark"),
    [
        *((name, None) for name in COMMANDS if name != "benchmark"),
        *(("benchmark", name) for name in BENCHMARKS),
    ],
)
def test_a_sketch_has_what_the_parser_has(command, benchmark):
    parser = argparse.ArgumentParser()
    (load_command(command) if benchmark is None else BENCHMARKS[benchmark]).add_arguments(parser)
    sketch = sketch_of(command, benchmark)
    ours, theirs = arguments(sketch), arguments(parser)
    if command in ("train", "data"):
        # Settings are in another order, and their values have no names in the sketch.
        ours, theirs = (sorted((*each[:4],) for each in part) for part in (ours, theirs))
    assert ours == theirs
    groups = [
        [(group.required, [each.dest for each in group._group_actions]) for group in one]
        for one in (sketch._mutually_exclusive_groups, parser._mutually_exclusive_groups)
    ]
    assert groups[0] == groups[1]
    with pytest.raises(HelpAskedFor):
        sketch.parse_args(["--help"])


def test_names_read_from_the_sources_are_those_of_the_package():
    assert known_methods() == (*SYSTEMS, *EARLIER_NAMES)
    assert known_benchmarks() == tuple(BENCHMARKS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train c --output r --method scal", "unknown method 'scal'.*did you mean scale"),
        ("train c --output r --method=scal", "did you mean scale"),
        ("train c --output r --preset smal", "unknown preset 'smal'.*did you mean small"),
        ("train c --ouput r", "--ouput; did you mean --output.*see scale-vae train --help"),
        ("generate r --temprature 1", "did you mean --temperature.*see scale-vae generate --help"),
        ("benchmark probe r --repeat-s 1", "see scale-vae benchmark probe --help"),
        ("benchmark densty --data c", "did you mean density.*see scale-vae benchmark --help"),
        ("benchmark", "are required: NAME; see scale-vae benchmark --help"),
        ("benchmark density --data c --output d --methods vae scal", "did you mean scale"),
        ("benchmark density --data c --output d --methods scal:beta=1", "unknown method 'scal'"),
        ("benchmark density --data c --output d --methods scale:dse_std=1", "did you mean des_std"),
        ("benchmark density --data c --output d --settings epoch=1", "did you mean epochs"),
        ("benchmark density --data c --output d --preset smal", "did you mean small"),
        ("benchmark density --methods vae", "are required: --data, --output; see scale-vae bench"),
        ("benchmark paper --table 1 --output d --methods lst-lm", "did you mean lstm-lm"),
        ("benchmark paper --output d", "one of the arguments --table --figure --show is required"),
        ("benchmark speed --sweep lenght", "did you mean length"),
        ("tune c --output d --fix unit=9", "did you mean units"),
        ("tune c --output d --fix units", "'units' has no value: write name=value"),
        ("benchmark density --data c --output d --methods vae:beta", "'beta' has no value"),
        ("tune c --tuner baysian", "did you mean bayesian"),
        ("evaluate r --split tests", "did you mean test"),
        ("train c", "the following arguments are required: --output; see scale-vae train --help"),
        ("reconstruct", "the following arguments are required: RUN; see scale-vae reconstruct"),
        ("interpolate r a", "are required: TEXT_B; see scale-vae interpolate --help"),
        ("generate r -n x", "argument -n: invalid int value: 'x'; see scale-vae generate --help"),
        ("generate r --top-p 1 --beam 2", "argument --beam: not allowed with argument --top-p"),
        ("generate r -n 10 --per-label 2", "argument --per-label: not allowed with argument -n"),
    ],
)
def test_the_nearest_name_is_given(words, message):
    with pytest.raises(InputError, match=message):
        check_words(words.split())


@pytest.mark.parametrize(
    "words",
    [
        "generate r --temp 1",
        "interpolate r a b -- --z",
        "train c --output r --no-resplit --seed -1",
        "train --resume --output r",
        "benchmark density --data c --output d --methods all vae scale:des_std=1,f_epo=3",
        "benchmark density --data c --output d --methods vae:decoder=cnn,dilations=1,2",
        "benchmark --help",
        "train --help",
        "--version",
        "unknown",
        "",
    ],
)
def test_names_that_a_parser_knows_pass(words):
    check_words(words.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train c --output r --method scal", "error: unknown method 'scal'"),
        ("benchmark density --data c --output d --methods scal", "error: unknown method 'scal'"),
        ("benchmark density", "error: the following arguments are required: --data, --output; "),
    ],
)
def test_it_does_not_wait_for_tensorflow(words, said):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, *words.split()],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("reconstruct", "the following arguments are required: RUN; see scale-vae reconstruct"),
        ("generate r --encoding x", "unrecognized arguments: --encoding x; see scale-vae generate"),
        ("benchmark probe r --seed 3", "--seed 3; see scale-vae benchmark probe --help"),
        ("evaluate r --split tests", "did you mean test?; see scale-vae evaluate --help"),
        ("evalute r", "did you mean evaluate?; see scale-vae --help"),
    ],
)
def test_an_error_names_the_help_of_its_command(words, message, capsys):
    with pytest.raises(SystemExit):
        parse(words.split())
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said
