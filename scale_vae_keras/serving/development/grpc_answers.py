"""What holds for every gRPC request: its errors, its headers, its line in the log."""

import asyncio
import time

import grpc
from google.protobuf.message import DecodeError
from grpc import StatusCode

from scale_vae_keras.serving.development.core import Core
from scale_vae_keras.serving.development.request_error import RequestError
from scale_vae_keras.serving.development.workers import Workers

_LONGEST_MESSAGE = 1024
_CODES = {code.value[0]: code for code in StatusCode}


class GrpcAnswers(grpc.aio.ServerInterceptor):
    """Turns errors into gRPC statuses and logs one line per request, whatever becomes of it.

    Args:
        core: the served model.
        workers: who writes the log.
    """

    def __init__(self, core: Core, workers: Workers):
        self._core = core
        self._workers = workers

    async def intercept_service(self, continuation, handler_call_details):
        """The handler of a call, around which the line is written; streams pass."""
        started = time.monotonic()
        method = handler_call_details.method.rpartition("/")[2]
        handler = await continuation(handler_call_details)
        if handler is None:
            self._workers.log(f"gRPC {method}", StatusCode.UNIMPLEMENTED.name, started)
            return None
        if handler.unary_unary is None:
            return handler

        async def answer(content, context):
            code = StatusCode.CANCELLED  # what it is if this is left through CancelledError
            context.set_trailing_metadata(tuple(self._core.headers.items()))
            try:
                response = await handler.unary_unary(_read(handler, content), context)
                code = _CODES.get(context.code(), StatusCode.OK)
                return response
            except RequestError as error:
                code = error.code
                message = error.message
                if len(message) > _LONGEST_MESSAGE:
                    message = message[:_LONGEST_MESSAGE] + "...TRUNCATED"
                await context.abort(code, message)
            except asyncio.CancelledError:
                raise
            except BaseException:
                code = _CODES.get(context.code(), StatusCode.UNKNOWN)
                raise
            finally:
                self._workers.log(f"gRPC {method}", code.name, started)

        return grpc.unary_unary_rpc_method_handler(
            answer, response_serializer=handler.response_serializer
        )


def _read(handler, content):
    try:
        return handler.request_deserializer(content)
    except DecodeError as error:
        raise RequestError(StatusCode.INTERNAL, "the message cannot be read") from error
