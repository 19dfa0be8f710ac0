"""Addresses of servers."""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from scale_vae_keras.errors import InputError

_SCHEMES = {"http": 80, "https": 443, "grpc": None, "grpcs": None}
_PATH = re.compile(r"(?:/v1(?:/models(?:/([^/:]+))?)?)?/?", re.IGNORECASE)


class Address(NamedTuple):
    """Where a server listens.

    Attributes:
        rest: whether it is asked over REST; over gRPC otherwise.
        secure: whether to use TLS.
        host: name or number of the machine.
        port: port of the interface.
        model: the name in the path, if there is one.
    """

    rest: bool
    secure: bool
    host: str
    port: int
    model: str | None

    @property
    def place(self) -> str:
        """`HOST:PORT`, an IPv6 number in brackets."""
        return place_of(self.host, self.port)


def place_of(host: str, port: int) -> str:
    """`HOST:PORT`, an IPv6 number in brackets.

    Args:
        host: name or number of the machine.
        port: port of the interface.
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def read_address(address: str) -> Address:
    """Reads `HOST:PORT`, `grpc://HOST:PORT`, `http://HOST:PORT/v1/models/NAME` and the like.

    Args:
        address: gRPC without a scheme; over REST the path may end before the name, and the port
            may be left out where it is that of the scheme.

    Raises:
        InputError: the address cannot be read.
    """
    try:
        parts = urlsplit(address if "://" in address else f"grpc://{address}")
        usual = _SCHEMES[parts.scheme]
        port = usual if parts.port is None else parts.port
        host = parts.hostname or ""
        host.encode("idna")
    except (ValueError, KeyError) as error:  # UnicodeError is a ValueError
        raise _unreadable(address) from error
    rest = parts.scheme.startswith("http")
    path = _PATH.fullmatch(parts.path)
    usable = path is not None and (rest or parts.path in ("", "/"))
    if not usable or not port or not host or re.search(r"[\s\x00-\x1f\\?#@]", address):
        raise _unreadable(address)
    name = None if path[1] is None else unquote(path[1])
    return Address(rest, parts.scheme in ("https", "grpcs"), host, port, name)


def _unreadable(address):
    return InputError(
        f"cannot read the address {address!r}: give HOST:PORT for gRPC, http://HOST:PORT or "
        "http://HOST:PORT/v1/models/NAME for REST"
    )
