"""`scale-vae request`: one request from the command line, answered as JSON."""

import argparse
import json

from scale_vae_keras.errors import InputError
from scale_vae_keras.quiet import quiet_standard_error
from scale_vae_keras.serving.client import Client, ServingError, read_inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument(
        "address",
        metavar="ADDRESS",
        help="http://HOST:PORT or http://HOST:PORT/v1/models/NAME for REST, HOST:PORT for gRPC",
    )
    parser.add_argument(
        "signature", metavar="SIGNATURE", help="the signature to run: generate, encode, decode, ..."
    )
    parser.add_argument(
        "inputs",
        metavar="NAME=VALUE",
        nargs="+",
        help="an input; repeat a name to send several rows",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="name of the model, as `scale-vae serve` prints it; by default the one in the "
        "address, else the one that the development server reports",
    )
    parser.add_argument(
        "--version", type=int, metavar="N", help="version of the model; the newest by default"
    )
    parser.add_argument(
        "--label", metavar="LABEL", help="label of the version, in the place of its number"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="seconds to wait for the answer, 30 by default",
    )


def run(options: argparse.Namespace) -> None:
    """Sends a request and prints the answer, an object a line and row.

    Raises:
        InputError: the request is invalid, or the server refused it; carries what the server said.
    """
    for each in options.inputs:
        if "=" not in each:
            raise InputError(f"{each!r} is not NAME=VALUE, such as seed=1")
    with quiet_standard_error():  # gRPC needs TensorFlow
        client = Client(
            options.address,
            options.model,
            options.version,
            options.label,
            timeout=options.timeout,
        )
    try:
        signatures = client.signatures()
        if options.signature not in signatures:
            raise InputError(
                f"the model has no signature {options.signature!r}: choose "
                f"{', '.join(sorted(signatures))}"
            )
        inputs = read_inputs(signatures[options.signature]["inputs"], options.inputs)
        outputs = client.request(options.signature, **inputs)
    except ServingError as error:
        raise InputError(str(error)) from error
    for row in zip(*outputs.values(), strict=True):
        print(json.dumps(dict(zip(outputs, row, strict=True)), ensure_ascii=False))
