from __future__ import annotations

import subprocess
import sys

import pytest

import vibesflow.filecoin


def _loaded_by(statement: str) -> set[str]:
    program = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_every_public_name_is_there() -> None:
    for name in vibesflow.filecoin.__all__:
        assert getattr(vibesflow.filecoin, name)


def test_no_other_name_is() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Wallet'"):
        _ = vibesflow.filecoin.Wallet  # type: ignore[attr-defined] # the point of the test


def test_naming_a_piece_loads_no_ethereum_library() -> None:
    loaded = _loaded_by("from vibesflow.filecoin import PieceCid, PieceHasher, CommitRequest")
    assert not loaded & {"web3", "eth_account", "eth_abi", "httpx", "pydantic"}


def test_it_stands_alone() -> None:
    loaded = _loaded_by("import vibesflow.filecoin.client")
    assert not loaded & {"temporalio", "boto3", "botocore", "starlette", "fastapi"}
    foreign = {
        name
        for name in loaded
        if name.startswith("vibesflow.")
        and not name.startswith(("vibesflow.filecoin", "vibesflow.errors", "vibesflow.settings"))
    }
    assert not foreign
