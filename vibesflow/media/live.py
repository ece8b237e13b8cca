"""A pipe as an audio input: it hands over what is there and can be told to end."""

from __future__ import annotations

import os
import select
from collections.abc import Callable

_POLL_S = 0.2
_LAST_BYTES = 1024 * 1024
"""Read after a stop: what a pipe still holds, but not an endless one to its end."""


class LivePipe:
    """Reads a pipe, socket or device without waiting for a full buffer.

    An ordinary buffered read holds audio back until its buffer is full, for seconds at the bit
    rates of live audio, and cannot be interrupted while the pipe is silent.
    """

    def __init__(self, descriptor: int, *, stopped: Callable[[], bool]) -> None:
        """Wrap an open file descriptor; closing it stays the caller's affair.

        Args:
            descriptor: open for reading.
            stopped: asked several times a second; True ends the input after what has come.
        """
        self._descriptor = descriptor
        self._stopped = stopped
        self._last_bytes = _LAST_BYTES

    def read(self, size: int, /) -> bytes:
        """Return the bytes that have come, at most ``size``; none at the end or when stopped."""
        while not self._stopped():
            if self._is_ready(_POLL_S):
                return os.read(self._descriptor, size)
        if self._last_bytes <= 0 or not self._is_ready(0):
            return b""
        data = os.read(self._descriptor, size)
        self._last_bytes -= len(data)
        return data

    def _is_ready(self, within_s: float) -> bool:
        return bool(select.select([self._descriptor], [], [], within_s)[0])
