"""A pipe as an audio input: it hands over what is there and can be told to end."""

from __future__ import annotations

import os
import select
from collections.abc import Callable

_POLL_S = 0.2


class LivePipe:
    """Reads a pipe, socket or device without waiting for a full buffer.

    An ordinary buffered read holds audio back until its buffer is full, for seconds at the bit
    rates of live audio, and cannot be interrupted while the pipe is silent.
    """

    def __init__(self, descriptor: int, *, stopped: Callable[[], bool]) -> None:
        """Wrap an open file descriptor; closing it stays the caller's affair.

        Args:
            descriptor: open for reading.
            stopped: asked several times a second; True ends the input.
        """
        self._descriptor = descriptor
        self._stopped = stopped

    def read(self, size: int, /) -> bytes:
        """Return the bytes that have come, at most ``size``; none at the end or when stopped."""
        while not self._stopped():
            ready, _, _ = select.select([self._descriptor], [], [], _POLL_S)
            if ready:
                return os.read(self._descriptor, size)
        return b""
