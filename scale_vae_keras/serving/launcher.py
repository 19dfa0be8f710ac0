"""Starts a server on exported versions."""

import asyncio
import contextlib
import logging
import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from scale_vae_keras.errors import InputError
from scale_vae_keras.quiet import quiet_standard_error
from scale_vae_keras.serving.addresses import place_of
from scale_vae_keras.serving.versions import version_folders

STOCK_SERVER = "tensorflow_model_server"
_HOST = "127.0.0.1"


def serve(
    directory: str | os.PathLike,
    name: str | None = None,
    rest_port: int = 8501,
    grpc_port: int = 8500,
    host: str | None = None,
    labels: Mapping[str, int] | None = None,
    versions: int = 1,
) -> None:
    """Serves a model until SIGINT or SIGTERM.

    With `tensorflow_model_server` on PATH this process becomes that server, which listens on all
    interfaces, and takes no host, labels or versions here. Otherwise the package's development
    server runs.

    Args:
        directory: the model's folder, which holds one folder per version.
        name: name of the model in requests; that of the folder by default.
        rest_port: REST port.
        grpc_port: gRPC port.
        host: the address that the development server listens on, 127.0.0.1 by default.
        labels: version numbers by label, for the development server.
        versions: how many of the newest versions the development server serves.

    Raises:
        InputError: no version in the folder can be loaded, that of a label is not served, a port
            is taken or given twice, TensorFlow Serving does not take an argument, the extra
            `serving` is not installed, or this process is a notebook's.
    """
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise InputError("a server needs a process of its own: run scale-vae serve in a terminal")
    for port in (rest_port, grpc_port):
        if not 0 <= port < 1 << 16:
            raise InputError(
                f"the port {port} is out of range: give one from 0, any free one, to 65535"
            )
    if rest_port == grpc_port != 0:
        raise InputError(f"{rest_port} is the port of REST and of gRPC: give each its own")
    directory = Path(os.path.abspath(directory))  # a link keeps its name, and may lead elsewhere
    name = name or directory.name
    stock = shutil.which(STOCK_SERVER)
    if stock:
        if host is not None:
            raise InputError(
                f"{stock} listens on all interfaces: leave the host out, or take it off PATH"
            )
        if labels or versions != 1:
            raise InputError(
                f"{stock} takes labels and versions from a file of its own: start it with "
                "--model_config_file, or take it off PATH"
            )
        if not (directory.is_dir() and version_folders(directory)):
            raise InputError(f"{directory} holds no version of a model: export one to it first")
        rest_port, grpc_port = _free_ports(rest_port, grpc_port)
        print(
            f"{stock} serves {name} on all interfaces, REST at port {rest_port} and gRPC at port "
            f"{grpc_port}: scale-vae request ... --model {name}",
            flush=True,
        )
        os.execv(stock, stock_command(stock, directory, name, rest_port, grpc_port))
    try:
        with quiet_standard_error():
            from scale_vae_keras.serving.development.served_model import ServedModel
            from scale_vae_keras.serving.development.server import DevelopmentServer
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is missing: pip install 'scale-vae-keras[serving]'"
        ) from error
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its loader calls itself deprecated
    logging.getLogger("scale_vae_keras.serving").setLevel(logging.INFO)
    host = host or _HOST
    server = DevelopmentServer(
        ServedModel(name, directory, labels, versions), host, rest_port, grpc_port
    )

    def announce():
        print(
            f"scale-vae development server (not TensorFlow Serving): {name} at "
            f"http://{place_of(host, server.rest_port)}/v1/models/{quote(name, safe='')} "
            f"and gRPC {place_of(host, server.grpc_port)}",
            flush=True,
        )

    asyncio.run(server.run_until_signal(announce))


def _free_ports(*ports):
    """The ports with a free one in the place of 0, which turns an interface of the server off."""
    with contextlib.ExitStack() as stack:
        free = (stack.enter_context(socket.create_server(("", 0))) for _ in ports)
        return [port or each.getsockname()[1] for port, each in zip(ports, free, strict=True)]


def stock_command(
    binary: str, directory: Path, name: str, rest_port: int, grpc_port: int
) -> list[str]:
    """The command line of TensorFlow Serving.

    Args:
        binary: its path.
        directory: the model's folder.
        name: name of the model in requests.
        rest_port: REST port.
        grpc_port: gRPC port.
    """
    return [
        binary,
        f"--model_name={name}",
        f"--model_base_path={directory}",
        f"--rest_api_port={rest_port}",
        f"--port={grpc_port}",
        "--enable_profiler=false",
        "--enable_grpc_healthcheck_service=true",
    ]
