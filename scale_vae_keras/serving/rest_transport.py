"""REST with the standard library."""

import base64
import http.client
import io
import json
import socket
import ssl
import time
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

from scale_vae_keras.serving.serving_error import ServingError

_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

_FROM_A_PROXY = (502, 503, 504)
"""What a proxy answers for a server that is not there."""

MODEL_HEADER = "scale-vae-model"
"""In what the development server answers: the name of its model, in percent encoding."""


class RestTransport:
    """One model of a server, over REST.

    Args:
        host: name or number of the machine.
        port: port of the interface.
        secure: whether to use TLS.
        certificates: file with the certificates to trust; those of the system when None.
        model: name of the model; None until it is known.
        version: its number, or None.
        label: label of its version, or None.

    Attributes:
        model: name of the model, or None.
    """

    def __init__(
        self,
        host: str,
        port: int,
        secure: bool,
        certificates: str | None,
        model: str | None,
        version: int | None,
        label: str | None,
    ):
        self.model = model
        self._host, self._port = host, port
        self._tls = ssl.create_default_context(cafile=certificates) if secure else None
        self._version = "" if version is None else f"/versions/{version}"
        if label is not None:
            self._version = f"/labels/{quote(label, safe='')}"

    @property
    def _path(self):
        return f"/v1/models/{quote(self.model, safe='')}{self._version}"

    def predict(
        self, signature: str, inputs: dict[str, list], types: dict, timeout: float
    ) -> dict[str, list]:
        """Runs a signature.

        Args:
            signature: its name.
            inputs: one element per row each.
            types: data types of its `inputs` and `outputs`.
            timeout: time limit in seconds.

        Raises:
            ServingError: the server answered with an error, or with other outputs, or did not
                answer.
        """
        body = {
            "signature_name": signature,
            "inputs": {name: _to_json(value) for name, value in inputs.items()},
        }
        document = self._ask("POST", f"{self._path}:predict", body, timeout)
        outputs = _within(document, "outputs")
        if isinstance(outputs, dict):  # so a server writes several outputs
            return outputs
        if len(types["outputs"]) > 1:
            raise ServingError(
                "FAILED_PRECONDITION", f"{signature} answers with one output: another version's?"
            )
        return {next(iter(types["outputs"])): outputs}

    def signatures(self, timeout: float) -> dict[str, dict[str, dict[str, str]]]:
        """Types of the inputs and outputs of every signature.

        Raises:
            ServingError: the server answered with an error, or did not answer.
        """
        document = self._ask("GET", f"{self._path}/metadata", None, timeout)
        signatures = _within(document, "metadata", "signature_def", "signature_def")
        return {
            name: {
                side: {key: info["dtype"] for key, info in signature[side].items()}
                for side in ("inputs", "outputs")
            }
            for name, signature in signatures.items()
            if signature["inputs"]
        }

    def served_model(self, timeout: float) -> str | None:
        """The name of the model that a development server has; None of another server.

        Raises:
            ServingError: the server did not answer.
        """
        status, headers, _ = self._send("GET", "/v1/models", None, timeout)
        if status in _FROM_A_PROXY:
            raise ServingError(_CODES[status], f"status {status}")
        return headers[MODEL_HEADER] and unquote(headers[MODEL_HEADER])

    def close(self) -> None:
        """Does nothing: every request has a connection of its own."""

    def _ask(self, method: str, path: str, body: Any, timeout: float) -> dict:
        status, _, content = self._send(method, path, body, timeout)
        try:
            document = json.loads(content.decode("utf-8-sig", "replace"))
        except ValueError as error:
            code = _CODES.get(status, "UNKNOWN")  # a proxy answers for its server in HTML
            raise ServingError(code, f"no JSON in the answer, status {status}") from error
        if status != 200:
            said = document.get("error") if isinstance(document, dict) else None
            raise ServingError(_CODES.get(status, "UNKNOWN"), str(said or f"status {status}"))
        return document

    def _send(self, method, path, body, timeout):
        timeout = max(timeout, 1e-3)
        deadline = time.monotonic() + timeout
        if self._tls:
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=timeout, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        connection.response_class = partial(_Response, deadline=deadline)
        address = f"{self._host}:{self._port}"
        try:
            connection.connect()
            connection.sock.settimeout(max(deadline - time.monotonic(), 1e-3))
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except TimeoutError as error:
            raise ServingError("DEADLINE_EXCEEDED", f"{address} did not answer in time") from error
        except ssl.SSLError as error:
            raise ServingError("UNAUTHENTICATED", f"{address}: {error}") from error
        except ConnectionError as error:
            raise ServingError("UNAVAILABLE", f"{address}: {error}") from error
        except http.client.BadStatusLine as error:
            raise ServingError(
                "UNKNOWN", f"{address} does not speak HTTP: is it the port of gRPC?"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ServingError("UNAVAILABLE", f"{address}: {error}") from error
        finally:
            connection.close()


class _Response(http.client.HTTPResponse):
    """An answer that has one time limit. A socket's own is one for each part of it."""

    def __init__(self, connection: socket.socket, *arguments, deadline: float, **options):
        super().__init__(connection, *arguments, **options)
        self.fp = io.BufferedReader(_Limited(self.fp, connection, deadline))


class _Limited(io.RawIOBase):
    """A stream of a connection that ends with a TimeoutError at its deadline."""

    def __init__(self, stream: io.BufferedReader, connection: socket.socket, deadline: float):
        self._stream, self._connection, self._deadline = stream, connection, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.settimeout(remaining)
        return self._stream.readinto1(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _within(document, *keys):
    for key in keys:
        if not isinstance(document, dict) or key not in document:
            raise ServingError("UNKNOWN", f"the answer has no {key!r}: is it a model server's?")
        document = document[key]
    return document


def _to_json(value):
    if isinstance(value, list | tuple):
        return [_to_json(element) for element in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value
