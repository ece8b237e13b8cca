"""Reads streams for people and clients: the table and the running streams as one picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

from vibesflow.errors import TemporalDown
from vibesflow.ledger.port import LedgerReader
from vibesflow.query.compose import compose_stream, entry_of_view, open_stream_of
from vibesflow.query.live import LiveStreams
from vibesflow.query.views import (
    Census,
    ChunkEntry,
    CompletedPage,
    CompletedStream,
    LiveSnapshot,
    OpenStream,
    StreamView,
)
from vibesflow.stream.records import ChunkRow, StreamPage, StreamRecord
from vibesflow.stream.status import ChunkView

P = ParamSpec("P")
T = TypeVar("T")

MAX_PAGE = 100
"""Most streams of one page: the snapshots of a page are one batch of at most 100 keys."""

LIVE_PAGE = 1_000
"""Chunks asked of a running stream at once, well within the limit of one query's answer."""

EMPTY_PAGES = 10
"""Empty pages skipped in a row: ten years without a stream."""

CENSUS_PAGES = 10
"""Pages of each list that a census walks before it says that there are more."""


class ReadPage(Protocol):
    """One page of a list of streams."""

    def __call__(self, *, limit: int, cursor: str | None = None) -> StreamPage:
        """Return the page that the cursor names, or the first one."""
        ...


class StreamReader:
    """Answers what a stream, or the whole archive, looks like. Reads never write.

    The ledger blocks, so its calls run on threads of this reader's own; `close` ends them.
    """

    def __init__(self, ledger: LedgerReader, live: LiveStreams, *, threads: int = 16) -> None:
        self._ledger = ledger
        self._live = live
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="table-read")

    def close(self) -> None:
        """End the threads; calls that are under way are waited for."""
        self._threads.shutdown()

    async def record(self, rta_id: str) -> StreamRecord | None:
        """Return the stream's summary, or None when the table has none.

        Raises:
            TableDown: the table does not answer.
        """
        return await self._on_thread(self._ledger.get_stream, rta_id)

    async def row(self, rta_id: str, chunk_id: str) -> ChunkRow | None:
        """Return the chunk's row, or None; raises `TableDown`."""
        return await self._on_thread(self._ledger.get_chunk, rta_id, chunk_id)

    async def stream(self, rta_id: str) -> StreamView | None:
        """Return the stream as it stands, or None when nobody knows it.

        A running stream that does not answer in time is left out, and `StreamView.live` says so.

        Raises:
            TableDown: the table does not answer.
            TemporalDown: Temporal does not answer, and the table alone cannot tell.
        """
        # The running stream first, so that a chunk which moves into the table meanwhile is seen.
        try:
            live, running = await self._ask_live(rta_id)
        except TemporalDown:
            view = await self._on_thread(self._compose, rta_id, None, running=False)
            if view is None or not view.is_complete:
                raise
            return view
        return await self._on_thread(self._compose, rta_id, live, running=running)

    async def live_chunk(self, rta_id: str, key: str) -> ChunkEntry | None:
        """Return a chunk that the running stream holds, by its key; raises `TemporalDown`."""
        held = map(entry_of_view, await self._live_chunks(rta_id))
        return next((entry for entry in held if entry.key == key), None)

    async def completed(
        self, *, limit: int, cursor: str | None = None, creator: str | None = None
    ) -> CompletedPage:
        """Return a page of the public list, newest first, with every stream's snapshot.

        The ledger looks back a limited time a request, so a quiet archive gives it empty pages;
        they are skipped here, because a client that does not page would take one for the end.

        Raises:
            InvalidCursor: the cursor is altered, or belongs to another query.
            TableDown: the table does not answer.
        """
        for _ in range(EMPTY_PAGES):
            page = await self._on_thread(
                self._ledger.list_completed, limit=limit, cursor=cursor, creator=creator
            )
            cursor = page.next_cursor
            if page.streams or cursor is None:
                break
        keys = [(s.rta_id, s.detail_rev) for s in page.streams if s.detail_rev is not None]
        details = await self._on_thread(self._ledger.details, keys) if keys else {}
        return CompletedPage(
            streams=tuple(
                CompletedStream(record=record, details=details.get(record.rta_id, ()))
                for record in page.streams
            ),
            next_cursor=cursor,
        )

    async def census(self) -> Census:
        """Return every stream that is complete, and every one that is being recorded.

        Raises:
            TableDown: the table does not answer.
        """
        complete, more_complete = await self._walk(self._ledger.list_completed)
        being_recorded, more_open = await self._walk(self._ledger.list_open)
        rows = await asyncio.gather(*(self._open_stream(record) for record in being_recorded))
        return Census(
            complete=tuple(record for record in complete if record.is_complete),
            open=tuple(rows),
            truncated=more_complete or more_open,
        )

    async def check(self) -> None:
        """Return if the table answers; raise `TableDown` if not."""
        await self._on_thread(self._ledger.check)

    async def _ask_live(self, rta_id: str) -> tuple[LiveSnapshot | None, bool]:
        status = await self._live.status(rta_id)
        if status is None:
            return None, await self._live.is_running(rta_id)
        return LiveSnapshot(status=status, chunks=await self._live_chunks(rta_id)), True

    async def _live_chunks(self, rta_id: str) -> tuple[ChunkView, ...]:
        # A stream that settles chunks between two pages moves the rest forward, so the next page
        # begins as much earlier as the stream has shrunk; whoever is seen twice counts once.
        seen: dict[str, ChunkView] = {}
        offset, total = 0, 0
        while page := await self._live.chunks(rta_id, offset=offset, limit=LIVE_PAGE):
            seen.update((view.chunk_id, view) for view in page.chunks)
            shrunk = max(0, total - page.total)
            offset, total = max(0, offset + len(page.chunks) - shrunk), page.total
            if offset >= total or not page.chunks:
                break
        return tuple(seen.values())

    async def _walk(self, read_page: ReadPage) -> tuple[list[StreamRecord], bool]:
        records: list[StreamRecord] = []
        cursor: str | None = None
        for _ in range(CENSUS_PAGES):
            page = await self._on_thread(read_page, limit=MAX_PAGE, cursor=cursor)
            records.extend(page.streams)
            cursor = page.next_cursor
            if cursor is None:
                break
        return records, cursor is not None

    async def _open_stream(self, record: StreamRecord) -> OpenStream:
        return open_stream_of(record, await self._on_thread(self._read_rows, record.rta_id))

    def _compose(
        self, rta_id: str, live: LiveSnapshot | None, *, running: bool
    ) -> StreamView | None:
        record = self._ledger.get_stream(rta_id)
        rows = self._read_rows(rta_id) if record else []
        return compose_stream(rta_id, record=record, rows=rows, live=live, running=running)

    def _read_rows(self, rta_id: str) -> list[ChunkRow]:
        return list(self._ledger.list_chunks(rta_id))

    async def _on_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(call, *args, **kwargs))
