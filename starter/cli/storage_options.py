"""Options of the commands that price storage: how much audio, in what pieces, how often."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import typer

from vibesflow.filecoin import MAX_PIECE_BYTES, MIN_PIECE_BYTES, StorageWish
from vibesflow.filecoin.commit_request import MAX_COMMIT_PIECES

DEFAULT_CHUNK_S = 60.0
DEFAULT_KBPS = 96.0
_MOST_CHUNKS = 1_000_000

ChunkSecondsOption = Annotated[
    float, typer.Option("--chunk-seconds", min=0.1, max=3_600, help="Length of a chunk.")
]
BitrateOption = Annotated[
    float, typer.Option("--bitrate-kbps", min=1, max=10_000, help="Kilobits a second of the audio.")
]
BytesOption = Annotated[
    int | None,
    typer.Option(
        "--bytes-per-chunk",
        min=MIN_PIECE_BYTES,
        max=MAX_PIECE_BYTES,
        help="Size of a chunk; by default it follows from its length and bit rate.",
    ),
]
CopiesOption = Annotated[
    int | None,
    typer.Option(
        "--copies", min=1, max=10, help="Providers that hold each chunk; by default as configured."
    ),
]
PiecesPerCommitOption = Annotated[
    int,
    typer.Option(
        "--pieces-per-commit",
        min=1,
        max=MAX_COMMIT_PIECES,
        help="Chunks that one transaction adds: 1 for a stream that is alone, more for many.",
    ),
]


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio that is to be stored.

    Attributes:
        minutes: its length.
        chunk_s: length of a chunk.
        kbps: kilobits a second.
        bytes_per_chunk: size of a chunk; None if it follows from the two above.
    """

    minutes: float
    chunk_s: float
    kbps: float
    bytes_per_chunk: int | None

    @property
    def chunks(self) -> int:
        """How many chunks it is cut into.

        Raises:
            typer.BadParameter: more than can be priced at once.
        """
        count = math.ceil(self.minutes * 60 / self.chunk_s)
        if count > _MOST_CHUNKS:
            raise typer.BadParameter(f"{count:,} chunks; at most {_MOST_CHUNKS:,} are priced")
        return count

    @property
    def chunk_bytes(self) -> int:
        """How large a chunk is."""
        derived = math.ceil(self.kbps * 1_000 / 8 * self.chunk_s)
        return self.bytes_per_chunk or max(MIN_PIECE_BYTES, derived)

    def wish(self, *, copies: int, pieces_per_commit: int, runway_days: int = 0) -> StorageWish:
        """Return it as what shall be stored."""
        return StorageWish(
            sizes=(self.chunk_bytes,) * self.chunks,
            copies=copies,
            runway_days=runway_days,
            pieces_per_commit=pieces_per_commit,
        )
