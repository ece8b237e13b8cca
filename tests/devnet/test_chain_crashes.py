"""The chain forgets nothing that it answered, whoever is killed."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from eth_account import Account

from devnet.chain import accounts, rpc
from devnet.chain.deploy import deploy
from devnet.chain.providers import numbered
from tests.devnet.chain_process import (
    SOMEBODY,
    ChainProcess,
    head,
    nonce_of,
    receipt,
    send,
    until,
)
from vibesflow.errors import ChainDown, ChainFault
from vibesflow.filecoin.devnet_info import DevnetInfo

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        sys.platform != "linux", reason="only Linux ends children with their parent"
    ),
]

ROUNDS = 6
SENDERS = [accounts.payer().local, accounts.deployer().local, accounts.provider_account(1).local]


def test_whoever_is_killed_at_any_moment_no_answered_transaction_is_lost(tmp_path: Path) -> None:
    chance = random.Random(4)  # noqa: S311 - moments, not secrets
    told: dict[str, dict[str, object] | None] = {}
    with ChainProcess(tmp_path, "--snapshot-after", "7") as chain:
        for number in range(ROUNDS):
            victim = chain.pid if number % 2 else chain.node_pid
            told |= _burst(chain, lambda victim=victim: os.kill(victim, signal.SIGKILL), chance)
            chain.ended()
            chain.start()
            _check(chain, told)
    assert len(told) > 5 * ROUNDS


def _burst(
    chain: ChainProcess, kill: Callable[[], None], chance: random.Random
) -> dict[str, dict[str, object] | None]:
    """Send from several accounts at once until the chain is killed; return what was answered."""
    told: dict[str, dict[str, object] | None] = {}
    enough, wanted = threading.Event(), chance.randint(3, 40)

    def keep_sending(sender) -> None:
        nonce = nonce_of(chain.url, sender)
        with suppress(ChainDown):
            while True:
                tx_hash = send(chain.url, sender, nonce)
                told[tx_hash] = None
                told[tx_hash] = receipt(chain.url, tx_hash)
                nonce += 1
                if len(told) >= wanted:
                    enough.set()

    with ThreadPoolExecutor(len(SENDERS)) as pool:
        runs = [pool.submit(keep_sending, sender) for sender in SENDERS]
        assert enough.wait(60)
        kill()
        for run in runs:
            run.result(60)
    return told


def _check(chain: ChainProcess, told: dict[str, dict[str, object] | None]) -> None:
    for tx_hash, seen in told.items():
        found = receipt(chain.url, tx_hash)
        assert found is not None, f"{tx_hash} is lost"
        assert seen is None or found == seen


def test_the_contracts_are_there_after_a_crash(tmp_path: Path) -> None:
    with ChainProcess(tmp_path) as chain:
        places = _deploy(chain.url, tmp_path)
        before = head(chain.url)
        chain.end(signal.SIGKILL)
        chain.start()
        assert head(chain.url) == before
        assert _deploy(chain.url, tmp_path) == places
        assert head(chain.url) == before, "everything was found"


def _deploy(url: str, folder: Path) -> DevnetInfo:
    return deploy(url, [numbered(1, "http://127.0.0.1:5801")], folder / "devnet.json")


def test_what_waits_for_a_block_waits_for_it_after_a_crash(tmp_path: Path) -> None:
    first, second, _ = SENDERS
    with ChainProcess(tmp_path, "--block-time", "3600", "--snapshot-after", "3") as chain:
        _deploy(chain.url, tmp_path)
        start = nonce_of(chain.url, first)
        waiting = [send(chain.url, first, start + number) for number in range(5)]
        waiting.append(send(chain.url, second, nonce_of(chain.url, second)))
        for _ in range(2):
            chain.end(signal.SIGKILL)
            chain.start()
            assert not any(receipt(chain.url, tx_hash) for tx_hash in waiting)
        rpc.call(chain.url, "evm_mine")
        found = [receipt(chain.url, tx_hash) for tx_hash in waiting]
        assert [r and r["transactionIndex"] for r in found] == [hex(n) for n in range(6)]
        chain.end(signal.SIGKILL)
        chain.start()
        assert [receipt(chain.url, tx_hash) for tx_hash in waiting] == found


def test_blocks_at_an_interval_come_back_and_go_on(tmp_path: Path) -> None:
    with ChainProcess(tmp_path, "--block-time", "0.2") as chain:
        tx_hash = send(chain.url, SENDERS[0], 0)
        until(lambda: receipt(chain.url, tx_hash) is not None)
        mined, seen = receipt(chain.url, tx_hash), head(chain.url)
        chain.end(signal.SIGKILL)
        time.sleep(1.5)  # the node's clock is ahead of these blocks' when it starts again
        chain.start()
        assert receipt(chain.url, tx_hash) == mined
        assert rpc.call(chain.url, "eth_getBlockByNumber", seen["number"], False) == seen
        until(lambda: int(str(head(chain.url)["number"]), 16) > int(str(seen["number"]), 16) + 2)


def test_a_node_that_was_stopped_answers_when_it_goes_on(tmp_path: Path) -> None:
    with ChainProcess(tmp_path) as chain, ThreadPoolExecutor(2) as pool:
        os.kill(chain.node_pid, signal.SIGSTOP)
        sent = pool.submit(send, chain.url, SENDERS[0], 0)
        read = pool.submit(rpc.call, chain.url, "eth_chainId")
        with pytest.raises(TimeoutError):
            read.result(0.5)
        os.kill(chain.node_pid, signal.SIGCONT)
        assert receipt(chain.url, sent.result(30)) is not None
        assert read.result(30)


def test_a_crash_in_the_middle_of_a_snapshot_changes_nothing(tmp_path: Path) -> None:
    with ChainProcess(tmp_path) as chain:
        told = {send(chain.url, SENDERS[0], nonce): None for nonce in range(3)}
        top = int(str(head(chain.url)["number"]), 16)
        chain.end(signal.SIGKILL)
        chain.state.with_name(f"state.json.journal-{top}").touch()
        chain.state.with_name("state.json.partial").write_bytes(b"{half a sta")
        chain.start()
        _check(chain, told)
        assert chain.end() == 0
        assert len(list(tmp_path.glob("state.json*"))) == 2, "a snapshot and its journal"
        chain.start()
        _check(chain, told)


def test_asked_to_stop_it_leaves_a_snapshot_and_nothing_to_make_again(tmp_path: Path) -> None:
    with ChainProcess(tmp_path) as chain:
        tx_hash = send(chain.url, SENDERS[0], 0)
        node_pid = chain.node_pid
        assert chain.end() == 0
        assert tx_hash in chain.state.read_text()
        (journal,) = tmp_path.glob("state.json.journal-*")
        assert journal.read_bytes() == b""
        assert not Path(f"/proc/{node_pid}").exists()


def test_a_node_that_dies_takes_its_front_along(tmp_path: Path) -> None:
    with ChainProcess(tmp_path) as chain:
        os.kill(chain.node_pid, signal.SIGKILL)
        assert chain.ended() != 0


def test_the_front_answers_as_the_node_does(tmp_path: Path) -> None:
    with ChainProcess(tmp_path) as chain:
        with pytest.raises(ChainFault, match="Insufficient funds"):
            send(chain.url, Account.create(), 0)
        with pytest.raises(ChainFault, match="one signed transaction"):
            rpc.call(chain.url, "eth_sendRawTransaction")
        with pytest.raises(ChainFault, match="no_such_method"):
            rpc.call(chain.url, "no_such_method")
        with pytest.raises(ChainFault, match="the clock's"):
            rpc.call(chain.url, "evm_increaseTime", 60)
        assert rpc.call(chain.url, "anvil_getAutomine") is True
        rpc.call(chain.url, "anvil_setBalance", SOMEBODY, "0x7")
        chain.end(signal.SIGKILL)
        chain.start()
        assert rpc.call(chain.url, "eth_getBalance", SOMEBODY, "latest") == "0x7"
