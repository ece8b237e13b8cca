"""The table engines a world can run; each is a part that keeps its tables in the data folder."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from devnet.part import Part
from devnet.ports import LOOPBACK
from devnet.probes import port_answers
from devnet.table import engine_program, table_part
from vibesflow.errors import PartNotStarted

_HEAP = "-Xmx512m"
_ACCOUNT = "0" * 12
"""Whoever comes with other keys than this one, which the world's processes have, is given the same
account."""


class TableEngineName(StrEnum):
    """Who serves the tables."""

    ROTO = "roto"
    MINISTACK = "ministack"
    DYNAMODB_LOCAL = "dynamodb-local"


@dataclass(frozen=True)
class TableChoice:
    """A table engine.

    Attributes:
        engine: who serves the tables.
        jar: ``DynamoDBLocal.jar``, which a person brings; only DynamoDB Local needs it.
    """

    engine: TableEngineName = TableEngineName.ROTO
    jar: Path | None = None


def chosen_table_part(choice: TableChoice, port: int, state: Path) -> Part:
    """Return the engine as a part of the world; creating the tables is left to the world.

    Args:
        choice: which engine.
        port: where it listens, on the loopback interface; DynamoDB Local, which cannot be told
            so, on all.
        state: folder for the tables; each engine has files of its own there.

    Raises:
        PartNotStarted: the engine, or what it needs, is not on this machine.
    """
    match choice.engine:
        case TableEngineName.ROTO:
            return _roto(port, state)
        case TableEngineName.MINISTACK:
            return table_part(port, state)
        case TableEngineName.DYNAMODB_LOCAL:
            return _dynamodb_local(port, state, choice.jar)


def _roto(port: int, state: Path) -> Part:
    flags = {
        "--host": LOOPBACK,
        "--port": str(port),
        "--data-dir": str(state / "roto"),
        "--account-id": _ACCOUNT,
    }
    words = [word for flag in flags.items() for word in flag]
    return Part(
        name="table",
        argv=(engine_program("roto-server"), *words),
        probe=port_answers(LOOPBACK, port),
        environment={"PATH": os.defpath, "RUST_LOG": "error", "NO_COLOR": "1"},
    )


def _dynamodb_local(port: int, state: Path, jar: Path | None) -> Part:
    java = shutil.which("java")
    if java is None:
        raise PartNotStarted("DynamoDB Local needs Java, and there is no `java` on the path")
    if jar is None or not jar.is_file():
        raise PartNotStarted(f"DynamoDB Local needs its jar; there is none at {jar}")
    folder = state / "dynamodb-local"
    folder.mkdir(parents=True, exist_ok=True)
    libraries = f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}"
    flags = ("-port", str(port), "-sharedDb", "-dbPath", str(folder), "-disableTelemetry")
    return Part(
        name="table",
        argv=(java, _HEAP, libraries, "-jar", str(jar), *flags),
        probe=port_answers(LOOPBACK, port),
        environment={"PATH": os.defpath},
    )
