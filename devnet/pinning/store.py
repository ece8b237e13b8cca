"""Pinned files as blocks on disk, and what is known of each file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from vibesflow.pinning.layout import LAYOUTS, Block, FileHasher

_LAYOUT = LAYOUTS[0]


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """One upload.

    Attributes:
        leaves: CIDs of the blocks whose bytes, in order, are the file.
    """

    id: str
    cid: str
    name: str
    size: int
    mime_type: str
    created_at: str
    leaves: tuple[str, ...]


class PinStore:
    """Files under one folder; what was answered for is on disk."""

    def __init__(self, folder: Path) -> None:
        self._blocks = folder / "blocks"
        self._files = folder / "files"
        self._blocks.mkdir(parents=True, exist_ok=True)
        self._files.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, mime_type: str, data: bytes) -> tuple[PinnedFile, bool]:
        """Keep a file; return it, and whether the same bytes were there before."""
        hasher = FileHasher(_LAYOUT)
        hasher.update(data)
        blocks = hasher.blocks()
        known = next((f for f in self.files() if f.cid == blocks[-1].text), None)
        if known is not None:
            return known, True
        leaves = [block for block in blocks if not block.node]
        self._write_blocks(blocks, data)
        file = PinnedFile(
            id=str(uuid4()),
            cid=blocks[-1].text,
            name=name,
            size=len(data),
            mime_type=mime_type,
            created_at=datetime.now(UTC).isoformat(),
            leaves=tuple(leaf.text for leaf in leaves),
        )
        self._write(self._files / f"{file.id}.json", json.dumps(asdict(file)).encode())
        return file, False

    def remove(self, file_id: str) -> bool:
        """Let a file go with the blocks that no other needs; tell whether it was there."""
        gone = next((f for f in self.files() if f.id == file_id), None)
        if gone is None:
            return False
        (self._files / f"{gone.id}.json").unlink()
        kept = {cid for file in self.files() for cid in (file.cid, *file.leaves)}
        for cid in {gone.cid, *gone.leaves} - kept:
            (self._blocks / cid).unlink(missing_ok=True)
        return True

    def files(self) -> Iterator[PinnedFile]:
        """Yield every file."""
        for path in self._files.glob("*.json"):
            fields = json.loads(path.read_bytes())
            yield PinnedFile(**{**fields, "leaves": tuple(fields["leaves"])})

    def block(self, cid: str) -> bytes | None:
        """Return a block's bytes, or None."""
        path = self._blocks / cid
        return path.read_bytes() if path.parent == self._blocks and path.is_file() else None

    def content(self, cid: str) -> tuple[PinnedFile, bytes] | None:
        """Return a whole file by the CID of its root, or None."""
        file = next((f for f in self.files() if f.cid == cid), None)
        if file is None:
            return None
        return file, b"".join((self._blocks / leaf).read_bytes() for leaf in file.leaves)

    def _write_blocks(self, blocks: list[Block], data: bytes) -> None:
        at = 0
        for block in blocks:
            if block.node:
                self._write(self._blocks / block.text, block.node)
            else:
                self._write(self._blocks / block.text, data[at : at + block.file_bytes])
                at += block.file_bytes

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        aside = path.with_name(f".{path.name}.{uuid4().hex}")
        aside.write_bytes(content)
        aside.replace(path)
