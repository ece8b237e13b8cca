"""``vibesflow quote``: what storing audio costs."""

from __future__ import annotations

from typing import Annotated

import typer

from starter.cli.command import command
from starter.cli.money import facts, quote_document, quote_rows
from starter.cli.output import Output
from starter.cli.paying import open_wallet
from starter.cli.storage_options import (
    DEFAULT_CHUNK_S,
    DEFAULT_KBPS,
    Audio,
    BitrateOption,
    BytesOption,
    ChunkSecondsOption,
    CopiesOption,
    PiecesPerCommitOption,
)
from vibesflow.filecoin import MAX_COMMIT_PIECES
from vibesflow.settings import load_settings

MinutesOption = Annotated[
    float, typer.Option("--minutes", min=0.01, max=10_000_000, help="Length of the audio.")
]
RunwayOption = Annotated[
    int,
    typer.Option(
        "--days", min=0, max=3_650, help="Count in so many days of payments, old and new ones."
    ),
]


@command
async def quote(
    out: Output,
    minutes: MinutesOption = 60,
    chunk_seconds: ChunkSecondsOption = DEFAULT_CHUNK_S,
    bitrate_kbps: BitrateOption = DEFAULT_KBPS,
    bytes_per_chunk: BytesOption = None,
    copies: CopiesOption = None,
    days: RunwayOption = 0,
    pieces_per_commit: PiecesPerCommitOption = MAX_COMMIT_PIECES,
) -> None:
    """Price audio: fees, lockups, cost a month, and the deposit that it takes now.

    It reads the service's prices and the payer's account and data sets, and sends nothing. All
    amounts are exact.

    [bold]Examples[/bold]

    vibesflow quote --minutes 60

    vibesflow quote --minutes 600 --bitrate-kbps 128 --copies 3 --pieces-per-commit 1
    """
    settings = load_settings().filecoin
    audio = Audio(minutes, chunk_seconds, bitrate_kbps, bytes_per_chunk)
    wish = audio.wish(
        copies=copies or settings.copies, pieces_per_commit=pieces_per_commit, runway_days=days
    )
    async with open_wallet(settings) as client:
        priced = await client.quote(wish)
    out.result(
        {
            "chunks": audio.chunks,
            "bytes_per_chunk": audio.chunk_bytes,
            "pieces_per_commit": pieces_per_commit,
            **quote_document(priced),
        },
        facts(
            [("Chunks", f"{audio.chunks:,} of {audio.chunk_bytes:,} bytes"), *quote_rows(priced)]
        ),
    )
