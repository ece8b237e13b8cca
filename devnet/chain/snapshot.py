"""The node's state on disk: taken over RPC, written whole or not at all.

The node can dump its state by itself, but it writes into the file in place: killed at the wrong
moment, it leaves half a file behind.
"""

from __future__ import annotations

import gzip
import threading
import time
from pathlib import Path

from devnet.chain import rpc
from vibesflow.errors import ChainDown

_PAUSE_S = 0.25
_REST_SHARE = 10
"""A snapshot that takes long is followed by a pause of this many times its length."""


def save_state(rpc_url: str, path: Path) -> None:
    """Write the node's state to a file that `anvil --load-state` reads.

    Raises:
        ChainDown: the node does not answer.
    """
    dump = rpc.call(rpc_url, "anvil_dumpState")
    state = gzip.decompress(bytes.fromhex(str(dump).removeprefix("0x")))
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(state)
    partial.replace(path)


class StateKeeper:
    """A thread that saves the state after new blocks, so that a kill loses less than a second."""

    def __init__(self, rpc_url: str, path: Path) -> None:
        self._rpc_url = rpc_url
        self._path = path
        self._stopping = threading.Event()
        self._saved_head: object = None
        self._thread = threading.Thread(target=self._run, name="state-keeper", daemon=True)

    def start(self) -> None:
        """Begin to save."""
        self._thread.start()

    def stop(self) -> None:
        """Save once more and end; a node that is gone already is left at the last state."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        pause_s = _PAUSE_S
        while not self._stopping.wait(pause_s):
            started_s = time.monotonic()
            if not self._save_if_new():
                return
            pause_s = max(_PAUSE_S, _REST_SHARE * (time.monotonic() - started_s))
        self._save_if_new()

    def _save_if_new(self) -> bool:
        try:
            head = rpc.call(self._rpc_url, "eth_blockNumber")
            if head != self._saved_head:
                save_state(self._rpc_url, self._path)
                self._saved_head = head
        except ChainDown:
            return False
        return True


def usable_state(path: Path | None) -> Path | None:
    """Return the file if there is a state in it; None to begin a chain."""
    if path is None or not path.exists() or path.stat().st_size == 0:
        return None
    return path
