"""One stream in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import JsonValue
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from starter.cli.figures import megabytes
from vibesflow.query import StreamView
from vibesflow.query.views import ChunkEntry
from vibesflow.settings import TemporalSettings
from vibesflow.stream.records import RowStatus
from vibesflow.stream.status import SessionGap, StreamState, StreamStatus
from vibesflow.stream.times import minutes_seconds
from workflows.messages import workflow_id

_COLOURS = {
    RowStatus.UPLOADED: "green",
    RowStatus.PROCESSING: "yellow",
    RowStatus.PINNED: "magenta",
    RowStatus.FAILED: "red",
}


@dataclass(frozen=True, slots=True)
class StreamReport:
    """A stream as readers see it, with what it says of itself while it runs."""

    stream: StreamView
    running: StreamStatus | None
    web_ui: str | None
    with_chunks: bool = False

    @property
    def state(self) -> StreamState:
        """Where the stream stands; a stream that does not answer counts as recording."""
        if self.running is not None:
            return self.running.state
        return StreamState.COMPLETE if self.stream.is_complete else StreamState.RECORDING

    def document(self) -> dict[str, JsonValue]:
        """Return the JSON form, as ``docs/cli.md`` describes it."""
        stream, running = self.stream, self.running
        document: dict[str, JsonValue] = {
            "rta_id": stream.rta_id,
            "creator": stream.creator,
            "state": self.state.value,
            "live": stream.live,
            "chunks": self._counts(),
            "duration_ms": sum(entry.duration_ms for entry in stream.chunks),
            "bytes": sum(entry.size for entry in stream.chunks),
            "missing": [gap.model_dump(mode="json") for gap in stream.missing],
            "document_version": stream.document_version,
            "metadata_cid": stream.metadata_cid,
            "data_set_id": stream.data_set_id,
            "storage_provider": stream.storage_provider,
            "window_s": running.window_s if running else None,
            "closes_at": running.closes_at if running else None,
            "waiting_for": stream.waiting_for,
            "last_error": running.last_error if running else None,
            "web_ui": self.web_ui,
        }
        if self.with_chunks:
            document["chunk_list"] = [entry.model_dump(mode="json") for entry in stream.chunks]
        return document

    def view(self) -> RenderableType:
        """Return the form for people."""
        facts = Table(box=None, show_header=False, pad_edge=False)
        facts.add_column(style="bold", no_wrap=True)
        facts.add_column(overflow="fold")
        for what, text in self._facts():
            facts.add_row(what, text)
        return Group(facts, _chunk_table(self.stream.chunks)) if self.with_chunks else facts

    def _counts(self) -> dict[str, JsonValue]:
        by_status = {status.value: self.stream.count(status) for status in RowStatus}
        return {"total": len(self.stream.chunks), **by_status}

    def _facts(self) -> Iterator[tuple[str, str]]:
        stream, running = self.stream, self.running
        yield "Stream", escape(f"{stream.rta_id} by {stream.creator or 'nobody known yet'}")
        yield "State", self._state_words()
        yield "Chunks", self._chunk_words()
        if stream.waiting_for:
            yield "Waiting for", f"[yellow]{escape(stream.waiting_for)}[/]"
        for gap in stream.missing:
            yield "Missing", _gap_words(gap)
        if running and running.closes_at:
            yield "Closes", f"{running.closes_at}, {running.window_s:g} s after the last chunk"
        if running and running.last_error:
            yield "Last error", escape(running.last_error)
        if stream.metadata_cid:
            yield "Document", f"version {stream.document_version}, {stream.metadata_cid}"
        if stream.data_set_id:
            where = f" at provider {stream.storage_provider}" if stream.storage_provider else ""
            yield "Data set", f"{stream.data_set_id}{escape(where)}"
        if self.web_ui:
            yield "Web UI", f"[link={self.web_ui}]{self.web_ui}[/link]"

    def _state_words(self) -> str:
        if self.state is StreamState.COMPLETE or self.stream.live:
            return self.state.value
        return f"{self.state.value}; no worker answers, so this is what the table knows"

    def _chunk_words(self) -> str:
        counts = [
            f"[{_COLOURS[status]}]{self.stream.count(status)} {status.value}[/]"
            for status in _COLOURS
            if self.stream.count(status)
        ]
        length = minutes_seconds(sum(entry.duration_ms for entry in self.stream.chunks))
        size = megabytes(sum(entry.size for entry in self.stream.chunks))
        return ", ".join([*(counts or ["none yet"]), length, size])


def web_ui_link(settings: TemporalSettings, rta_id: str) -> str | None:
    """Return the address of the stream's workflow in the Web UI, if that is configured."""
    if settings.ui_url is None:
        return None
    base = settings.ui_url.rstrip("/")
    return f"{base}/namespaces/{settings.namespace}/workflows/{quote(workflow_id(rta_id), safe='')}"


def _gap_words(gap: SessionGap) -> str:
    numbers = ", ".join(map(str, gap.missing[:20]))
    more = f" and {gap.missing_count - 20} more" if gap.missing_count > 20 else ""
    producer = f" of {gap.producer}" if gap.producer else ""
    return escape(f"{numbers}{more} (session {gap.session_started_at_ms}{producer})")


def _chunk_table(chunks: tuple[ChunkEntry, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("#", "Length", "Size"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    table.add_column("PieceCID, or what went wrong", overflow="fold")
    for entry in chunks:
        table.add_row(
            f"{entry.sequence}{' final' if entry.is_final else ''}",
            minutes_seconds(entry.duration_ms),
            megabytes(entry.size),
            f"[{_COLOURS[entry.status]}]{entry.status.value}[/]",
            escape(entry.error or entry.piece_cid or ""),
        )
    return table
