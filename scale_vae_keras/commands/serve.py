"""`scale-vae serve`: a server of an exported model."""

import argparse

from scale_vae_keras.serving.launcher import serve as start


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument(
        "directory",
        metavar="DIR",
        help="the folder of the served model, which holds one folder per version",
    )
    parser.add_argument(
        "--name", help="name of the model in requests; the folder's name by default"
    )
    parser.add_argument(
        "--rest-port", type=int, default=8501, metavar="N", help="REST port, 8501 by default"
    )
    parser.add_argument(
        "--grpc-port", type=int, default=8500, metavar="N", help="gRPC port, 8500 by default"
    )
    parser.add_argument(
        "--host",
        help="address to listen on, 127.0.0.1 by default; TensorFlow Serving, where it is on PATH, "
        "listens on all interfaces and takes none",
    )


def run(options: argparse.Namespace) -> None:
    """Serves an exported model until it is stopped."""
    start(options.directory, options.name, options.rest_port, options.grpc_port, options.host)
