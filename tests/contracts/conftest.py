from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from devnet.chain.accounts import provider_account
from devnet.chain.contracts import addresses
from devnet.chain.deploy import deploy
from devnet.chain.node import ChainNode
from devnet.chain.providers import ProviderSpec
from devnet.chain.transactions import Chain
from tests.contracts.stage import Stage

PAYEE = str(Account.from_key(b"\x02" * 32).address)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A devnet with one provider, whose payee is somebody else."""
    folder: Path = tmp_path_factory.mktemp("chain")
    spec = ProviderSpec("alice", "http://127.0.0.1:1", provider_account(1).private_key, payee=PAYEE)
    with ChainNode(log=folder / "node.log") as node:
        deploy(node.rpc_url, [spec], folder / "devnet.json")
        yield Stage(Chain(node.rpc_url), addresses(), spec.account, PAYEE)


@pytest.fixture
def payer(stage: Stage) -> LocalAccount:
    """A fresh payer with 100 USDFC deposited and the service approved."""
    return stage.new_payer()
