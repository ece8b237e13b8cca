"""The devnet's node as a part of the world."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from devnet.chain import rpc
from devnet.chain.anvil import DEVNET_CHAIN_ID, anvil_program
from devnet.part import Part, Probe
from devnet.ports import LOOPBACK
from vibesflow.errors import ChainDown, ChainFault

_TRY_S = 2.0
_STATE_FILE = "state.json"


def rpc_url(port: int) -> str:
    """Return the node's JSON-RPC address."""
    return f"http://{LOOPBACK}:{port}"


def chain_part(
    port: int,
    folder: Path,
    environment: Mapping[str, str],
    *,
    block_time_s: float | None = None,
) -> Part:
    """Describe the node; `deploy` is left to the world.

    Args:
        port: where it listens, on the loopback interface.
        folder: where its state is kept; it must exist.
        environment: all variables of the process.
        block_time_s: seconds between blocks; None mines whenever a transaction comes in.

    Raises:
        PartNotStarted: `make install` has not been run.
    """
    anvil_program()
    argv = [sys.executable, "-m", "devnet.chain", "--port", str(port)]
    argv += ["--state", str(folder / _STATE_FILE)]
    if block_time_s is not None:
        argv += ["--block-time", f"{block_time_s:g}"]
    return Part(
        name="chain",
        argv=tuple(argv),
        environment=environment,
        folder=folder,
        probe=chain_answers(rpc_url(port)),
    )


def chain_answers(url: str) -> Probe:
    """Return a probe that wants a node of the devnet's chain."""

    async def probe() -> bool:
        try:
            answer = await asyncio.to_thread(rpc.call, url, "eth_chainId", timeout_s=_TRY_S)
        except (ChainDown, ChainFault):
            return False
        return answer == hex(DEVNET_CHAIN_ID)

    return probe
