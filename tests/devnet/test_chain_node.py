"""The node keeps its chain, however it dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devnet.chain import rpc
from devnet.chain.accounts import deployer, payer, provider_account
from devnet.chain.anvil import DEVNET_CHAIN_ID
from devnet.chain.node import ChainNode
from devnet.chain.transactions import Chain
from vibesflow.errors import ChainDown, ChainFault, PartNotStarted, PortInUse

FIL = 10**18


def _send_one_fil(node: ChainNode) -> str:
    receipt = Chain(node.rpc_url).transfer(payer().local, "0x" + "11" * 20, FIL)
    return receipt["transactionHash"].to_0x_hex()


def _until(condition, limit_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def _holds(state: Path, tx_hash: str) -> bool:
    return state.exists() and tx_hash in state.read_text()


def test_a_killed_node_remembers(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    node = ChainNode(log=tmp_path / "log", state=state)
    node.start()
    tx_hash = _send_one_fil(node)
    _until(lambda: _holds(state, tx_hash))
    node.kill()
    with pytest.raises(ChainDown):
        rpc.call(node.rpc_url, "eth_blockNumber")
    with node:
        receipt = rpc.call(node.rpc_url, "eth_getTransactionReceipt", tx_hash)
        assert isinstance(receipt, dict)
        assert receipt["blockNumber"] == "0x1"
        balance = rpc.call(node.rpc_url, "eth_getBalance", "0x" + "11" * 20, "latest")
        assert balance == hex(FIL)
        _send_one_fil(node)
        assert rpc.call(node.rpc_url, "eth_blockNumber") == "0x2"


def test_a_stopped_node_loses_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with ChainNode(log=tmp_path / "log", state=state) as node:
        tx_hash = _send_one_fil(node)
    assert _holds(state, tx_hash)
    json.loads(state.read_text())


def test_state_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    node = ChainNode(log=tmp_path / "log", state=state)
    node.start()
    for _ in range(5):
        _send_one_fil(node)
        time.sleep(0.2)
        if state.exists():
            json.loads(state.read_text())
    node.kill()
    json.loads(state.read_text())


def test_process_saves_and_ends_when_asked(tmp_path: Path) -> None:
    state, port = tmp_path / "state.json", _free_port(tmp_path)
    process = _start_process(port, state)
    url = f"http://127.0.0.1:{port}"
    _until(lambda: _answers(url))
    tx_hash = Chain(url).transfer(payer().local, "0x" + "11" * 20, FIL)["transactionHash"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert _holds(state, tx_hash.to_0x_hex())
    assert not _answers(url)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_killing_the_process_kills_the_node(tmp_path: Path) -> None:
    port = _free_port(tmp_path)
    process = _start_process(port, tmp_path / "state.json")
    url = f"http://127.0.0.1:{port}"
    _until(lambda: _answers(url))
    process.kill()
    process.wait()
    _until(lambda: not _answers(url))


def test_blocks_at_an_interval(tmp_path: Path) -> None:
    with ChainNode(log=tmp_path / "log", block_time_s=1) as node:
        start = rpc.call(node.rpc_url, "eth_blockNumber")
        _until(lambda: rpc.call(node.rpc_url, "eth_blockNumber") != start)
        chain = Chain(node.rpc_url)
        with chain.instant_blocks():
            before_s = time.monotonic()
            for _ in range(3):
                _send_one_fil(node)
            assert time.monotonic() - before_s < 1
        assert rpc.call(node.rpc_url, "anvil_getIntervalMining") == 1


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


def _start_process(port: int, state: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "devnet.chain", "--port", str(port), "--state", str(state)]
    return subprocess.Popen(argv, stderr=subprocess.DEVNULL, env=dict(os.environ))  # noqa: S603


def _free_port(folder: Path) -> int:
    return ChainNode(log=folder / "unused").port


def _answers(url: str) -> bool:
    try:
        rpc.call(url, "eth_chainId", timeout_s=1)
    except ChainDown:
        return False
    return True
