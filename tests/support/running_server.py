"""A development server in a thread."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from scale_vae_keras.serving.development.served_model import ServedModel
from scale_vae_keras.serving.development.server import DevelopmentServer


@contextlib.contextmanager
def running_server(model: ServedModel) -> Iterator[DevelopmentServer]:
    """Runs a server on free ports while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = DevelopmentServer(model, "127.0.0.1", 0, 0)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
