"""What `record` and `stream` tell about the chunks that were acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from starter.cli.figures import megabytes
from vibesflow.ingest import Receipt
from vibesflow.stream.times import minutes_seconds


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The chunks of one session.

    Attributes:
        rta_id: the stream.
        receipts: in order; the last one carries the final marker unless the session broke off.
        damaged_packets: of the input, passed over while decoding.
        interrupted: the person stopped it; everything recorded until then is included.
    """

    rta_id: str
    receipts: Sequence[Receipt]
    damaged_packets: int = 0
    interrupted: bool = False

    @property
    def duration_ms(self) -> int:
        """Length of the acknowledged audio."""
        return sum(receipt.chunk.duration_ms for receipt in self.receipts)

    @property
    def size_bytes(self) -> int:
        """Size of the acknowledged audio."""
        return sum(receipt.chunk.size for receipt in self.receipts)

    def document(self) -> dict[str, JsonValue]:
        """Return the JSON form, as ``docs/cli.md`` describes it."""
        return {
            "rta_id": self.rta_id,
            "chunks": [_chunk(receipt) for receipt in self.receipts],
            "duration_ms": self.duration_ms,
            "bytes": self.size_bytes,
            "damaged_packets": self.damaged_packets,
            "interrupted": self.interrupted,
        }

    def view(self) -> RenderableType:
        """Return the form for people."""
        count = len(self.receipts)
        lines = [
            Text.from_markup(
                f"[bold green]Acknowledged[/] {count} chunk{'s' * (count != 1)}, "
                f"{minutes_seconds(self.duration_ms)}, {megabytes(self.size_bytes)} "
                f"as [bold]{escape(self.rta_id)}[/]"
            ),
            Text(f"They are safe from here on. Watch: vibesflow status {self.rta_id}"),
        ]
        if self.damaged_packets:
            lines.append(Text(f"{self.damaged_packets} damaged packets of the input were left out"))
        return Group(*lines)


def _chunk(receipt: Receipt) -> dict[str, JsonValue]:
    chunk = receipt.chunk
    return {
        "chunk_id": chunk.chunk_id,
        "sequence": chunk.sequence,
        "started_at_ms": chunk.started_at_ms,
        "duration_ms": chunk.duration_ms,
        "size": chunk.size,
        "sha256": chunk.sha256,
        "is_final": chunk.is_final,
        "created": receipt.created,
    }
