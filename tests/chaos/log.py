"""Everything that happened, line by line, for whoever wants to know how a run went."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


class EventLog:
    """A file of JSON lines, and some of them in short on the screen."""

    def __init__(self, path: Path, *, is_quiet: bool = False) -> None:
        self._file = path.open("w", buffering=1)
        self._began_s = time.monotonic()
        self._is_quiet = is_quiet

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began_s

    def note(self, kind: str, **facts: Any) -> None:
        line = {"at_s": round(self.elapsed_s, 3), "kind": kind, **facts}
        self._file.write(json.dumps(line, default=str) + "\n")

    def say(self, words: str) -> None:
        """Tell the person who watches."""
        self.note("said", words=words)
        if not self._is_quiet:
            sys.stdout.write(f"{self.elapsed_s:7.1f} s  {words}\n")
            sys.stdout.flush()

    def close(self) -> None:
        self._file.close()
