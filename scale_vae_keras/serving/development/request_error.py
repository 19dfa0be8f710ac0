"""The error that a request fails with."""

from grpc import StatusCode


class RequestError(Exception):
    """A request that is answered with an error.

    Args:
        code: the gRPC status.
        message: what the caller is told.
    """

    def __init__(self, code: StatusCode, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> RequestError:
    """An INVALID_ARGUMENT error."""
    return RequestError(StatusCode.INVALID_ARGUMENT, message)
