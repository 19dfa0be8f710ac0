"""REST with the standard library."""

import base64
import http.client
import json
import ssl
from typing import Any
from urllib.parse import quote

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
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RestTransport:
    """One model of a server, over REST.

    Args:
        address: `HOST:PORT`.
        secure: whether to use TLS.
        certificates: file with the certificates to trust; those of the system when None.
        model: name of the model.
        version: its number, or None.
        label: of its version, or None.
    """

    def __init__(
        self,
        address: str,
        secure: bool,
        certificates: str | None,
        model: str,
        version: int | None,
        label: str | None,
    ):
        self._address = address
        self._tls = ssl.create_default_context(cafile=certificates) if secure else None
        self._path = f"/v1/models/{quote(model, safe='')}"
        if version is not None:
            self._path += f"/versions/{version}"
        if label is not None:
            self._path += f"/labels/{quote(label, safe='')}"

    def predict(
        self, signature: str, inputs: dict[str, list], types: dict, timeout: float
    ) -> dict[str, list]:
        """Runs a signature.

        Args:
            signature: its name.
            inputs: one element a row each.
            types: data types of its `inputs` and `outputs`.
            timeout: in seconds.

        Raises:
            ServingError: the server answered with an error, or did not answer.
        """
        body = {
            "signature_name": signature,
            "inputs": {name: _to_json(value) for name, value in inputs.items()},
        }
        outputs = self._ask("POST", f"{self._path}:predict", body, timeout)["outputs"]
        if len(types["outputs"]) == 1:
            return {next(iter(types["outputs"])): outputs}
        return outputs

    def signatures(self, timeout: float) -> dict[str, dict[str, dict[str, str]]]:
        """Types of the inputs and outputs of every signature.

        Raises:
            ServingError: the server answered with an error, or did not answer.
        """
        document = self._ask("GET", f"{self._path}/metadata", None, timeout)
        signatures = document["metadata"]["signature_def"]["signature_def"]
        return {
            name: {
                side: {key: info["dtype"] for key, info in signature[side].items()}
                for side in ("inputs", "outputs")
            }
            for name, signature in signatures.items()
            if signature["inputs"]
        }

    def close(self) -> None:
        """Does nothing: every request has a connection of its own."""

    def _ask(self, method: str, path: str, body: Any, timeout: float) -> dict:
        status, content = self._send(method, path, body, max(timeout, 1e-3))
        try:
            document = json.loads(content)
        except ValueError as error:
            raise ServingError("UNKNOWN", f"no JSON in the answer with status {status}") from error
        if status != 200:
            code = _CODES.get(status, "UNKNOWN")
            raise ServingError(code, document.get("error", f"status {status}"))
        return document

    def _send(self, method, path, body, timeout):
        if self._tls:
            connection = http.client.HTTPSConnection(
                self._address, timeout=timeout, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(self._address, timeout=timeout)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            return response.status, response.read()
        except TimeoutError as error:
            raise ServingError(
                "DEADLINE_EXCEEDED", f"{self._address} did not answer in time"
            ) from error
        except ssl.SSLError as error:
            raise ServingError("UNAUTHENTICATED", f"{self._address}: {error}") from error
        except (OSError, http.client.HTTPException) as error:
            raise ServingError("UNAVAILABLE", f"{self._address}: {error}") from error
        finally:
            connection.close()


def _to_json(value):
    if isinstance(value, list | tuple):
        return [_to_json(element) for element in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value
