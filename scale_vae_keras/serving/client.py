"""Asks a served model, over gRPC or REST."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from scale_vae_keras.default_sampling import TEMPERATURE, TOP_P
from scale_vae_keras.errors import InputError
from scale_vae_keras.serving.rest_transport import RestTransport
from scale_vae_keras.serving.serving_error import ServingError

_FIRST_PAUSE = 0.1
_DEFAULTS = {"temperature": TEMPERATURE, "top_p": TOP_P}

__all__ = ["Client", "ServingError"]


class Client:
    """Sends requests to TensorFlow Serving or to the development server.

    `http://HOST:PORT` and `https://HOST:PORT` speak REST, with nothing but the standard library;
    `HOST:PORT`, `grpc://HOST:PORT` and, with TLS, `grpcs://HOST:PORT` speak gRPC. A request that
    finds the server unavailable is sent again with growing pauses while its time lasts; no other
    failure is tried again.

    Args:
        address: where the server listens.
        model: name of the model.
        version: its number; the server's default when left out.
        label: of the version, instead of its number; over gRPC or REST alike.
        timeout: seconds that a request may take, repetitions counted.
        retries: how often a request is sent again.
        certificates: file with the certificates (PEM) that the server's is checked against;
            those of the system by default.

    Raises:
        InputError: an argument is out of range, or the address cannot be read.
    """

    def __init__(
        self,
        address: str,
        model: str,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        certificates: str | None = None,
    ):
        if version is not None and label is not None:
            raise InputError("give a version or a label, not both")
        if not 0 < timeout < float("inf"):
            raise InputError(f"timeout must be positive and finite, got {timeout}")
        if retries < 0:
            raise InputError(f"retries must not be negative, got {retries}")
        self._timeout = timeout
        self._retries = retries
        scheme, _, place = address.rpartition("://")
        if scheme not in ("", "http", "https", "grpc", "grpcs") or ":" not in place:
            raise InputError(
                f"cannot read the address {address!r}: give HOST:PORT for gRPC or http://HOST:PORT"
            )
        secure = scheme in ("https", "grpcs")
        if scheme.startswith("http"):
            self._transport = RestTransport(place, secure, certificates, model, version, label)
        else:
            self._transport = _grpc_transport(place, secure, certificates, model, version, label)
        self._signatures: dict | None = None

    def request(self, signature: str, **inputs: Any) -> dict[str, list]:
        """Runs a signature.

        Args:
            signature: its name, such as `generate`.
            **inputs: a list with one element a row for each input; text as `str` or `bytes`.
                `temperature` and `top_p` may be left out: they are 1 and 0.9 in every row, where
                the signature has them.

        Returns:
            Each output as a list with one element a row; text as `str`.

        Raises:
            InputError: the signature has no such input, or a value cannot be sent.
            ServingError: the server answered with an error, or did not answer.
        """
        infos = self.signatures()
        if signature not in infos:
            raise InputError(f"no signature {signature!r}: choose {', '.join(sorted(infos))}")
        inputs = _with_defaults(infos[signature]["inputs"], inputs)
        unknown = set(inputs) ^ set(infos[signature]["inputs"])
        if unknown:
            raise InputError(
                f"{signature} takes {', '.join(infos[signature]['inputs'])}: "
                f"{', '.join(sorted(unknown))} is missing or not among them"
            )
        plain = {name: _plain(value) for name, value in inputs.items()}
        return self._persist(self._transport.predict, signature, plain, infos[signature])

    def signatures(self) -> dict[str, dict[str, dict[str, str]]]:
        """Types of the inputs and outputs of every signature.

        Returns:
            By signature, `inputs` and `outputs`: by name, the data type, such as `DT_INT64`.

        Raises:
            ServingError: the server answered with an error, or did not answer.
        """
        if self._signatures is None:
            self._signatures = self._persist(self._transport.signatures)
        return self._signatures

    def _persist(self, call, *arguments):
        deadline = time.monotonic() + self._timeout
        pause = _FIRST_PAUSE
        for attempt in range(self._retries + 1):
            try:
                return call(*arguments, timeout=deadline - time.monotonic())
            except ServingError as error:
                out_of_time = time.monotonic() + pause >= deadline
                if error.code != "UNAVAILABLE" or attempt == self._retries or out_of_time:
                    raise
            time.sleep(pause)
            pause *= 2
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Closes the connection."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _grpc_transport(*arguments):
    try:
        from scale_vae_keras.serving.grpc_transport import GrpcTransport
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is missing: pip install 'scale-vae-keras[serving]', or give "
            "http://HOST:PORT"
        ) from error
    return GrpcTransport(*arguments)


def _with_defaults(types, inputs):
    rows = len(_plain(next(iter(inputs.values())))) if inputs else 0
    defaults = {name: [value] * rows for name, value in _DEFAULTS.items() if rows and name in types}
    return {**defaults, **inputs}


def _plain(value: Any) -> list:
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise InputError(f"give each input as a list with one element a row, got {value!r}")
    return list(value)


def read_inputs(
    types: Mapping[str, str], assignments: Sequence[str]
) -> dict[str, list[str | int | float | list[float]]]:
    """Inputs from words such as `seed=1 seed=2 top_p=0.8`.

    A name that is repeated has one element a row; one that is given once is used for every row.
    The numbers of a code are separated by commas: `z=0.1,-0.3`.

    Args:
        types: data types of the signature's inputs by name, of `Client.signatures`.
        assignments: `NAME=VALUE` each.

    Raises:
        InputError: a word is no assignment, its name is not an input, or its value not a number.
    """
    inputs: dict[str, list] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or name not in types:
            raise InputError(f"{assignment!r} is not NAME=VALUE with NAME among {', '.join(types)}")
        inputs.setdefault(name, []).append(_value(types[name], name, value))
    rows = max((len(values) for values in inputs.values()), default=0)
    return {name: values * rows if len(values) == 1 else values for name, values in inputs.items()}


def _value(dtype, name, value):
    try:
        if dtype == "DT_STRING":
            return value
        if dtype == "DT_INT64":
            return int(value)
        if name == "z":
            return [float(number) for number in value.split(",")]
        return float(value)
    except ValueError as error:
        raise InputError(f"{name} must be a number, got {value!r}") from error
