"""``vibesflow piece-cid``: name bytes as Filecoin does, without sending them anywhere."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from starter.cli.command import command
from starter.cli.inputs import input_size, open_input
from starter.cli.output import Output
from vibesflow.errors import InputUnreadable
from vibesflow.filecoin import PieceCid, PieceHasher

_BLOCK_BYTES = 256 * 1024

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Files, or '-' for standard input.")
]


@command
def piece_cid(out: Output, files: FilesArgument) -> None:
    """Compute the PieceCID (v2) of files.

    Bytes stream through: memory stays constant, whatever the size. Nothing is contacted.

    [bold]Examples[/bold]

    vibesflow piece-cid chunk.webm

    curl -s http://127.0.0.1:5801/piece/bafkzcib... | vibesflow piece-cid - --json
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with out.progress(*columns, TransferSpeedColumn()) as progress:
        pieces = {name: _hash(name, progress) for name in files}
    out.result(
        [
            {"file": name, "piece_cid": piece.text, "size": piece.raw_size}
            for name, piece in pieces.items()
        ],
        _table(pieces),
    )


def _hash(name: str, progress: Progress) -> PieceCid:
    task = progress.add_task(escape(name), total=input_size(name))
    hasher = PieceHasher()
    with open_input(name) as source:
        try:
            for block in iter(partial(source.read, _BLOCK_BYTES), b""):
                hasher.update(block)
                progress.advance(task, len(block))
        except OSError as error:
            raise InputUnreadable(f"cannot read {name}: {error.strerror}") from error
    return hasher.piece_cid()


def _table(pieces: dict[str, PieceCid]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("PieceCID", no_wrap=True)
    table.add_column("Bytes", justify="right")
    table.add_column("File", overflow="fold")
    for name, piece in pieces.items():
        table.add_row(piece.text, f"{piece.raw_size:,}", escape(name))
    return table
