"""One EVM node: start, use its ``rpc_url``, stop. `devnet.chain.keeper` makes a chain last."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from devnet import launch
from devnet.chain import rpc
from devnet.chain.anvil import DEVNET_CHAIN_ID, anvil_arguments, anvil_program
from devnet.chain.snapshot import usable_state
from devnet.ports import LOOPBACK, free_port
from vibesflow.errors import ChainDown, PartNotStarted, PortInUse

_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 10.0
_PROBE_PAUSE_S = 0.02


class ChainNode:
    """A node of its own; it dies with the thread that started it.

    Args:
        log: takes the node's output.
        port: where it listens, on the loopback interface; a free one if none is given.
        state: file with the state it begins with, if there is one; it is not written to.
        block_time_s: seconds between blocks; None mines whenever a transaction comes in.
        chain_id: what ``eth_chainId`` answers.
        mines: without it, blocks are mined by order alone.
    """

    def __init__(
        self,
        *,
        log: Path,
        port: int | None = None,
        state: Path | None = None,
        block_time_s: float | None = None,
        chain_id: int = DEVNET_CHAIN_ID,
        mines: bool = True,
    ) -> None:
        self.port = port or free_port()
        self.rpc_url = f"http://{LOOPBACK}:{self.port}"
        self._log = log
        self._state = state
        self._block_time_s = block_time_s
        self._chain_id = chain_id
        self._mines = mines
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running node."""
        return self._running().pid

    @property
    def exit_code(self) -> int | None:
        """How the node ended; None while it runs."""
        return self._running().poll()

    def start(self) -> None:
        """Start the node and return once it answers.

        Raises:
            PortInUse: somebody listens on its port.
            PartNotStarted: it ended, or does not answer; the message has the end of its log.
        """
        self._require_free_port()
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                self._argv(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._await_answer(self._process)

    def stop(self) -> None:
        """End the node, kill it when it takes too long."""
        process = self._running()
        process.terminate()
        try:
            process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None

    def __enter__(self) -> ChainNode:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()

    def _argv(self) -> tuple[str, ...]:
        arguments = anvil_arguments(
            self.port,
            chain_id=self._chain_id,
            load_state=usable_state(self._state),
            block_time_s=self._block_time_s,
            mines=self._mines,
        )
        launcher = (sys.executable, "-I", "-S", str(Path(launch.__file__)), str(os.getpid()))
        return (*launcher, anvil_program(), *arguments)

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline_s = time.monotonic() + _START_LIMIT_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline_s:
                process.kill()
                process.wait()
                self._process = None
                words = self._log.read_text(errors="replace")[-2_000:]
                raise PartNotStarted(f"the devnet's node does not answer; its last words:\n{words}")
            time.sleep(_PROBE_PAUSE_S)

    def _require_free_port(self) -> None:
        """Else somebody else's node would answer in the place of ours."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, self.port))
            except OSError as error:
                raise PortInUse(f"port {self.port} (chain) is in use") from error

    def _answers(self) -> bool:
        try:
            return rpc.call(self.rpc_url, "eth_chainId", timeout_s=2) == hex(self._chain_id)
        except ChainDown:
            return False

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise PartNotStarted("the devnet's node is not running")
        return self._process
