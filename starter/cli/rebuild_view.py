"""A rebuild's report, for programs and for people."""

from __future__ import annotations

from pydantic import JsonValue
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from vibesflow.rebuild import RebuildReport, StreamReport
from vibesflow.rebuild.facts import MEANING, Fact
from vibesflow.settings import TableSettings

_NAMED_STREAMS = 50
NEVER_KNOWN = (
    "Never known, so not counted: chunks that were parked or on their way and are in no document, "
    "and how audits came out."
)


def rebuild_document(report: RebuildReport, table: TableSettings) -> JsonValue:
    """Spell the report as JSON."""
    return {
        "payer": report.payer,
        "dry_run": report.dry_run,
        "tables": [table.metadata_name, table.chunks_name],
        "data_sets": report.data_sets,
        "other_data_sets": report.other_data_sets,
        "ended_data_sets": [*report.ended_data_sets],
        "pieces": report.pieces,
        "unread_pieces": report.unread_pieces,
        "streams_written": report.written,
        "rows_written": report.rows,
        "streams": [_stream(stream) for stream in report.streams],
        "not_found": [*report.not_found],
        "unknown": {fact.value: count for fact, count in report.unknown.items()},
    }


def rebuild_view(report: RebuildReport, table: TableSettings) -> RenderableType:
    """Spell the report for a person."""
    would = "would be " if report.dry_run else ""
    ended = f", {len(report.ended_data_sets)} ended" if report.ended_data_sets else ""
    lines: list[RenderableType] = [
        f"Read {report.pieces:,} pieces in {report.data_sets} data sets of {report.payer}{ended}.",
        f"{report.rows:,} rows and {report.written:,} of {len(report.streams):,} streams "
        f"{would}written into {table.metadata_name} and {table.chunks_name}.",
    ]
    telling = [s for s in report.streams if s.rows or s.stream or s.differing or s.failed]
    if telling:
        lines += ["", _streams(telling[:_NAMED_STREAMS])]
    if len(telling) > _NAMED_STREAMS:
        lines.append(f"... and {len(telling) - _NAMED_STREAMS} more; --json has them all.")
    lines += ["", _unknown(report.unknown), Text(NEVER_KNOWN, style="dim")]
    return Group(*lines)


def _stream(stream: StreamReport) -> dict[str, JsonValue]:
    return {
        "rta_id": stream.rta_id,
        "document_version": stream.version,
        "is_complete": stream.is_complete,
        "chunks": stream.chunks,
        "rows_written": stream.rows,
        "stream_written": stream.stream,
        "differing": [*stream.differing],
        "unknown": [
            {"fact": each.fact.value, "count": each.count, "what": each.what}
            for each in stream.unknown
        ],
        "failed": stream.failed,
    }


def _streams(streams: list[StreamReport]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("Stream", "State"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Chunks", "Rows", "Differ"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Not known")
    for stream in streams:
        state = f"complete, version {stream.version}" if stream.is_complete else "open"
        unknown = ", ".join(f"{each.fact.value} {each.count}" for each in stream.unknown)
        table.add_row(
            escape(stream.rta_id),
            f"[red]{escape(stream.failed)}[/]" if stream.failed else state,
            f"{stream.chunks}",
            f"{stream.rows}",
            f"{len(stream.differing)}",
            unknown,
        )
    return table


def _unknown(counts: dict[Fact, int]) -> RenderableType:
    if not counts:
        return "Everything that the chain and the documents hold is known."
    table = Table(title="What could not be known", title_justify="left", box=None, pad_edge=False)
    table.add_column("Fact", no_wrap=True)
    table.add_column("Count", justify="right")
    table.add_column("Meaning")
    for fact, count in counts.items():
        table.add_row(fact.value, f"{count:,}", MEANING[fact])
    return table
