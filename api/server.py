"""The listening socket and the server around an application, with an orderly stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from api.slow_heads import patient_for
from vibesflow.settings import ApiSettings

BACKLOG = 2_048
LET_GO_S = 5.0
"""How long a request that was cut off may tidy up after itself."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class DoorServer(uvicorn.Server):
    """Serves until told to stop, then lets the requests under way finish.

    uvicorn would raise the signal again once it has stopped; then nothing behind it could be
    closed. Here the caller decides what a signal means.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    def stop(self) -> None:
        """Stop; the second call no longer waits for anybody."""
        self.force_exit = self.should_exit
        self.should_exit = True


def listen(settings: ApiSettings) -> socket.socket:
    """Listen on the door's address; port 0 takes a free one.

    From here on connections are queued, so whoever is told the address may use it at once.

    Raises:
        OSError: the address is in use, or not ours.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the address that clients on this machine reach the listener by."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def door_server(app: FastAPI, settings: ApiSettings) -> DoorServer:
    """Return a server for the application; `serve` it with the listener."""
    return DoorServer(
        uvicorn.Config(
            app,
            http=patient_for(settings.head_s),
            backlog=BACKLOG,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=max(1, round(settings.grace_s)),
        )
    )


async def serve_until_signalled(server: DoorServer, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; a second one cuts the requests under way off."""
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, server.stop)
    try:
        await server.serve(sockets=[listener])
        await _let_go(server)
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


async def _let_go(server: DoorServer) -> None:
    # A request that was cut off still has half a chunk to remove from staging.
    if cut_off := server.server_state.tasks:
        await asyncio.wait(cut_off, timeout=LET_GO_S)
