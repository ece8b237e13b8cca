"""The wallet in the replies, read from a real chain behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from eth_account import Account

from api import paying
from api.paying import WalletWatch
from api.wiring import network_facts, wallet_watch
from devnet.chain.accounts import DevAccount, provider_account
from devnet.chain.contracts import addresses
from devnet.chain.deploy import deploy
from devnet.chain.node import ChainNode
from devnet.chain.providers import ProviderSpec
from devnet.chain.transactions import Chain
from tests.api.door import Door, open_door
from tests.filecoin.small_server import SmallServer, small_server, text
from vibesflow.errors import ChainDown, SettingsInvalid
from vibesflow.filecoin import FilecoinClient, Signer
from vibesflow.ledger.port import Ledger
from vibesflow.settings import FilecoinSettings, NetworkName

UNKNOWN = {"FIL": None, "USDFC_Wallet": None, "USDFC_Contract": None, "sufficientFunds": None}
EMPTY = {"FIL": "100", "USDFC_Wallet": "10000", "USDFC_Contract": "0", "sufficientFunds": False}


@dataclass
class Purse:
    """A payer with everything in the wallet, and how the door's process is told of it."""

    account: DevAccount
    settings: FilecoinSettings
    chain: Chain

    async def fund(self) -> None:
        signer = Signer(bytes.fromhex(self.account.private_key.removeprefix("0x")))
        async with await FilecoinClient.open(self.settings, signer) as client:
            await client.fund(10**18)

    def transactions(self) -> int:
        """How many the payer has sent."""
        return int(self.chain.web3.eth.get_transaction_count(self.account.address))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainNode]:
    with ChainNode(log=tmp_path_factory.mktemp("wallet") / "node.log") as started:
        yield started


@pytest.fixture
async def provider() -> AsyncIterator[SmallServer]:
    async with small_server() as served:
        served.handler = lambda _: text(200, "curio-pdp")
        yield served


@pytest.fixture
def purse(node: ChainNode, provider: SmallServer, tmp_path: Path) -> Purse:
    made = Account.create()
    account = DevAccount("USER_1", made.address, made.key.to_0x_hex())
    specs = [
        ProviderSpec("answers", provider.url, provider_account(1).private_key),
        ProviderSpec("gone", "http://127.0.0.1:9", provider_account(2).private_key),
    ]
    export = tmp_path / "devnet.json"
    deploy(node.rpc_url, specs, export, users=[account], empty_wallet=True)
    settings = FilecoinSettings.model_construct(
        network=NetworkName.DEVNET, devnet_info=export, rpc_urls=()
    )
    return Purse(account, settings, Chain(node.rpc_url))


@pytest.fixture
async def watch(purse: Purse) -> AsyncIterator[WalletWatch]:
    async with wallet_watch(purse.settings, purse.account.address) as watched:
        yield watched


@pytest.fixture
async def rich_door(
    ledger: Ledger, tmp_path: Path, purse: Purse, watch: WalletWatch
) -> AsyncIterator[Door]:
    facts = network_facts(purse.settings)
    async with open_door(ledger, tmp_path / "staging", network=facts, wallet=watch) as opened:
        yield opened


def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paying, "FRESH_S", 0.0)


