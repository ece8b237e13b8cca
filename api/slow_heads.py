"""Connections that take for ever to say what they want."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientForAWhile(H11Protocol):
    """HTTP/1.1 that hangs up on a client whose request's head does not come.

    uvicorn limits how long a connection may rest between two requests, and we how long a body may
    take; between the two a head could come byte by byte for ever and hold a connection each.
    """

    head_s = 30.0
    _hanging_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._watch()

    def handle_events(self) -> None:
        """Serve what has come, and wait for the next head."""
        super().handle_events()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._rest()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._rest()
        elif self._hanging_up is None and not self.transport.is_closing():
            self._hanging_up = self.loop.call_later(self.head_s, self.transport.close)

    def _rest(self) -> None:
        if self._hanging_up is not None:
            self._hanging_up.cancel()
            self._hanging_up = None


def patient_for(head_s: float) -> type[PatientForAWhile]:
    """Return the protocol with a limit of its own."""
    return type("DoorProtocol", (PatientForAWhile,), {"head_s": head_s})
