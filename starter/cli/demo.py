"""``vibesflow demo``: a melody goes to a local Filecoin and comes back, before your eyes."""

from __future__ import annotations

import math
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

from devnet.data_dir import DataDir
from devnet.ports import free_ports
from devnet.ready import Ready
from devnet.world import WorldPlan, running
from starter.cli.command import command
from starter.cli.demo_view import as_document, as_view
from starter.cli.dev import BlockTimeOption
from starter.cli.exits import ExitCode
from starter.cli.interrupts import until_interrupted
from starter.cli.output import Output
from starter.cli.starting import starting
from starter.demonstration import CREATOR, Counts, Demonstration, DemoReport, OnProgress
from starter.session import StreamingSession
from vibesflow.filecoin import FilecoinClient
from vibesflow.ledger import DynamoLedger
from vibesflow.query import StreamReader
from vibesflow.settings import Settings, load_settings
from workflows.client import StreamClient

_PATIENCE_S = 120.0
_PATIENCE_BLOCKS = 12
"""A data set, its pieces, the document, and as many blocks again that come too early."""

SecondsOption = Annotated[
    float, typer.Option("--seconds", min=1, max=3_600, help="Length of the recording.")
]
ChunkSecondsOption = Annotated[
    float, typer.Option("--chunk-seconds", min=0.5, max=60, help="Length of a chunk.")
]
KeepOption = Annotated[
    bool, typer.Option("--keep", help="Leave the world running until Ctrl-C, so that links work.")
]


@dataclass(frozen=True)
class _Wish:
    """What the person asked for."""

    seconds: float
    chunk_s: float
    keep: bool
    block_time_s: float | None

    @property
    def chunks(self) -> int:
        return math.ceil(self.seconds / self.chunk_s)

    @property
    def patience_s(self) -> float:
        """How long the stream may take to complete after its last chunk."""
        return _PATIENCE_S + _PATIENCE_BLOCKS * (self.block_time_s or 0)


@command
async def demo(
    out: Output,
    seconds: SecondsOption = 40,
    chunk_seconds: ChunkSecondsOption = 5,
    keep: KeepOption = False,
    block_time: BlockTimeOption = None,
) -> None:
    """Record a melody, store it on a local Filecoin, fetch it back and compare.

    Starts what [bold]vibesflow dev[/bold] starts, in a folder that is removed at the end, and
    streams the melody in chunks while it is cut. The exit code is 0 only if every chunk was
    fetched back from its provider byte for byte and the stream is complete in the public list.

    [bold]Examples[/bold]

    vibesflow demo

    vibesflow demo --keep

    vibesflow demo --block-time 30
    """
    wish = _Wish(seconds, chunk_seconds, keep, block_time)
    reports: list[DemoReport] = []
    with _passing_folder() as data:
        await until_interrupted(_demonstrate(out, wish, data, reports))
    if not reports:
        raise KeyboardInterrupt
    if not reports[0].is_good:
        raise typer.Exit(ExitCode.INCOMPLETE)


@contextmanager
def _passing_folder() -> Iterator[DataDir]:
    with tempfile.TemporaryDirectory(prefix="vibesflow-demo-") as folder:
        yield DataDir(Path(folder).resolve())


async def _demonstrate(out: Output, wish: _Wish, data: DataDir, reports: list[DemoReport]) -> None:
    plan = WorldPlan(data=data, ports=free_ports(data.ports), block_time_s=wish.block_time_s)
    with starting(out, plan) as shown:
        async with running(shown) as world:
            world.adopt_environment()
            report = await _run(out, wish, world.ready)
            out.result(as_document(report, world.ready), as_view(report, world.ready))
            reports.append(report)
            if wish.keep:
                out.say("\nThe world keeps running; Ctrl-C stops it and removes its folder.")
                raise await world.fallen()
    out.say("\nThe world is stopped and its folder removed; [bold]--keep[/bold] leaves it running.")


async def _run(out: Output, wish: _Wish, ready: Ready) -> DemoReport:
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn())
    with out.progress(*columns) as progress:
        tasks = {
            name: progress.add_task(name, total=wish.chunks)
            for name in ("recorded", "stored", "confirmed")
        }

        def show(counts: Counts) -> None:
            for name, task in tasks.items():
                progress.update(task, completed=getattr(counts, name))

        async with _demonstration(load_settings(), ready, show) as demonstration:
            return await demonstration.run(
                seconds=wish.seconds, chunk_s=wish.chunk_s, patience_s=wish.patience_s
            )


@asynccontextmanager
async def _demonstration(
    settings: Settings, ready: Ready, show: OnProgress
) -> AsyncIterator[Demonstration]:
    streams = await StreamClient.connect(settings.temporal, settings.stream)
    session = await StreamingSession.connect(settings, creator=CREATOR)
    reader = StreamReader(DynamoLedger(settings.table), streams)
    try:
        async with await FilecoinClient.open(settings.filecoin, None) as filecoin:
            yield Demonstration(session, reader, filecoin, api_url=ready.api, on_progress=show)
    finally:
        reader.close()
