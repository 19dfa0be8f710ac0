"""What a client raises when a server answers with an error."""

import re

_PREFIX = "Graph execution error:"
_NODE = re.compile(r"\s*\[\[\{\{node .*", re.DOTALL)
_REFUSAL = re.compile(r"assertion failed: \[(.*)\]", re.DOTALL)


class ServingError(Exception):
    """An error of the server, or of the way to it.

    Args:
        code: name of the gRPC status, such as `INVALID_ARGUMENT`; REST answers are translated.
        message: what the server said, see `refusal`.

    Example:
        >>> str(ServingError("UNAVAILABLE", "no server listens there"))
        'UNAVAILABLE: no server listens there'
    """

    def __init__(self, code: str, message: str):
        self.code = code
        self.message = refusal(message)
        super().__init__(code, message)  # what a copy, or another process, makes it of again

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def refusal(message: str) -> str:
    """What a model says when it refuses a request, without what TensorFlow puts around it.

    Args:
        message: of a failed operation, such as `assertion failed: [z must be finite in every row]`
            and the name of a node; others are returned without prefix and node.
    """
    text = _NODE.sub("", message.strip().removeprefix(_PREFIX)).strip()
    assertion = _REFUSAL.fullmatch(text)
    return assertion[1] if assertion else text or message
