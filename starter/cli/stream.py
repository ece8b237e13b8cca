"""``vibesflow stream``: audio files that exist already, each one chunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

from starter.cli.command import command
from starter.cli.inputs import STDIN, open_input
from starter.cli.output import Output
from starter.cli.receipts import Acknowledged
from starter.cli.session_options import (
    DEFAULT_CREATOR,
    CreatorOption,
    ParticipantsOption,
    PatienceOption,
    ProducerOption,
    RtaOption,
    WindowOption,
)
from starter.session import PATIENCE_S, StreamingSession
from vibesflow.errors import InvalidAudio
from vibesflow.ingest import Receipt
from vibesflow.media import AudioFacts, probe_audio
from vibesflow.settings import load_settings

_BLOCK_BYTES = 256 * 1024

PathsArgument = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Audio files, in the order of the stream.")
]


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    facts: AudioFacts


@command
async def stream(
    out: Output,
    paths: PathsArgument,
    rta: RtaOption = None,
    creator: CreatorOption = DEFAULT_CREATOR,
    participants: ParticipantsOption = 0,
    producer: ProducerOption = "",
    window: WindowOption = None,
    patience: PatienceOption = PATIENCE_S,
) -> None:
    """Stream audio files that exist already, each as one chunk.

    The bytes stay as they are. Every file is decoded first to learn its real length; one that is
    not audio stops the command before anything is sent. The last file is the stream's last chunk.

    [bold]Examples[/bold]

    vibesflow stream part-1.webm part-2.webm part-3.webm

    vibesflow stream recordings/*.ogg --rta rta_1712345678901_ab12cd --json
    """
    if STDIN in paths:
        raise typer.BadParameter("files are read twice; `vibesflow record -` reads a pipe")
    settings = load_settings()
    files = [await asyncio.to_thread(_examine, path) for path in paths]
    session = await StreamingSession.connect(
        settings,
        creator=creator,
        rta_id=rta,
        participants=participants,
        producer=producer,
        window_s=window,
        patience_s=patience,
    )
    acknowledged = Acknowledged(session.rta_id, await _send(out, session, files))
    out.result(acknowledged.document(), acknowledged.view())


def _examine(path: str) -> _File:
    with open_input(path) as source:
        facts = probe_audio(source)
    if facts is None:
        raise InvalidAudio(f"{path} is not audio that can be decoded")
    return _File(path, facts)


async def _send(out: Output, session: StreamingSession, files: list[_File]) -> list[Receipt]:
    out.aside(f"Streaming as {session.rta_id}")
    receipts = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with out.progress(*columns) as progress:
        shown = progress.add_task("acknowledged", total=len(files))
        for file in files:
            receipt = await session.send(
                partial(_read, file.path),
                duration_ms=file.facts.duration_ms,
                content_type=file.facts.content_type,
                is_final=file is files[-1],
            )
            receipts.append(receipt)
            progress.advance(shown)
    return receipts


async def _read(path: str) -> AsyncIterator[bytes]:
    with open_input(path) as source:
        while block := await asyncio.to_thread(source.read, _BLOCK_BYTES):
            yield block
