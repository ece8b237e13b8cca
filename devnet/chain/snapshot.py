"""The node's state on disk: taken over RPC, written whole or not at all.

The node can dump its state by itself, but it writes into the file in place: killed at the wrong
moment, it leaves half a file behind.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from devnet.chain.journal import write_whole


def write_state(path: Path, dump: str) -> None:
    """Write what ``anvil_dumpState`` answered to a file that ``anvil --load-state`` reads."""
    write_whole(path, gzip.decompress(bytes.fromhex(dump.removeprefix("0x"))))


def usable_state(path: Path | None) -> Path | None:
    """Return the file if there is a state in it; None to begin a chain."""
    if path is None or not path.exists() or path.stat().st_size == 0:
        return None
    return path
