"""``vibesflow status``: one stream as it stands."""

from __future__ import annotations

from typing import Annotated

import typer

from starter.cli.command import command
from starter.cli.opening import open_streams
from starter.cli.output import Output
from starter.cli.stream_report import StreamReport, web_ui_link
from vibesflow.errors import StreamNotFound
from vibesflow.settings import load_settings
from vibesflow.stream.ids import check_rta_id

RtaArgument = Annotated[str, typer.Argument(metavar="RTA", help="The stream's id.")]
ChunksOption = Annotated[bool, typer.Option("--chunks", help="Show every chunk as well.")]


@command
async def status(out: Output, rta: RtaArgument, chunks: ChunksOption = False) -> None:
    """Show how a stream stands: chunks, gaps, closing time, document.

    What is settled comes from the table, what is on its way from the running stream.

    [bold]Examples[/bold]

    vibesflow status rta_1712345678901_ab12cd --chunks

    vibesflow status rta_1712345678901_ab12cd --json | jq .chunks
    """
    settings = load_settings()
    check_rta_id(rta)
    async with open_streams(settings) as streams:
        view = await streams.reader.stream(rta)
        if view is None:
            raise StreamNotFound(f"no stream {rta!r}")
        running = await streams.live.status(rta) if view.live else None
    report = StreamReport(view, running, web_ui_link(settings.temporal, rta), with_chunks=chunks)
    out.result(report.document(), report.view())
