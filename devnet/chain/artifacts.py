"""Compiled contracts: what ``contracts/build.cjs`` wrote."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ARTIFACTS = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"

Abi = Sequence[dict[str, Any]]
"""A contract's interface as solc describes it; web3 takes it in this shape."""


@dataclass(frozen=True)
class Artifact:
    """One compiled contract.

    Attributes:
        name: the contract's name.
        abi: its interface.
        bytecode: creation code, constructor arguments not appended.
    """

    name: str
    abi: Abi
    bytecode: bytes


@cache
def artifact(name: str) -> Artifact:
    """Read one contract; its name is its file's."""
    content = json.loads((ARTIFACTS / f"{name}.json").read_text())
    return Artifact(name, content["abi"], bytes.fromhex(content["bytecode"].removeprefix("0x")))


def fingerprint() -> str:
    """Return a SHA-256 of all creation code, in hex, by which older contracts are told apart."""
    digest = hashlib.sha256()
    for path in sorted(ARTIFACTS.glob("*.json")):
        digest.update(artifact(path.stem).bytecode)
    return digest.hexdigest()
