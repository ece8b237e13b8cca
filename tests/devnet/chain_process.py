"""The chain as a process, for tests that kill it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from eth_account.signers.local import LocalAccount

from devnet.chain import rpc
from devnet.chain.anvil import DEVNET_CHAIN_ID
from devnet.chain.node import ChainNode
from vibesflow.errors import ChainDown

SOMEBODY = "0x" + "11" * 20
_LIMIT_S = 60.0


class ChainProcess:
    """``python -m devnet.chain`` with a folder of its own."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.state = folder / "state.json"
        self.port = ChainNode(log=folder / "unused").port
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "chain.log"
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def node_pid(self) -> int:
        """Process id of the node, its only child."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        (pid,) = map(int, children)
        return pid

    def start(self) -> None:
        places = ("--port", str(self.port), "--state", str(self.state))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                (sys.executable, "-m", "devnet.chain", *places, *self._flags), stderr=log
            )
        until(self.answers)

    def answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            rpc.call(self.url, "eth_chainId", timeout_s=5)
        except ChainDown:
            return False
        return True

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal; return its exit code."""
        os.kill(self.pid, number)
        return self.ended()

    def ended(self) -> int:
        assert self._process is not None
        return self._process.wait(_LIMIT_S)

    def __enter__(self) -> ChainProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def signed(sender: LocalAccount, nonce: int) -> str:
    """Return a transaction of one smallest unit."""
    transaction = {
        "to": SOMEBODY,
        "value": 1,
        "nonce": nonce,
        "gas": 21_000,
        "maxFeePerGas": 2 * 10**9,
        "maxPriorityFeePerGas": 0,
        "chainId": DEVNET_CHAIN_ID,
    }
    return str(sender.sign_transaction(transaction).raw_transaction.to_0x_hex())


def send(url: str, sender: LocalAccount, nonce: int) -> str:
    """Send a transaction; return its hash."""
    return str(rpc.call(url, "eth_sendRawTransaction", signed(sender, nonce)))


def receipt(url: str, tx_hash: str) -> dict[str, object] | None:
    """Return a receipt, if there is one."""
    found = rpc.call(url, "eth_getTransactionReceipt", tx_hash)
    assert found is None or isinstance(found, dict)
    return found


def nonce_of(url: str, sender: LocalAccount) -> int:
    return int(str(rpc.call(url, "eth_getTransactionCount", sender.address, "pending")), 16)


def head(url: str) -> dict[str, object]:
    block = rpc.call(url, "eth_getBlockByNumber", "latest", False)
    assert isinstance(block, dict)
    return block
