"""The tests' table engine, ministack: DynamoDB and S3 in one process, on one loopback port."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from devnet import launch
from devnet.part import Part
from devnet.ports import LOOPBACK, free_port
from devnet.probes import PLAIN_HTTP, http_answers
from vibesflow.errors import PartNotStarted, PortInUse

_ROOT = Path(__file__).resolve().parents[1]
_PROGRAMS = Path(".venv-table/bin")
_SERVICES = "dynamodb,dynamodbstreams,sts,s3"
_HEALTH = "/_ministack/health"
_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 10.0


def engine_program(name: str) -> str:
    """Return a table engine's program.

    They live in a virtual environment of their own because one insists on a release of botocore.

    Raises:
        PartNotStarted: `make install` has not been run.
    """
    program = _ROOT / _PROGRAMS / name
    if not program.exists():
        raise PartNotStarted(f"no {_PROGRAMS / name} beside the project; run `make install`")
    return str(program)


def table_program() -> str:
    """Return ministack's program; raises as `engine_program` does."""
    return engine_program("ministack")


def table_environment(port: int, state: Path | None = None) -> dict[str, str]:
    """Return the engine's variables; its word for "all interfaces" is the default, so say ours.

    Args:
        port: where it listens, on the loopback interface.
        state: folder for tables and objects, written when the engine is stopped, not when it is
            killed; without one everything lives in memory.
    """
    environment = {
        "PATH": os.defpath,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": LOOPBACK,
        "SERVICES": _SERVICES,
        "LOG_LEVEL": "WARNING",
    }
    if state is not None:
        environment |= {
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
        }
    return environment


def table_url(port: int) -> str:
    """Return the endpoint for DynamoDB and S3 clients."""
    return f"http://{LOOPBACK}:{port}"


def table_part(port: int, state: Path | None = None) -> Part:
    """Return the engine as a part of the world; creating the tables is left to the world."""
    return Part(
        name="table",
        argv=(table_program(),),
        probe=http_answers(table_url(port) + _HEALTH),
        environment=table_environment(port, state),
    )


class TableEngine:
    """One engine on its own, for tests: start, use `url`, stop."""

    def __init__(self, *, log: Path, port: int | None = None, state: Path | None = None) -> None:
        """Choose port (a free one if none is given), log and state; start nothing yet."""
        self.port = port or free_port()
        self.url = table_url(self.port)
        self._log = log
        self._state = state
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running engine."""
        return self._running().pid

    def start(self) -> None:
        """Start the engine and return once it answers.

        Raises:
            PartNotStarted: it ended, or does not answer; the message has the end of its log.
            PortInUse: somebody else answers there.
        """
        if self._answers():
            raise PortInUse(f"another table engine answers at {self.url}")
        launcher = (sys.executable, "-I", "-S", str(Path(launch.__file__)), str(os.getpid()))
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                (*launcher, table_program()),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=table_environment(self.port, self._state),
                start_new_session=True,
            )
        deadline_s = time.monotonic() + _START_LIMIT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                self.stop()
                words = self._log.read_text(errors="replace")[-2_000:]
                raise PartNotStarted(f"the table engine does not answer; its last words:\n{words}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask the engine to end, which saves its state; kill it when it takes too long."""
        process = self._running()
        process.terminate()
        try:
            process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise PartNotStarted("the table engine is not running")
        return self._process

    def _answers(self) -> bool:
        try:
            answer = httpx.get(self.url + _HEALTH, timeout=2, trust_env=False, verify=PLAIN_HTTP)
        except httpx.TransportError:
            return False
        return answer.status_code == 200
