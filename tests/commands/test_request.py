"""What `scale-vae request` asks for."""

import json

import pytest

from scale_vae_keras.commands import request
from scale_vae_keras.commands.main import main

SIGNATURES = {"echo": {"inputs": {"seed": "DT_INT64"}, "outputs": {"text": "DT_STRING"}}}


@pytest.fixture
def clients(monkeypatch):
    """What each client was made with."""
    made = []

    class Client:
        def __init__(self, *arguments, **options):
            made.append((arguments, options))

        def signatures(self):
            return SIGNATURES

        def request(self, signature, seed):
            return {"text": [f"{signature} {each}" for each in seed]}

    monkeypatch.setattr(request, "Client", Client)
    return made


@pytest.mark.parametrize(
    ("flags", "asked"),
    [
        ([], (None, None, None)),
        (["--model", "m", "--version", "3"], ("m", 3, None)),
        (["--label", "canary"], (None, None, "canary")),
    ],
)
def test_a_version_or_a_label_is_asked_for(clients, capsys, flags, asked):
    assert main(["request", "http://h:1", "echo", "seed=1", "seed=2", *flags]) == 0
    assert clients == [(("http://h:1", *asked), {"timeout": 30.0})]
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [{"text": "echo 1"}, {"text": "echo 2"}]


def test_a_version_and_a_label_exclude_each_other(capsys):
    flags = ["--version", "1", "--label", "canary"]
    assert main(["request", "http://h:1", "echo", "seed=1", *flags]) == 2
    assert "give a version or a label, not both" in capsys.readouterr().err