async def test_an_upload_shows_the_wallet_as_it_was_read_last(
    rich_door: Door, watch: WalletWatch, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watch.settled()
    status = (await rich_door.send_json()).json()["synapseStatus"]
    assert status["walletStatus"] == EMPTY
    assert status["pandoraStatus"] == {
        "address": addresses().fwss,
        "isApproved": False,
        "rateAllowance": "0",
        "lockupAllowance": "0",
    }
    await purse.fund()
    soon(monkeypatch)
    await rich_door.send_json()
    await watch.settled()
    status = (await rich_door.send_json()).json()["synapseStatus"]
    assert Decimal(status["walletStatus"]["USDFC_Wallet"]) == 9_999
    assert status["walletStatus"]["USDFC_Contract"] == "1"
    assert status["walletStatus"]["sufficientFunds"] is True
    assert status["pandoraStatus"]["isApproved"] is True
    assert status["pandoraStatus"]["rateAllowance"].replace(".", "") == str(2**256 - 1)


async def test_health_shows_the_same_and_stays_healthy(rich_door: Door, watch: WalletWatch) -> None:
    await watch.settled()
    reply = await rich_door.client.get("/health")
    assert reply.status_code == 200
    assert reply.json()["filecoin"]["walletStatus"] == EMPTY
    assert reply.json()["filecoin"]["pandoraStatus"]["isApproved"] is False


async def test_a_test_of_everything_sends_nothing(rich_door: Door, purse: Purse) -> None:
    told = (await rich_door.client.get("/filecoin/test")).json()
    assert (told["success"], told["network"]) == (False, "devnet")
    assert told["payer"] == purse.account.address
    assert told["walletStatus"] == EMPTY
    assert "USDFC are missing in Filecoin Pay" in told["message"]
    assert "not approved" in told["message"]
    answers, gone = told["providers"]
    assert (answers["name"], answers["reachable"], answers["error"]) == ("answers", True, None)
    assert (gone["name"], gone["reachable"]) == ("gone", False)
    assert "127.0.0.1:9" in gone["error"]
    assert purse.transactions() == 0
    await purse.fund()
    told = (await rich_door.client.get("/filecoin/test")).json()
    assert (told["success"], told["message"]) == (True, "Filecoin can be stored with and paid")


async def test_no_provider_that_answers_is_told(
    rich_door: Door, purse: Purse, provider: SmallServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await purse.fund()

    async def silent(_: object) -> object:
        await asyncio.sleep(60)
        return None

    provider.handler = silent
    monkeypatch.setattr("api.legacy.filecoin_test.PING_S", 0.2)
    told = (await rich_door.client.get("/filecoin/test")).json()
    assert (told["success"], told["message"]) == (False, "no approved provider answers")
    assert told["providers"][0]["error"] == "no answer within 0.2 s"


@pytest.mark.parametrize("fault", [ChainDown("no RPC endpoint answers"), SettingsInvalid("other")])
async def test_a_chain_that_is_down_neither_delays_nor_fails_an_upload(
    ledger: Ledger, tmp_path: Path, fault: Exception
) -> None:
    tried = asyncio.Event()

    async def connect() -> FilecoinClient:
        tried.set()
        raise fault

    async with (
        WalletWatch(connect) as watch,
        open_door(ledger, tmp_path / "staging", wallet=watch) as door,
    ):
        reply = await door.send_json()
        await asyncio.wait_for(tried.wait(), 5)
        assert reply.status_code == 202
        assert reply.json()["synapseStatus"]["walletStatus"] == UNKNOWN
        assert (await door.client.get("/health")).status_code == 200


async def test_a_chain_that_hangs_is_given_up(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect() -> FilecoinClient:
        await asyncio.sleep(3_600)
        raise AssertionError

    monkeypatch.setattr(paying, "ANSWER_S", 0.2)
    async with (
        WalletWatch(connect) as watch,
        open_door(ledger, tmp_path / "staging", wallet=watch) as door,
    ):
        async with asyncio.timeout(5):
            assert (await door.send_json()).status_code == 202
            reply = await door.client.get("/filecoin/test")
        assert (reply.status_code, reply.json()["code"]) == (503, "chain_down")
        assert reply.json()["detail"]["dependency"] == "chain"


async def test_a_door_that_does_not_know_the_payer_says_so(door: Door) -> None:
    reply = await door.client.get("/filecoin/test")
    assert reply.status_code == 503
    assert "VIBESFLOW_PAYER" in reply.json()["error"]


async def test_one_reading_at_a_time_and_not_too_often(purse: Purse) -> None:
    count = 0
    now_s = 0.0

    async def connect() -> FilecoinClient:
        nonlocal count
        count += 1
        raise ChainDown("later")

    async with WalletWatch(connect, clock=lambda: now_s) as watch:
        for _ in range(5):
            watch.refresh_soon()
        await watch.settled()
        watch.refresh_soon()
        await watch.settled()
        assert count == 1
        now_s = paying.FRESH_S
        watch.refresh_soon()
        await watch.settled()
        assert count == 2
