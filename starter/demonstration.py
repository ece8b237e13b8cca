"""The whole way of a stream, seen from outside: record, send, wait, fetch back, compare."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx

from starter.session import StreamingSession
from vibesflow.filecoin import FilecoinClient
from vibesflow.media import AudioChunk, Decoder, cut_audio, encode_melody, probe_audio
from vibesflow.query import StreamReader, StreamView
from vibesflow.query.views import ChunkEntry
from vibesflow.stream.records import RowStatus

CREATOR = "demo"

_POLL_S = 0.25


@dataclass(frozen=True, slots=True)
class Counts:
    """How many chunks have come how far."""

    recorded: int = 0
    stored: int = 0
    confirmed: int = 0


OnProgress = Callable[[Counts], None]


@dataclass(frozen=True, slots=True)
class SentChunk:
    """A chunk as it was recorded; its bytes are kept for the comparison."""

    chunk_id: str
    data: bytes
    duration_ms: int


@dataclass(frozen=True, slots=True)
class FetchedChunk:
    """A chunk as it came back.

    Attributes:
        decoded_ms: length of the audio in the bytes that came back.
        is_equal: what came back is byte for byte what was recorded.
    """

    chunk_id: str
    duration_ms: int
    size: int
    piece_cid: str
    data_set_id: int | None
    piece_id: int | None
    url: str
    decoded_ms: int
    is_equal: bool


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What was seen.

    Attributes:
        sent: how many chunks were handed in.
        metadata_cid: PieceCID of the stream's document, once the list shows the stream.
        elapsed_s: from the first chunk until everything was fetched back.
    """

    rta_id: str
    sent: int
    chunks: tuple[FetchedChunk, ...]
    metadata_cid: str | None
    elapsed_s: float

    @property
    def is_good(self) -> bool:
        """Every chunk came back equal, and the list shows the stream as complete."""
        return (
            self.metadata_cid is not None
            and len(self.chunks) == self.sent
            and all(chunk.is_equal for chunk in self.chunks)
        )


class Demonstration:
    """One recording of a melody, followed until every chunk is back."""

    def __init__(
        self,
        session: StreamingSession,
        reader: StreamReader,
        filecoin: FilecoinClient,
        *,
        api_url: str,
        on_progress: OnProgress = lambda _counts: None,
    ) -> None:
        self._session = session
        self._reader = reader
        self._filecoin = filecoin
        self._api_url = api_url
        self._on_progress = on_progress
        self._sent: list[SentChunk] = []

    async def run(self, *, seconds: float, chunk_s: float, patience_s: float) -> DemoReport:
        """Record that many seconds and return what became of them.

        Args:
            seconds: length of the recording.
            chunk_s: length of a chunk.
            patience_s: how long after the last chunk the stream may take to complete.
        """
        started_s = time.monotonic()
        watching = asyncio.create_task(self._watch())
        try:
            await self._record(seconds, chunk_s)
            done, _ = await asyncio.wait([watching], timeout=patience_s)
            for task in done:
                task.result()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        return DemoReport(
            rta_id=self._session.rta_id,
            sent=len(self._sent),
            chunks=await self._fetch_all(),
            metadata_cid=await self._listed_document(),
            elapsed_s=time.monotonic() - started_s,
        )

    async def _record(self, seconds: float, chunk_s: float) -> None:
        async with self._session as session:
            async for chunk in _record_melody(seconds, chunk_s):
                if chunk.is_last:
                    receipt = (
                        await session.finish(chunk.data, duration_ms=chunk.duration_ms)
                    ).receipt
                else:
                    receipt = await session.send(chunk.data, duration_ms=chunk.duration_ms)
                if receipt is not None:
                    sent = SentChunk(receipt.chunk.chunk_id, chunk.data, chunk.duration_ms)
                    self._sent.append(sent)
                self._on_progress(Counts(recorded=len(self._sent)))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_POLL_S)
            view = await self._reader.stream(self._session.rta_id)
            if view is not None:
                self._on_progress(_counts(view, len(self._sent)))
            if view is not None and view.is_complete:
                return

    async def _fetch_all(self) -> tuple[FetchedChunk, ...]:
        view = await self._reader.stream(self._session.rta_id)
        entries = {entry.chunk_id: entry for entry in view.chunks} if view else {}
        found = [(sent, entries.get(sent.chunk_id)) for sent in self._sent]
        return tuple([await self._fetch(sent, entry) for sent, entry in found if entry is not None])

    async def _fetch(self, sent: SentChunk, entry: ChunkEntry) -> FetchedChunk:
        piece_cid, url = entry.piece_cid or "", entry.retrieval_url or ""
        provider_url = url.removesuffix(f"/piece/{piece_cid}")
        data = b""
        if piece_cid and url:
            data = b"".join([block async for block in self._filecoin.read(provider_url, piece_cid)])
        facts = await asyncio.to_thread(probe_audio, data)
        return FetchedChunk(
            chunk_id=sent.chunk_id,
            duration_ms=sent.duration_ms,
            size=len(data),
            piece_cid=piece_cid,
            data_set_id=entry.data_set_id,
            piece_id=entry.piece_id,
            url=url,
            decoded_ms=facts.duration_ms if facts else 0,
            is_equal=data == sent.data,
        )

    async def _listed_document(self) -> str | None:
        """Return the document that the public list names for the stream when it is complete."""
        query = {"creator": CREATOR, "limit": "100"}
        async with httpx.AsyncClient(base_url=self._api_url, trust_env=False) as door:
            answer = await door.get("/api/vibestreams", params=query)
        answer.raise_for_status()
        for stream in answer.json():
            if stream["rta_id"] == self._session.rta_id and stream["is_complete"]:
                return str(stream["metadata_cid"])
        return None


def _counts(view: StreamView, recorded: int) -> Counts:
    return Counts(
        recorded=recorded,
        stored=sum(entry.piece_cid is not None for entry in view.chunks),
        confirmed=view.count(RowStatus.UPLOADED),
    )


async def _record_melody(seconds: float, chunk_s: float) -> AsyncIterator[AudioChunk]:
    """Yield the chunks of the melody as they are cut; the work is done on a thread."""
    melody = await asyncio.to_thread(encode_melody, seconds)
    with Decoder(io.BytesIO(melody), name="melody") as decoder:
        chunks = cut_audio(decoder, chunk_s=chunk_s)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk
