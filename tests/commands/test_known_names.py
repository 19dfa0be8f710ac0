"""Names that nothing has are refused at once, with the nearest, before TensorFlow is imported."""

import argparse
import re
import subprocess
import sys

import pytest

from scale_vae_keras.commands.known_names import check_names, known_flags, known_methods
from scale_vae_keras.commands.main import parse
from scale_vae_keras.commands.setting_flags import add_settings
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import EARLIER_NAMES, SYSTEMS

WITHOUT_TENSORFLOW = """
import sys
from scale_vae_keras.commands.main import main
status = main(sys.argv[1:])
assert "tensorflow" not in sys.modules
sys.exit(status)
"""


def test_names_read_from_the_sources_are_those_of_the_package():
    assert known_methods() == (*SYSTEMS, *EARLIER_NAMES)
    parser = argparse.ArgumentParser()
    add_settings(parser)
    flags = set(re.findall(r"--[a-z][a-z0-9-]*", parser.format_usage()))
    assert len(flags) > 50
    assert flags <= known_flags()
    assert {"--output", "--top-p", "--no-repeat-ngram-size", "--published"} <= known_flags()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train c --output r --method scal", "unknown method 'scal'.*did you mean scale"),
        ("train c --output r --method=scal", "did you mean scale"),
        ("train c --output r --preset smal", "unknown preset 'smal'.*did you mean small"),
        ("train c --ouput r", "--ouput; did you mean --output.*see scale-vae train --help"),
        ("generate r --temprature 1", "did you mean --temperature.*see scale-vae generate --help"),
        ("benchmark probe r --repeat-s 1", "see scale-vae benchmark probe --help"),
    ],
)
def test_the_nearest_name_is_given(words, message):
    with pytest.raises(InputError, match=message):
        check_names(words.split())


@pytest.mark.parametrize(
    "words", ["generate r --temp 1", "interpolate r a b -- --z", "train c --output r --no-resplit"]
)
def test_names_that_a_parser_knows_pass(words):
    check_names(words.split())


def test_a_wrong_name_does_not_wait_for_tensorflow():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, "train", "c", "--method", "scal"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: unknown method 'scal'")


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
