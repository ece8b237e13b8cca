"""The JavaScript client in a process of its own: installed once, asked over its pipes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tests.conformance.bank import Payer

SOURCES: Final = Path(__file__).with_name("javascript")
_INSTALL_S: Final = 240
_ANSWER_S: Final = 900
_LINE_BYTES: Final = 2**22


class JavaScriptMissing(Exception):
    """Node, npm or the registry is not there."""


class JavaScriptError(Exception):
    """The JavaScript client threw.

    Attributes:
        name: of the error's class.
        says: its words.
    """

    def __init__(self, name: str, says: str) -> None:
        super().__init__(f"{name}: {says}")
        self.name = name
        self.says = says


class JavaScriptClient:
    """Asks the client one thing after the other."""

    def __init__(self, process: Process, payer: Payer) -> None:
        self._process = process
        self._turn = asyncio.Lock()
        self._asked = 0
        self.payer = payer

    async def ask(self, does: str, **options: object) -> Any:
        """Return what an action of the bridge gives.

        Raises:
            JavaScriptError: it threw.
        """
        async with self._turn:
            self._asked += 1
            await self._write({"id": self._asked, "does": does, "with": options})
            answer = await self._read()
        assert answer["id"] == self._asked
        if "fails" in answer:
            raise JavaScriptError(**answer["fails"])
        return answer["gives"]

    async def introduce(self) -> None:
        """Hand over the payer's key, which must not stand among the arguments."""
        await self._write({"key": "0x" + self.payer.key.hex()})

    async def _write(self, request: object) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        await self._process.stdin.drain()

    async def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        async with asyncio.timeout(_ANSWER_S):
            line = await self._process.stdout.readline()
        assert line, "the JavaScript client has ended; its words are above"
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def javascript_client(
    folder: Path, export: Path, payer: Payer
) -> AsyncIterator[JavaScriptClient]:
    """Run the client. Its modules find their packages above them, so copies lie in the folder."""
    with tempfile.TemporaryDirectory(dir=folder) as copies:
        for source in SOURCES.glob("*.mjs"):
            shutil.copy(source, copies)
        bridge = Path(copies, "bridge.mjs")
        process = await asyncio.create_subprocess_exec(
            "node", bridge, export.resolve(), stdin=PIPE, stdout=PIPE, limit=_LINE_BYTES
        )
        try:
            client = JavaScriptClient(process, payer)
            await client.introduce()
            yield client
        finally:
            assert process.stdin
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


def install(root: Path) -> Path:
    """Install the pinned packages below the project's ``node_modules``; return the folder.

    Raises:
        JavaScriptMissing: node, npm or the registry is not there.
    """
    lock = SOURCES / "package-lock.json"
    name = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder = root / "node_modules" / ".cache" / "conformance" / name
    if folder.exists():
        return folder
    if not (shutil.which("node") and shutil.which("npm")):
        raise JavaScriptMissing("there is no node or no npm")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as begun:
        shutil.copy(lock, begun)
        shutil.copy(SOURCES / "package.json", begun)
        _npm_ci(Path(begun))
        _keep(Path(begun), folder)
    return folder


def _npm_ci(folder: Path) -> None:
    words = ["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
    try:
        subprocess.run(  # noqa: S603 - the project's own lock file
            words, cwd=folder, check=True, capture_output=True, text=True, timeout=_INSTALL_S
        )
    except subprocess.TimeoutExpired as error:
        raise JavaScriptMissing(f"npm ci takes more than {_INSTALL_S} s") from error
    except subprocess.CalledProcessError as error:
        raise JavaScriptMissing(error.stderr.strip()[-500:]) from error


def _keep(begun: Path, folder: Path) -> None:
    """Give an installation its name, unless another run was faster."""
    try:
        begun.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    else:
        begun.mkdir()
