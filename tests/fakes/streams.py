"""Running streams in memory: a `ChunkSubmitter` and `LiveStreams` of equal rank.

A test plays the worker: it moves chunks on with `store`, `confirm`, `park` and `forget`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vibesflow.errors import NothingToComplete, TemporalDown
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.status import (
    ChunkPage,
    ChunkPhase,
    ChunkView,
    CompletionReply,
    StreamState,
    StreamStatus,
)

WINDOW_S = 360.0


@dataclass
class Run:
    creator: str
    version: int = 0
    state: StreamState = StreamState.RECORDING
    chunks: dict[str, ChunkView] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    duplicates: int = 0
    data_set_id: int | None = None
    provider_id: int | None = None


@dataclass
class FakeStreams:
    """One task queue, one server. `has_worker` is False while nobody polls; `down` while dead."""

    down: bool = False
    has_worker: bool = True
    runs: dict[str, Run] = field(default_factory=dict)
    submitted: list[ChunkRef] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)

    async def submit(self, chunk: ChunkRef) -> None:
        self._reach()
        self.submitted.append(chunk)
        run = self.runs.setdefault(chunk.rta_id, Run(chunk.creator))
        if chunk.key in run.digests:
            run.duplicates += 1
            return
        run.digests[chunk.key] = chunk.sha256
        fields = chunk.model_dump(include=set(ChunkView.model_fields))
        run.chunks[chunk.key] = ChunkView(**fields, phase=ChunkPhase.RECEIVED)

    async def is_running(self, rta_id: str) -> bool:
        self._reach()
        return rta_id in self.runs

    async def status(self, rta_id: str) -> StreamStatus | None:
        run = self._answering(rta_id)
        if run is None:
            return None
        phases = [view.phase for view in run.chunks.values()]
        return StreamStatus(
            rta_id=rta_id,
            creator=run.creator,
            state=run.state,
            received=len(run.digests),
            confirmed=phases.count(ChunkPhase.CONFIRMED),
            parked=phases.count(ChunkPhase.PARKED),
            duplicates=run.duplicates,
            window_s=WINDOW_S,
            document_version=run.version,
            data_set_id=run.data_set_id,
            provider_id=run.provider_id,
        )

    async def chunks(self, rta_id: str, *, offset: int = 0, limit: int = 1_000) -> ChunkPage | None:
        run = self._answering(rta_id)
        if run is None:
            return None
        ordered = sorted(
            run.chunks.values(), key=lambda v: (v.session_started_at_ms, v.producer, v.sequence)
        )
        page = tuple(ordered[offset : offset + limit])
        return ChunkPage(chunks=page, total=len(ordered), offset=offset)

    async def complete(self, rta_id: str, *, wait_s: float = 20.0) -> CompletionReply | None:
        assert wait_s > 0
        self._reach()
        run = self.runs.get(rta_id)
        if run is None:
            return None
        if not self.has_worker:
            return CompletionReply(state=StreamState.FINISHING)
        views = run.chunks.values()
        if any(view.phase is ChunkPhase.RECEIVED for view in views):
            return CompletionReply(state=StreamState.FINISHING)  # it is still being stored
        stored = [view for view in views if view.piece_cid]
        if not stored:
            raise NothingToComplete(f"no chunk of {rta_id} has a PieceCID")
        return self._finish(rta_id, run, stored)

    async def retry(self, rta_id: str, *, chunk_ids: Sequence[str] = ()) -> None:
        self._reach()
        self.retried.append(rta_id)
        self.runs.setdefault(rta_id, Run(creator=""))

    async def check(self) -> None:
        self._reach()

    def move(self, chunk: ChunkRef, phase: ChunkPhase, **changes: object) -> None:
        views = self.runs[chunk.rta_id].chunks
        views[chunk.key] = views[chunk.key].model_copy(update={"phase": phase, **changes})

    def forget(self, chunk: ChunkRef) -> None:
        """Let go of a chunk, as a stream does once its row is written."""
        del self.runs[chunk.rta_id].chunks[chunk.key]

    def _finish(self, rta_id: str, run: Run, stored: list[ChunkView]) -> CompletionReply:
        waits = any(view.phase is not ChunkPhase.CONFIRMED for view in stored)
        run.state = StreamState.FINISHING if waits else StreamState.COMPLETE
        run.version += not waits
        if not waits:
            del self.runs[rta_id]
        return CompletionReply(
            state=run.state,
            document_version=run.version,
            chunks=len(stored),
            total_duration_ms=sum(view.duration_ms for view in stored),
        )

    def _answering(self, rta_id: str) -> Run | None:
        self._reach()
        return self.runs.get(rta_id) if self.has_worker else None

    def _reach(self) -> None:
        if self.down:
            raise TemporalDown("the Temporal server does not answer")
