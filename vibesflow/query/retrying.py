"""Driving a stream's failed chunks again on request."""

from __future__ import annotations

from dataclasses import dataclass

from vibesflow.errors import StreamNotFound
from vibesflow.query.live import LiveStreams
from vibesflow.query.reader import StreamReader


@dataclass(frozen=True, slots=True)
class RetryReply:
    """What was asked of a stream.

    Attributes:
        failed: chunks that were failed, or lived on IPFS meanwhile, when it was asked.
        signalled: the stream was told; False when no chunk has failed.
    """

    failed: int
    signalled: bool


class StreamRetrier:
    """Tells streams to try their failed chunks again, and does not wait for the outcome."""

    def __init__(self, reader: StreamReader, live: LiveStreams) -> None:
        self._reader = reader
        self._live = live

    async def retry(self, rta_id: str) -> RetryReply:
        """Try a stream's failed chunks again, also after completion.

        Raises:
            StreamNotFound: nobody knows it.
            TemporalDown: Temporal does not answer.
            TableDown: the table does not answer.
        """
        view = await self._reader.stream(rta_id)
        if view is None:
            raise StreamNotFound(f"no stream {rta_id!r}")
        failed = sum(entry.status.waits_for_filecoin for entry in view.chunks)
        # A stream that does not answer may hold failed chunks that the table does not know yet.
        tell = failed > 0 or not (view.live or view.is_complete)
        if tell:
            await self._live.retry(rta_id)
        return RetryReply(failed, tell)
