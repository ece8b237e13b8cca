"""The EVM node's program and its arguments."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from devnet.ports import LOOPBACK
from vibesflow.errors import PartNotStarted

DEVNET_CHAIN_ID = 31_415_926
MNEMONIC = "test test test test test test test test test test test junk"
"""The phrase that local EVM nodes share; see `devnet.chain.accounts`."""
ACCOUNT_COUNT = 20
_ROOT = Path(__file__).resolve().parents[2]
_FIL_PER_ACCOUNT = 1_000_000
_BLOCK_GAS_LIMIT = 10_000_000_000
"""Filecoin's block gas limit: forty pieces in one transaction fit with room to spare."""
_STATES_IN_MEMORY = 16
"""Each is a copy of everything; nobody asks about older blocks than these."""
_CPUS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def anvil_program() -> str:
    """Return the native program.

    The npm package's own entry is a Node script that starts it as a child, which would outlive
    a SIGKILL.

    Raises:
        PartNotStarted: `make install` has not been run, or the platform has no such program.
    """
    cpu = _CPUS.get(platform.machine().lower(), platform.machine())
    suffix = ".exe" if sys.platform == "win32" else ""
    package = f"node_modules/@foundry-rs/anvil-{sys.platform}-{cpu}"
    program = _ROOT / package / "bin" / f"anvil{suffix}"
    if not program.exists():
        raise PartNotStarted(f"no {package} beside the project; run `make install`")
    return str(program)


def anvil_arguments(
    port: int,
    *,
    chain_id: int = DEVNET_CHAIN_ID,
    load_state: Path | None = None,
    block_time_s: float | None = None,
    mines: bool = True,
) -> list[str]:
    """Return the arguments of a node that mines each transaction at once, or every so often.

    Args:
        port: where it listens, on the loopback interface.
        chain_id: what ``eth_chainId`` answers.
        load_state: the state it begins with.
        block_time_s: seconds between blocks; None mines whenever a transaction comes in.
        mines: without it, blocks are mined by order alone, and hold transactions as they came.
    """
    flags: dict[str, object] = {
        "--host": LOOPBACK,
        "--port": port,
        "--chain-id": chain_id,
        "--hardfork": "cancun",
        "--mnemonic": MNEMONIC,
        "--accounts": ACCOUNT_COUNT,
        "--balance": _FIL_PER_ACCOUNT,
        "--gas-limit": _BLOCK_GAS_LIMIT,
        "--prune-history": _STATES_IN_MEMORY,
    }
    if load_state is not None:
        flags["--load-state"] = load_state
    if block_time_s is not None:
        flags["--block-time"] = f"{block_time_s:g}"
    words = [word for name, value in flags.items() for word in (name, str(value))]
    if not mines:
        words += ["--no-mining", "--order", "fifo"]
    return [*words, "--no-request-size-limit", "--quiet"]
