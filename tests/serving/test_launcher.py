import asyncio
import os

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.serving import launcher
from scale_vae_keras.serving.launcher import serve


@pytest.mark.parametrize("ports", [{"rest_port": -1}, {"grpc_port": 65536}])
def test_a_port_that_no_machine_has_is_refused(ports, tmp_path):
    with pytest.raises(
        InputError, match="is out of range: give one from 0, any free one, to 65535"
    ):
        serve(tmp_path, **ports)


def test_one_port_for_both_interfaces_is_refused(tmp_path):
    with pytest.raises(InputError, match="8500 is the port of REST and of gRPC: give each its own"):
        serve(tmp_path, rest_port=8500)


def test_a_notebook_does_not_become_a_server(stock, tmp_path):
    (tmp_path / "1").mkdir()

    async def in_a_loop():
        serve(tmp_path)

    with pytest.raises(InputError, match="run scale-vae serve in a terminal"):
        asyncio.run(in_a_loop())
    assert stock == {}


@pytest.fixture
def stock(monkeypatch):
    """The flags that the stock server is started with, by name."""
    flags = {}

    def started(binary, arguments):
        assert arguments[0] == binary == "/bin/stock"
        flags.update(each.split("=", 1) for each in arguments[1:])
        raise SystemExit

    monkeypatch.setattr(launcher.shutil, "which", lambda name: "/bin/stock")
    monkeypatch.setattr(os, "execv", started)
    return flags


def test_the_stock_server_gets_free_ports_where_none_are_given(stock, tmp_path, capsys):
    """It would take 0 for an interface that is not wanted."""
    (tmp_path / "1").mkdir()
    with pytest.raises(SystemExit):
        serve(tmp_path, rest_port=0, grpc_port=0)
    ports = stock["--rest_api_port"], stock["--port"]
    assert 0 not in {int(port) for port in ports}
    assert len(set(ports)) == 2
    assert "REST at port {} and gRPC at port {}:".format(*ports) in capsys.readouterr().out
    with pytest.raises(SystemExit):
        serve(tmp_path, rest_port=81, grpc_port=80)
    assert (stock["--rest_api_port"], stock["--port"]) == ("81", "80")


def test_a_link_is_served_as_a_link_under_its_own_name(stock, tmp_path):
    (tmp_path / "release" / "1").mkdir(parents=True)
    (tmp_path / "reviews").symlink_to("release")
    with pytest.raises(SystemExit):
        serve(tmp_path / "release" / ".." / "reviews")
    assert stock["--model_name"] == "reviews"
    assert stock["--model_base_path"] == str(tmp_path / "reviews")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": {"stable": 1}}, "takes labels and versions from a file of its own"),
        ({"versions": 2}, "takes labels and versions from a file of its own"),
        ({"host": "127.0.0.1"}, "listens on all interfaces: leave the host out"),
    ],
)
def test_options_that_the_stock_server_does_not_take_are_refused(stock, tmp_path, options, said):
    (tmp_path / "1").mkdir()
    with pytest.raises(InputError, match=said):
        serve(tmp_path, **options)
    assert stock == {}


def test_the_stock_server_is_not_started_on_a_folder_without_a_version(stock, tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match="holds no version of a model: export one to it first"):
            serve(folder)
    assert stock == {}
