"""``vibesflow retry``: try parked chunks again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.console import Group

from starter.cli.command import command
from starter.cli.opening import Streams, open_streams
from starter.cli.output import Output
from vibesflow.errors import StreamNotFound, UploadNotFound
from vibesflow.query import StreamView
from vibesflow.settings import load_settings
from vibesflow.stream.ids import check_rta_id, parse_chunk_id

_PAGE = 100

RtaArgument = Annotated[
    str | None, typer.Argument(metavar="[RTA]", help="The stream's id.", show_default=False)
]
ChunkOption = Annotated[
    list[str] | None,
    typer.Option("--chunk", metavar="ID", help="Only this chunk. May be given several times."),
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Every stream that has parked chunks, instead of one.")
]


@command
async def retry(
    out: Output, rta: RtaArgument = None, chunk: ChunkOption = None, every: AllOption = False
) -> None:
    """Try parked chunks again; their bytes were kept.

    Parked is a chunk whose storing was given up, and so is one that lives on IPFS meanwhile. It
    also works after completion: what succeeds is published as the document's next version. The
    command tells the streams and does not wait for the outcome.

    [bold]Examples[/bold]

    vibesflow retry rta_1_ab

    vibesflow retry rta_1_ab --chunk rta_1_ab_chunk_007_1712346098901

    vibesflow retry --all --json | jq length
    """
    _check(rta, chunk or [], every=every)
    settings = load_settings()
    async with open_streams(settings) as streams:
        if rta is None:
            await _retry_all(out, streams)
        else:
            await _retry_one(out, streams, rta, chunk or [])


def _check(rta: str | None, chunks: list[str], *, every: bool) -> None:
    if every == (rta is not None):
        raise typer.BadParameter("name one stream, or say --all")
    if every and chunks:
        raise typer.BadParameter("--chunk goes with one stream, not with --all")
    if rta is not None:
        check_rta_id(rta)
    for chunk_id in chunks:
        if parse_chunk_id(chunk_id).rta_id != rta:
            raise typer.BadParameter(f"{chunk_id} is no chunk of {rta}")


async def _retry_one(out: Output, streams: Streams, rta: str, chunks: list[str]) -> None:
    view = await streams.reader.stream(rta)
    if view is None:
        raise StreamNotFound(f"no stream {rta!r}")
    parked = _parked(view, chunks)
    # A stream that does not answer may hold parked chunks that the table does not know yet.
    tell = parked > 0 or not (view.live or view.is_complete)
    if tell:
        await streams.live.retry(rta, chunk_ids=chunks)
    words = f"{parked} failed chunks of {rta} are tried again" if tell else "No chunk has failed."
    out.result(_document(rta, parked, signalled=tell), words)


def _parked(view: StreamView, chunks: list[str]) -> int:
    """Count the parked chunks among the named ones, or among all."""
    keys = {parse_chunk_id(chunk_id).key for chunk_id in chunks}
    found = [entry for entry in view.chunks if not keys or entry.key in keys]
    if len(found) < len(keys):
        raise UploadNotFound(f"stream {view.rta_id!r} has no such chunk")
    return sum(entry.status.waits_for_filecoin for entry in found)


async def _retry_all(out: Output, streams: Streams) -> None:
    told: list[dict[str, JsonValue]] = []
    lines = []
    async for rta, parked in _streams_with_parked(streams):
        await streams.live.retry(rta)
        told.append(_document(rta, parked, signalled=True))
        lines.append(f"{parked} failed chunks of {rta} are tried again")
    out.result([*told], Group(*(lines or ["No chunk has failed."])))


async def _streams_with_parked(streams: Streams) -> AsyncIterator[tuple[str, int]]:
    cursor: str | None = None
    while True:
        page = await asyncio.to_thread(streams.ledger.list_parked, limit=_PAGE, cursor=cursor)
        for record in page.streams:
            yield record.rta_id, record.failed + record.pinned
        cursor = page.next_cursor
        if cursor is None:
            return


def _document(rta: str, parked: int, *, signalled: bool) -> dict[str, JsonValue]:
    return {"rta_id": rta, "failed": parked, "signalled": signalled}
