"""The node by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from devnet.chain import rpc
from devnet.chain.accounts import deployer, payer, provider_account
from devnet.chain.anvil import DEVNET_CHAIN_ID
from devnet.chain.node import ChainNode
from devnet.chain.transactions import Chain
from vibesflow.errors import ChainFault, PartNotStarted, PortInUse

FIL = 10**18


def _send_one_fil(node: ChainNode) -> str:
    receipt = Chain(node.rpc_url).transfer(payer().local, "0x" + "11" * 20, FIL)
    return receipt["transactionHash"].to_0x_hex()


def _until(condition, limit_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_blocks_at_an_interval(tmp_path: Path) -> None:
    with ChainNode(log=tmp_path / "log", block_time_s=1) as node:
        start = rpc.call(node.rpc_url, "eth_blockNumber")
        _until(lambda: rpc.call(node.rpc_url, "eth_blockNumber") != start)


def test_instant_blocks_for_a_while(tmp_path: Path) -> None:
    with ChainNode(log=tmp_path / "log", block_time_s=3_600) as node:
        with Chain(node.rpc_url).instant_blocks():
            _send_one_fil(node)
        assert rpc.call(node.rpc_url, "anvil_getIntervalMining") == 3_600


def test_chain_and_accounts(tmp_path: Path) -> None:
    with ChainNode(log=tmp_path / "log") as node:
        assert rpc.call(node.rpc_url, "eth_chainId") == hex(DEVNET_CHAIN_ID)
        for account in (deployer(), payer(), provider_account(1), provider_account(10)):
            held = rpc.call(node.rpc_url, "eth_getBalance", account.address, "latest")
            assert int(str(held), 16) == 1_000_000 * FIL
            assert account.private_key not in repr(account)
            assert account.local.address == account.address
        with pytest.raises(ChainFault, match="no_such_method"):
            rpc.call(node.rpc_url, "no_such_method")
    with pytest.raises(ValueError, match="11"):
        provider_account(11)


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with ChainNode(log=tmp_path / "log") as node:
        second = ChainNode(log=tmp_path / "second", port=node.port)
        with pytest.raises(PortInUse, match=str(node.port)):
            second.start()
        with pytest.raises(PartNotStarted):
            _ = second.pid


def test_a_broken_state_is_said(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("{")
    node = ChainNode(log=tmp_path / "log", state=state)
    with pytest.raises(PartNotStarted, match="does not answer"):
        node.start()
    with pytest.raises(PartNotStarted):
        node.stop()
    assert state.read_text() == "{"
