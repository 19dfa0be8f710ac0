"""The server itself: both interfaces, the watch on new versions, start and end."""

import asyncio
import logging
import signal
from concurrent.futures import ThreadPoolExecutor

import grpc
from aiohttp import web
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse

from scale_vae_keras.errors import InputError
from scale_vae_keras.serving.addresses import place_of
from scale_vae_keras.serving.development.core import Core
from scale_vae_keras.serving.development.grpc_answers import GrpcAnswers
from scale_vae_keras.serving.development.grpc_services import add_services
from scale_vae_keras.serving.development.rest import HTTP_LOG, MAX_BODY, RestInterface
from scale_vae_keras.serving.development.served_model import ServedModel
from scale_vae_keras.serving.development.workers import Workers

_POLL_SECONDS = 1
_GRACE_SECONDS = 10
_HEALTHY = ("", "ModelService", "PredictionService")
_LOG = logging.getLogger("scale_vae_keras.serving")


class DevelopmentServer:
    """Serves one model over gRPC and REST.

    Args:
        model: the served model.
        host: the address to listen on.
        rest_port: REST port; 0 takes a free one.
        grpc_port: gRPC port; 0 takes a free one.

    Attributes:
        rest_port: REST port, once started.
        grpc_port: gRPC port, once started.
    """

    def __init__(self, model: ServedModel, host: str, rest_port: int, grpc_port: int):
        self.host = host
        self.rest_port = rest_port
        self.grpc_port = grpc_port
        self._model = model
        self._workers = Workers()
        self._core = Core(model)
        self._runner = web.AppRunner(
            RestInterface(self._core, self._workers).application(),
            access_log=None,
            logger=HTTP_LOG,
            auto_decompress=False,
            shutdown_timeout=_GRACE_SECONDS,
        )

    async def start(self) -> None:
        """Listens on both ports.

        Raises:
            InputError: a port is taken.
        """
        self._grpc = grpc.aio.server(
            interceptors=[GrpcAnswers(self._core, self._workers)],
            options=[("grpc.max_receive_message_length", MAX_BODY), ("grpc.so_reuseport", 0)],
        )
        add_services(self._grpc, self._core, self._workers)
        self._checks = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._checks, self._grpc)
        for service in _HEALTHY:
            await self._checks.set(service, HealthCheckResponse.SERVING)
        place = place_of(self.host, self.grpc_port)
        try:
            self.grpc_port = self._grpc.add_insecure_port(place)
        except RuntimeError as error:
            raise InputError(f"cannot listen on {place}") from error
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.rest_port)
        try:
            await site.start()
        except OSError as error:
            raise InputError(
                f"cannot listen on {place_of(self.host, self.rest_port)}: {error.strerror}"
            ) from error
        self.rest_port = self._runner.addresses[0][1]
        await self._grpc.start()
        self._watch = asyncio.create_task(self._watch_versions())

    async def _watch_versions(self):
        loader = ThreadPoolExecutor(1, thread_name_prefix="versions")
        try:
            while True:
                await asyncio.sleep(_POLL_SECONDS)
                try:
                    await asyncio.get_running_loop().run_in_executor(loader, self._model.refresh)
                except Exception:
                    _LOG.exception("new versions could not be looked for, which is tried again")
        finally:
            loader.shutdown(wait=False)  # requests are finished while a version is still loaded

    async def stop(self) -> None:
        """Takes no new requests, finishes those that run, and ends."""
        self._watch.cancel()
        await self._checks.enter_graceful_shutdown()
        await asyncio.gather(self._grpc.stop(_GRACE_SECONDS), self._runner.cleanup())
        self._workers.close()

    async def run_until_signal(self, announce) -> None:
        """Starts, calls `announce`, and stops at SIGINT or SIGTERM.

        Args:
            announce: called without arguments once both ports are open.
        """
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await self.start()
        announce()
        await ended.wait()
        await self.stop()
