"""A streaming session: hands chunks of live audio in, in order, each acknowledged when durable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from starter.clock import Clock, SystemClock
from starter.delivery import ChunkData, Delivery
from starter.numbering import Numbering, Origin, OutgoingChunk, new_rta_id
from vibesflow.errors import InvalidInput
from vibesflow.ingest import Receipt, Receiver
from vibesflow.media import CONTENT_TYPE
from vibesflow.query import LiveStreams
from vibesflow.settings import Settings
from vibesflow.staging import open_staging
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.ids import check_rta_id
from vibesflow.stream.status import CompletionReply
from workflows.client import StreamClient

PATIENCE_S = 60.0
"""How long one chunk is tried before the session gives up on it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a session ended: the last chunk's receipt, and the stream's answer if it was asked."""

    receipt: Receipt | None = None
    completion: CompletionReply | None = None


class StreamingSession:
    """One recorder's run of sequence numbers in a stream, from 0.

    `send` returns when the bytes are durable and Temporal has accepted the chunk. Down
    dependencies are waited for, with the same chunk id at every try. A number whose delivery
    failed after that is not used again: the gap is visible in the stream's status. Chunks go out
    one after the other, also when `send` is called concurrently.

    Attributes:
        rta_id: the stream.
        started_at_ms: when the session began; with the producer it names the session.
    """

    def __init__(
        self,
        receiver: Receiver,
        *,
        creator: str,
        rta_id: str | None = None,
        participants: int = 0,
        producer: str = "",
        live: LiveStreams | None = None,
        patience_s: float = PATIENCE_S,
        clock: Clock | None = None,
    ) -> None:
        """Begin a session over a receiver in this process.

        Args:
            receiver: takes the chunks in.
            creator: wallet or account of the person who streams.
            rta_id: the stream; made up when None.
            participants: listeners and speakers in the room.
            producer: which of several recorders of the stream this is.
            live: asked when the stream is to be completed by hand.
            patience_s: how long one chunk is tried.
            clock: time; the machine's own when None.

        Raises:
            InvalidRtaId: the stream id is outside the allowed alphabet.
        """
        self._clock: Clock = clock or SystemClock()
        self._delivery = Delivery(receiver, self._clock, patience_s=patience_s)
        self._live = live
        self.started_at_ms = self._clock.now_ms()
        self.rta_id = check_rta_id(rta_id or new_rta_id(self.started_at_ms))
        origin = Origin(self.rta_id, self.started_at_ms, creator, participants, producer)
        self._numbering = Numbering(origin, self._clock)
        self._finished = False
        self._turn = asyncio.Lock()

    @classmethod
    async def connect(
        cls,
        settings: Settings,
        *,
        creator: str,
        rta_id: str | None = None,
        participants: int = 0,
        producer: str = "",
        window_s: float | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Self:
        """Begin a session that stages and signals by itself, without the HTTP API.

        Args:
            settings: where staging and Temporal are.
            creator: as in the constructor, like the arguments that follow.
            rta_id: the stream.
            participants: listeners and speakers.
            producer: which recorder.
            window_s: silence after which this stream is complete, if not the configured one; it
                counts for the chunk that starts the stream.
            patience_s: how long one chunk is tried.

        Raises:
            TemporalDown: the server does not answer.
        """
        client = await StreamClient.connect(settings.temporal, settings.stream)
        receiver = Receiver(
            open_staging(settings.staging),
            _Submitter(client, window_s),
            max_bytes=settings.api.max_chunk_bytes,
        )
        return cls(
            receiver,
            creator=creator,
            rta_id=rta_id,
            participants=participants,
            producer=producer,
            live=client,
            patience_s=patience_s,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave: what was acknowledged is safe, and the stream's window closes it."""
        self._finished = True

    async def send(
        self,
        data: ChunkData,
        *,
        duration_ms: int = 0,
        started_at_ms: int | None = None,
        content_type: str = CONTENT_TYPE,
        is_final: bool = False,
    ) -> Receipt:
        """Hand in the next chunk; see `OutgoingChunk` for the first four arguments.

        Args:
            data: the encoded audio.
            duration_ms: its length.
            started_at_ms: where it begins.
            content_type: its media type.
            is_final: it is the last one, and the session ends with it.

        Raises:
            DependencyDown: staging or Temporal was down for longer than the patience.
            InvalidInput: the chunk is refused, and its number is free for the next one.
        """
        chunk = OutgoingChunk(data, duration_ms, started_at_ms, content_type)
        return await self._send(chunk, is_final=is_final)

    async def finish(
        self,
        data: ChunkData | None = None,
        *,
        duration_ms: int = 0,
        started_at_ms: int | None = None,
        content_type: str = CONTENT_TYPE,
        complete: bool = False,
    ) -> Finished:
        """End the session.

        With data, that is the last chunk and says so, and the stream completes as soon as all
        chunks before it have settled. Without data the stream completes after its window, unless
        it is asked to complete now.

        Args:
            data: the last chunk; see `OutgoingChunk` for it and the three that follow.
            duration_ms: its length.
            started_at_ms: where it begins.
            content_type: its media type.
            complete: ask the stream to complete now and wait for the answer.

        Raises:
            DependencyDown: staging or Temporal was down for longer than the patience.
            NothingToComplete: asked to complete, and no chunk has a PieceCID yet.
        """
        receipt = None
        if data is not None:
            last = OutgoingChunk(data, duration_ms, started_at_ms, content_type)
            receipt = await self._send(last, is_final=True)
        self._finished = True
        return Finished(receipt, await self._complete() if complete else None)

    async def send_all(self, chunks: AsyncIterable[OutgoingChunk | bytes]) -> list[Receipt]:
        """Hand in chunks of which nobody knows which is the last, and finish with that one.

        Each chunk waits in memory until the next one, or the end, has come. Whoever knows the
        last one, as `vibesflow.media.cut_audio` does, need not wait: call `send`.
        """
        receipts: list[Receipt] = []
        held: OutgoingChunk | None = None
        async for chunk in chunks:
            if held is not None:
                receipts.append(await self._send(held))
            held = OutgoingChunk(chunk) if isinstance(chunk, bytes) else chunk
        if held is not None:
            receipts.append(await self._send(held, is_final=True))
        self._finished = True
        return receipts

    async def _send(self, chunk: OutgoingChunk, *, is_final: bool = False) -> Receipt:
        async with self._turn:
            if self._finished:
                raise RuntimeError(f"the session of {self.rta_id} is finished")
            offer = self._numbering.take(chunk, is_final=is_final)
            try:
                receipt = await self._delivery.deliver(offer, chunk.data)
            except InvalidInput:
                self._numbering.give_back(offer)
                raise
            self._finished = is_final
            return receipt

    async def _complete(self) -> CompletionReply | None:
        if self._live is None:
            raise RuntimeError("this session was made without a client that can complete streams")
        return await self._live.complete(self.rta_id)


class _Submitter:
    """Submits with the window that was chosen for this stream."""

    def __init__(self, client: StreamClient, window_s: float | None) -> None:
        self._client = client
        self._window_s = window_s

    async def submit(self, chunk: ChunkRef) -> None:
        await self._client.submit(chunk, window_s=self._window_s)
