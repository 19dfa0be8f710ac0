import pytest

from scale_vae_keras.commands import request
from scale_vae_keras.commands.main import parse
from scale_vae_keras.errors import InputError


def test_a_word_without_a_value_is_refused_before_the_server_is_asked():
    words = ["request", "http://127.0.0.1:1", "generate", "seed"]
    with pytest.raises(InputError, match="'seed' is not NAME=VALUE, such as seed=1"):
        request.run(parse(words))


def test_text_is_printed_as_it_is_written(monkeypatch, capsys):
    class Answering:
        def __init__(self, *arguments, **named):
            pass

        def signatures(self):
            return {"reconstruct": {"inputs": {"text": "DT_STRING"}}}

        def request(self, signature, text):
            return {"text": text}

    monkeypatch.setattr(request, "Client", Answering)
    request.run(parse(["request", "http://127.0.0.1:1", "reconstruct", "text=好吃 😀"]))
    assert capsys.readouterr().out == '{"text": "好吃 😀"}\n'
