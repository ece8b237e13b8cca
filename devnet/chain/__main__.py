"""The devnet's node as a process: runs until SIGTERM or SIGINT, keeps its state in a file."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from devnet.chain.node import ChainNode

_WATCH_PAUSE_S = 0.2


def main() -> int:
    """Run the node; return its exit code, or 0 when asked to stop."""
    node = _node(_options())
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with node:
        while not stopping:
            if node.exit_code is not None:
                return node.exit_code or 1
            time.sleep(_WATCH_PAUSE_S)
    return 0


def _node(options: argparse.Namespace) -> ChainNode:
    return ChainNode(
        log=options.log,
        port=options.port,
        state=options.state,
        block_time_s=options.block_time,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devnet.chain", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on the loopback interface")
    parser.add_argument("--state", type=Path, required=True, help="file that holds the chain")
    parser.add_argument("--log", type=Path, default=Path("/dev/stderr"), help="the node's output")
    parser.add_argument("--block-time", type=float, help="seconds between blocks; default: at once")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
