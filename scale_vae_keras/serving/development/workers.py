"""Where requests run, a few at a time."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from grpc import StatusCode

from scale_vae_keras.serving.development.request_error import RequestError

MAX_REQUESTS = 512
_LOG = logging.getLogger("scale_vae_keras.serving")
_SHOWN = 200

Result = TypeVar("Result")


class Workers:
    """Threads that run requests: as many as there are processors, the others wait.

    A request that finds `MAX_REQUESTS` running or waiting is refused.
    """

    def __init__(self):
        self._pool = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="request")
        self._requests = 0

    async def run(self, function: Callable[..., Result], *arguments) -> Result:
        """Runs a function in a thread.

        Raises:
            RequestError: too many requests are waiting already, or the function failed.
        """
        if self._requests >= MAX_REQUESTS:
            raise RequestError(
                StatusCode.RESOURCE_EXHAUSTED,
                f"{MAX_REQUESTS} requests are waiting already: try again later",
            )
        self._requests += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, function, *arguments
            )
        except (RequestError, asyncio.CancelledError):
            raise
        except Exception as error:
            _LOG.exception("a request failed")
            raise RequestError(
                StatusCode.INTERNAL, f"{type(error).__name__} in the server, see its log"
            ) from error
        finally:
            self._requests -= 1

    def log(self, what: str, status: str, started: float) -> None:
        """Writes one line about a request.

        Args:
            what: the request; only its beginning is shown.
            status: how it ended.
            started: when it began, of `time.monotonic`.
        """
        milliseconds = 1000 * (time.monotonic() - started)
        _LOG.info("%s %s %.1f ms", shortened(what), status, milliseconds)

    def close(self) -> None:
        """Ends the threads once their requests are done."""
        self._pool.shutdown()


def shortened(text: str) -> str:
    """The beginning of a text in ASCII, for one line of a log."""
    return text[:_SHOWN].encode("ascii", "backslashreplace").decode()
