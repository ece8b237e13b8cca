"""The port to running streams, so that readers need not know Temporal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vibesflow.stream.status import ChunkPage, CompletionReply, StreamStatus


class LiveStreams(Protocol):
    """What running streams say of themselves; see `workflows.client.StreamClient`.

    All calls raise `TemporalDown` when the server does not answer.
    """

    async def is_running(self, rta_id: str) -> bool:
        """Tell whether a run of the stream is open; needs no worker."""
        ...

    async def status(self, rta_id: str) -> StreamStatus | None:
        """Ask the running stream; None when no run is open or no worker answers in time."""
        ...

    async def chunks(self, rta_id: str, *, offset: int = 0, limit: int = 1_000) -> ChunkPage | None:
        """Return the chunks that the running stream still holds; None as with `status`."""
        ...

    async def complete(self, rta_id: str, *, wait_s: float = 20.0) -> CompletionReply | None:
        """Complete the running stream now; None when no run is open.

        When it has not completed after ``wait_s`` the reply's state is ``finishing``.

        Raises:
            NothingToComplete: no chunk of the stream has a PieceCID.
        """
        ...

    async def retry(self, rta_id: str, *, chunk_ids: Sequence[str] = ()) -> None:
        """Drive the parked chunks of a stream again, or the named ones, also after completion."""
        ...

    async def check(self) -> None:
        """Return if the server answers."""
        ...
