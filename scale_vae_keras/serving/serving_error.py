"""What a client raises when a server answers with an error."""


class ServingError(Exception):
    """An error of the server, or of the way to it.

    Args:
        code: name of the gRPC status, such as `INVALID_ARGUMENT`; REST answers are translated.
        message: what the server said.
    """

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
