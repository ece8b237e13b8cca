"""``vibesflow list``: the newest streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from starter.cli.command import command
from starter.cli.figures import megabytes
from starter.cli.output import Output
from vibesflow.ledger import DynamoLedger, LedgerReader
from vibesflow.settings import load_settings
from vibesflow.stream.records import StreamPage, StreamRecord
from vibesflow.stream.times import minutes_seconds

_PAGE = 100

LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")]
CreatorOption = Annotated[
    str | None, typer.Option("--creator", metavar="NAME", help="Only the streams of this creator.")
]
OpenOption = Annotated[
    bool, typer.Option("--open", help="Streams that are being recorded, not the completed ones.")
]


@command
def list_streams(
    out: Output,
    limit: LimitOption = 20,
    creator: CreatorOption = None,
    only_open: OpenOption = False,
) -> None:
    """List streams, newest first.

    The completed ones, or those that are being recorded; a reopened stream is in both lists. Only
    the table is asked.

    [bold]Examples[/bold]

    vibesflow list --limit 5

    vibesflow list --creator dj.near --json | jq -r '.[].rta_id'

    vibesflow list --open
    """
    ledger = DynamoLedger(load_settings().table)
    found = _being_recorded(ledger, creator) if only_open else _completed(ledger, creator, limit)
    records = list(islice(found, limit))
    out.result([_document(record) for record in records], _table(records))


def _all_pages(read_page: Callable[[str | None], StreamPage]) -> Iterator[StreamRecord]:
    cursor: str | None = None
    while True:
        page = read_page(cursor)
        yield from page.streams
        cursor = page.next_cursor
        if cursor is None:
            return


def _completed(ledger: LedgerReader, creator: str | None, limit: int) -> Iterator[StreamRecord]:
    size = min(limit, _PAGE)
    return _all_pages(
        lambda cursor: ledger.list_completed(limit=size, cursor=cursor, creator=creator)
    )


def _being_recorded(ledger: LedgerReader, creator: str | None) -> Iterator[StreamRecord]:
    every = _all_pages(lambda cursor: ledger.list_open(limit=_PAGE, cursor=cursor))
    return (record for record in every if creator in (None, record.creator))


def _document(record: StreamRecord) -> dict[str, JsonValue]:
    return {
        "rta_id": record.rta_id,
        "creator": record.creator,
        "is_complete": record.is_complete,
        "opened_at": record.opened_at,
        "completed_at": record.completed_at,
        "chunks": record.chunks,
        "uploaded": record.uploaded,
        "failed": record.failed,
        "duration_ms": record.total_duration_ms,
        "bytes": record.total_bytes,
        "document_version": record.document_version,
        "metadata_cid": record.metadata_cid,
    }


def _table(records: list[StreamRecord]) -> RenderableType:
    if not records:
        return "No streams."
    table = Table(box=None, pad_edge=False)
    for heading in ("Stream", "Creator", "Opened", "State"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Chunks", "Failed", "Length", "Size"):
        table.add_column(heading, justify="right", no_wrap=True)
    for record in records:
        table.add_row(
            escape(record.rta_id),
            escape(record.creator),
            record.opened_at,
            f"complete, version {record.document_version}" if record.is_complete else "open",
            f"{record.chunks}",
            f"[red]{record.failed}[/]" if record.failed else "0",
            minutes_seconds(record.total_duration_ms),
            megabytes(record.total_bytes),
        )
    return table
