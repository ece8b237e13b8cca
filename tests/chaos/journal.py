"""What a client knows for sure, line by line, each on disk before the client goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OFFER, ACK, REFUSED, DONE = "offer", "ack", "refused", "done"


class Journal:
    """A file of JSON lines; a line that a kill cut off is passed over when it is read."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        end = os.lseek(self._file, 0, os.SEEK_END)
        if end and os.pread(self._file, 1, end - 1) != b"\n":
            os.write(self._file, b"\n")

    def write(self, kind: str, **facts: Any) -> None:
        """Append a line and return once it is durable."""
        os.write(self._file, (json.dumps({"kind": kind, **facts}) + "\n").encode())
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Yield every whole line, the oldest first."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
