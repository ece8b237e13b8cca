"""Ports of the world: the documented ones, or free ones."""

from __future__ import annotations

import atexit
import json
import random
import socket
from collections import deque
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from vibesflow.errors import PortInUse

LOOPBACK = "127.0.0.1"

_AUTO_RANGE = range(15_000, 32_000)
"""Below what Linux hands out to outgoing connections, so that nobody takes one by chance."""

_MOST_HELD = 64

_held: deque[socket.socket] = deque()
"""The last ports that this process picked. Bound, so that nobody else picks them before a part
listens; not listening and willing to share, so that the part can (socket(7), SO_REUSEADDR)."""


@dataclass(frozen=True)
class Ports:
    """One port for every listener of the world, all on the loopback interface."""

    api: int = 3001
    temporal: int = 7233
    temporal_ui: int = 8233
    temporal_http: int = 7243
    temporal_metrics: int = 7244
    table: int = 8000
    chain: int = 5700
    provider_1: int = 5801
    provider_2: int = 5802
    provider_3: int = 5803
    worker_metrics: int = 9464
    worker_health: int = 9465


def fixed_ports() -> Ports:
    """Return the documented ports.

    Raises:
        PortInUse: somebody listens on one of them.
    """
    ports = Ports()
    for name, port in asdict(ports).items():
        if not _is_free(port):
            raise PortInUse(f"port {port} ({name.replace('_', ' ')}) is in use")
    return ports


def free_ports(remembered: Path) -> Ports:
    """Return the ports of the last time if all are free, else others, and remember them.

    Addresses that were stored or bookmarked keep working that way.
    """
    known = _read(remembered)
    if known is not None and all(_is_free(port) for port in asdict(known).values()):
        return known
    ports = Ports(**{field.name: free_port() for field in fields(Ports)})
    remembered.write_text(json.dumps(asdict(ports)))
    return ports


def free_port() -> int:
    """Return a port of the loopback interface, held until a part listens on it.

    Raises:
        PortInUse: none is left.
    """
    for port in random.SystemRandom().sample(_AUTO_RANGE, len(_AUTO_RANGE)):
        if holder := _bound(port):
            _held.append(holder)
            if len(_held) > _MOST_HELD:
                _held.popleft().close()
            return port
    raise PortInUse("every port between 15000 and 32000 is in use")


@atexit.register
def _let_go() -> None:
    while _held:
        _held.pop().close()


def _bound(port: int) -> socket.socket | None:
    holder = socket.socket()
    try:
        holder.bind((LOOPBACK, port))
    except OSError:
        holder.close()
        return None
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return holder


def _read(remembered: Path) -> Ports | None:
    try:
        return Ports(**json.loads(remembered.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
