"""A real provider process, and a real chain below it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from devnet.chain.accounts import DevAccount
from devnet.probes import PLAIN_HTTP
from vibesflow.filecoin.devnet_info import DevnetInfo


@dataclass
class ProviderProcess:
    """``python -m devnet.provider`` with a folder of its own."""

    port: int
    account: DevAccount
    folder: Path
    rpc_url: str
    devnet_info: Path
    flags: tuple[str, ...] = ()
    child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "devnet.provider", *self._arguments()],
                env={**os.environ, "PROVIDER_PRIVATE_KEY": self.account.private_key},
                stdout=log,
                stderr=log,
            )
        self._await_ping()

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart_after_kill(self) -> None:
        self.kill()
        self.start()

    def _end(self, how: signal.Signals) -> int:
        assert self.child is not None
        self.child.send_signal(how)
        return self.child.wait(30)

    def _arguments(self) -> list[str]:
        named = {
            "--port": self.port,
            "--data-dir": self.folder / "data",
            "--rpc-url": self.rpc_url,
            "--devnet-info": self.devnet_info,
        }
        return [str(word) for pair in named.items() for word in pair] + list(self.flags)

    def _await_ping(self) -> None:
        deadline_s = time.monotonic() + 90
        while not self._answers():
            assert self.child is not None
            ended = self.child.poll() is not None
            assert not ended, self.log.read_text()
            assert time.monotonic() < deadline_s, self.log.read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            answer = httpx.get(f"{self.url}/pdp/ping", trust_env=False, verify=PLAIN_HTTP)
        except httpx.TransportError:
            return False
        return answer.text == "curio-pdp"


@dataclass(frozen=True)
class World:
    """A chain, two registered providers on it, the export that names everything."""

    rpc_url: str
    info: DevnetInfo
    first: ProviderProcess
    second: ProviderProcess
