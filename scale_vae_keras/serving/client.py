"""A client of a served model, over gRPC or REST."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from scale_vae_keras.default_sampling import TEMPERATURE, TOP_P
from scale_vae_keras.errors import InputError
from scale_vae_keras.serving.addresses import Address, read_address
from scale_vae_keras.serving.rest_transport import RestTransport
from scale_vae_keras.serving.serving_error import ServingError
from scale_vae_keras.serving.values import plain_values
from scale_vae_keras.serving.versions import LARGEST_VERSION
from scale_vae_keras.settings import real_number, whole_number

_FIRST_PAUSE = 0.1
_DAY = 86_400
_OF_THE_REQUEST = ("INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION")
_CODES = ("z", "vector")
_DEFAULTS = {"temperature": TEMPERATURE, "top_p": TOP_P}

__all__ = ["Client", "ServingError"]


class Client:
    """Sends requests to TensorFlow Serving or to the development server.

    `http://HOST:PORT` and `https://HOST:PORT` speak REST, with nothing but the standard library;
    `HOST:PORT`, `grpc://HOST:PORT` and, with TLS, `grpcs://HOST:PORT` speak gRPC. The address that
    the server prints, `http://HOST:PORT/v1/models/NAME`, names the model, too. A request that
    finds the server unavailable is sent again with growing pauses while its time lasts; no other
    failure is tried again. What a version takes is asked for once, and again where a request fails
    since another version is served by now. A proxy that the environment names is not used.

    Args:
        address: where the server listens.
        model: name of the model; by default the one in the address, else the one that the
            development server says it serves. TensorFlow Serving does not say.
        version: its number; the server's default when left out.
        label: label of the version, instead of its number; over gRPC or REST alike.
        timeout: seconds that a request may take in all, repetitions counted; at most a day.
        retries: how often a request is sent again.
        certificates: file with the certificates (PEM) that the server's is checked against;
            those of the system by default.

    Raises:
        InputError: an argument is out of range, the address cannot be read, or certificates are
            given for a connection without TLS.

    Example:
        >>> with Client("127.0.0.1:8500", "reviews") as client:
        ...     client.request("generate", seed=[1, 2])["text"]
        ['the soup was great .', 'i will not be back .']
    """

    def __init__(
        self,
        address: str,
        model: str | None = None,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        certificates: str | None = None,
    ):
        if version is not None and label is not None:
            raise InputError("give a version or a label, not both")
        self._timeout = real_number("timeout", timeout, above=0, most=_DAY)
        self._retries = whole_number("retries", retries, 0)
        if version is not None:
            version = whole_number("version", version, 0, LARGEST_VERSION)
        place = read_address(address)
        if certificates is not None and not place.secure:
            raise InputError(
                f"certificates are for https:// or grpcs://, and {address} is read without TLS"
            )
        if None not in (model, place.model) and model != place.model:
            raise InputError(f"{address} names another model than {model!r}: give one name")
        model = place.model if model is None else model
        try:
            self._transport = _transport(place, certificates, model, version, label)
        except OSError as error:  # ssl.SSLError is one, too
            raise InputError(f"{certificates} cannot be read: {error.strerror or error}") from error
        self._signatures: dict | None = None
        self._closed = False

    def request(self, signature: str, **inputs: Any) -> dict[str, list]:
        """Runs a signature.

        Args:
            signature: its name, such as `generate`.
            **inputs: a list or an array with one element per row for each input; text as `str` or
                `bytes`. `temperature` and `top_p` may be left out: they are 1 and 0.9 in every row,
                where the signature has them.

        Returns:
            Each output as a list with one element per row; text as `str`.

        Raises:
            InputError: the signature has no such input, a value cannot be sent, or the client is
                closed.
            ServingError: the server answered with an error, or did not answer.
        """
        deadline = self._deadline()
        known = self._signatures
        try:
            return self._predict(signature, inputs, deadline)
        except (InputError, ServingError) as error:
            if known is None or not self._are_outdated(known, error, deadline):
                raise
        return self._predict(signature, inputs, deadline)

    def _are_outdated(self, known, error, deadline):
        """Whether a request may have failed since another version is served by now."""
        if isinstance(error, ServingError) and error.code not in _OF_THE_REQUEST:
            return False
        self._signatures = None
        try:
            return self._read_signatures(deadline) != known
        except ServingError:
            return False

    def _predict(self, signature, inputs, deadline):
        infos = self._read_signatures(deadline)
        if signature not in infos:
            raise InputError(f"no signature {signature!r}: choose {', '.join(sorted(infos))}")
        inputs = _with_defaults(infos[signature]["inputs"], inputs)
        unknown = set(inputs) ^ set(infos[signature]["inputs"])
        if unknown:
            raise InputError(
                f"{signature} takes {', '.join(infos[signature]['inputs'])}: "
                f"{', '.join(sorted(unknown))} is missing or not among them"
            )
        types = infos[signature]["inputs"]
        plain = {name: plain_values(name, value, types[name]) for name, value in inputs.items()}
        return self._persist(deadline, self._transport.predict, signature, plain, infos[signature])

    def signatures(self) -> dict[str, dict[str, dict[str, str]]]:
        """Types of the inputs and outputs of every signature.

        Returns:
            By signature, `inputs` and `outputs`: by name, the data type, such as `DT_INT64`.

        Raises:
            InputError: no model is named, and the server does not say which it serves; or the
                client is closed.
            ServingError: the server answered with an error, or did not answer.
        """
        return self._read_signatures(self._deadline())

    def _deadline(self):
        if self._closed:
            raise InputError("the client is closed: make another")
        return time.monotonic() + self._timeout

    def _read_signatures(self, deadline):
        if self._transport.model is None:
            self._transport.model = self._persist(deadline, self._transport.served_model)
        if self._transport.model is None:
            raise InputError(
                "the server does not say which model it serves: give its name, with "
                "scale-vae request as --model NAME"
            )
        if self._signatures is None:
            self._signatures = self._persist(deadline, self._transport.signatures)
        return self._signatures

    def _persist(self, deadline, call, *arguments):
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
        self._closed = True
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _transport(place: Address, *arguments):
    if place.rest:
        return RestTransport(place.host, place.port, place.secure, *arguments)
    try:
        from scale_vae_keras.serving.grpc_transport import GrpcTransport
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is missing: pip install 'scale-vae-keras[serving]', or give "
            "http://HOST:PORT"
        ) from error
    return GrpcTransport(place.place, place.secure, *arguments)


def _with_defaults(types, inputs):
    try:
        rows = len(next(iter(inputs.values()), [None]))
    except TypeError:  # no list: refused as such with the other values
        rows = 1
    defaults = {name: [value] * rows for name, value in _DEFAULTS.items() if name in types}
    return {**defaults, **inputs}


def read_inputs(
    types: Mapping[str, str], assignments: Sequence[str]
) -> dict[str, list[str | int | float | list[float]]]:
    """Inputs from words such as `seed=1 seed=2 top_p=0.8`.

    A name that is repeated has one element per row; one that is given once is used for every row.
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
    whole = dtype == "DT_INT64"
    try:
        if dtype == "DT_STRING":
            return value
        if whole:
            return int(value)
        if name in _CODES:
            return [float(number) for number in value.split(",")]
        return float(value)
    except ValueError as error:
        kind = "a whole number" if whole else "a number"
        raise InputError(f"{name} must be {kind}, got {value!r}") from error
