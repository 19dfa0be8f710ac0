"""The command `scale-vae request`: one request from the command line, answered as JSON."""

import argparse
import json

from scale_vae_keras.errors import InputError
from scale_vae_keras.quiet import quiet_standard_error
from scale_vae_keras.serving.client import Client, ServingError, read_inputs


def request(options: argparse.Namespace) -> None:
    """Sends a request and prints the answer, an object a line and row.

    Raises:
        InputError: the server or the request is not fit; carries what the server said.
    """
    with quiet_standard_error():  # gRPC needs TensorFlow
        client = Client(options.address, options.model, timeout=options.timeout)
    try:
        signatures = client.signatures()
        if options.signature not in signatures:
            raise InputError(
                f"{options.model} has no signature {options.signature!r}: choose "
                f"{', '.join(sorted(signatures))}"
            )
        inputs = read_inputs(signatures[options.signature]["inputs"], options.inputs)
        outputs = client.request(options.signature, **inputs)
    except ServingError as error:
        raise InputError(str(error)) from error
    for row in zip(*outputs.values(), strict=True):
        print(json.dumps(dict(zip(outputs, row, strict=True))))
