"""What the pinned JavaScript client cannot do with today's contracts and providers.

Each test shows one line of `javascript/README.md`. They hold our own devnet against the client,
because another one may be of the client's age.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from eth_account import Account

from tests.conformance.bank import USDFC
from tests.conformance.javascript_client import SOURCES, JavaScriptClient, JavaScriptError
from tests.conformance.onchain import Onchain
from tests.conformance.subject import Subject
from tests.devnet.provider.disturbed import Disturbed
from vibesflow.filecoin import FilecoinClient, ProviderInfo, StorageWish, piece_cid_of
from vibesflow.filecoin.permissions import Permission

GIVES_UP_MS = 3_000
DATA_SET_NOT_LIVE = "0x5d946944"
"""Selector of the contract's error, which the client has no name for."""


NO_ADDRESS = "0x" + 40 * "0"


class Set:
    """A data set that the JavaScript client has made, with one piece."""

    def __init__(self, data_set_id: int, client_id: str, cid: str) -> None:
        self.data_set_id = data_set_id
        self.client_id = client_id
        self.cid = cid

    @property
    def place(self) -> dict[str, object]:
        return {"dataSetId": self.data_set_id, "clientDataSetId": self.client_id}


@pytest.fixture(autouse=True)
def _our_own_devnet(subject: Subject) -> None:
    if not subject.own:
        pytest.skip("another devnet may be of the JavaScript client's age")


async def uploaded(javascript: JavaScriptClient, home: ProviderInfo, folder: Path) -> str:
    file = folder / "payload"
    file.write_bytes(secrets.token_bytes(1_000))
    answer = await javascript.ask("upload", url=home.service_url, path=str(file))
    await javascript.ask("find", url=home.service_url, cid=answer["cid"])
    return str(answer["cid"])


@pytest.fixture(scope="module")
async def made(
    funded: JavaScriptClient, home: ProviderInfo, tmp_path_factory: pytest.TempPathFactory
) -> Set:
    cid = await uploaded(funded, home, tmp_path_factory.mktemp("made"))
    client_id = str(secrets.randbits(200))
    done = await funded.ask(
        "create",
        url=home.service_url,
        payee=home.payee,
        clientDataSetId=client_id,
        cids=[cid],
        metadata={"source": "limits"},
    )
    return Set(done["dataSetId"], client_id, cid)


@pytest.fixture
async def disturbed(home: ProviderInfo) -> AsyncIterator[Disturbed]:
    async with httpx.AsyncClient(base_url=home.service_url, trust_env=False) as http:
        provider = Disturbed(http)
        yield provider
        await provider.heal()


async def test_it_knows_version_1_of_the_export_alone(funded: JavaScriptClient) -> None:
    with pytest.raises(JavaScriptError, match="expected 1"):
        await funded.ask("validateExport")


async def test_it_misreads_the_id_of_a_data_set(funded: JavaScriptClient, made: Set) -> None:
    told = await funded.ask("dataSet", dataSetId=made.data_set_id)
    assert told["clientDataSetId"] == made.client_id
    assert int(told["dataSetId"]) != made.data_set_id


async def test_it_garbles_a_list_of_data_sets(
    funded: JavaScriptClient, made: Set, home: ProviderInfo, onchain: Onchain
) -> None:
    options = {"url": home.service_url, "payee": home.payee, "metadata": {"source": "empty"}}
    data_set_id = await funded.ask("createEmpty", **options)
    client_id = (await onchain.data_set(data_set_id)).client_data_set_id
    listed = await funded.ask("clientDataSets")
    assert len(listed) > 1
    assert str(client_id) not in [one["clientDataSetId"] for one in listed]


@pytest.mark.parametrize("does", ["dataSetsWithDetails", "selection", "storedBytes"])
async def test_it_cannot_list_data_sets_once_there_is_one(
    funded: JavaScriptClient, made: Set, does: str
) -> None:
    with pytest.raises(JavaScriptError, match=DATA_SET_NOT_LIVE):
        await funded.ask(does)


async def test_it_cannot_find_a_piece_by_its_payers_data_sets(
    funded: JavaScriptClient, made: Set
) -> None:
    with pytest.raises(JavaScriptError, match=f"(?s)^AggregateError.*{DATA_SET_NOT_LIVE}"):
        await funded.ask("resolve", cid=made.cid)


async def test_it_cannot_add_to_a_deposit_on_a_devnet(funded: JavaScriptClient) -> None:
    assert await funded.ask("isApproved")
    with pytest.raises(JavaScriptError, match=f"(?s)balanceOf.*{NO_ADDRESS}"):
        await funded.ask("fund", amount=str(USDFC // 10))


async def test_it_takes_the_data_set_fee_for_a_least_price(
    subject: Subject, funded: JavaScriptClient, home: ProviderInfo
) -> None:
    prices = await funded.ask("servicePrice")
    assert int(prices["minimumPricePerMonth"]) == 24 * USDFC // 1_000
    size = 2**30
    told = await funded.ask("uploadCosts", size=str(size))
    scope = (("nobody", "has this"),)
    wish = StorageWish((size * 127 // 128,), provider_ids=(home.provider_id,), scope=scope)
    async with await subject.open(funded.payer.key) as ours:
        costs = (await ours.quote(wish)).costs
    assert int(told["rate"]["perEpoch"]) < costs.rate_per_epoch
    assert int(told["rate"]["perMonth"]) < costs.cost_per_month


async def test_it_waits_for_a_transaction_that_has_failed(
    funded: JavaScriptClient, made: Set, home: ProviderInfo, disturbed: Disturbed, tmp_path: Path
) -> None:
    cid = await uploaded(funded, home, tmp_path)
    await disturbed.fault("failed-transaction", count=1)
    began_s = time.monotonic()
    with pytest.raises(JavaScriptError, match="TimeoutError: Request timed out"):
        await funded.ask(
            "add", url=home.service_url, **made.place, cids=[cid], timeoutMs=GIVES_UP_MS
        )
    assert time.monotonic() - began_s > GIVES_UP_MS / 1_000
    assert await disturbed.struck("failed-transaction") == 1


async def test_it_allows_more_metadata_than_the_contract_takes(
    funded: JavaScriptClient, made: Set, home: ProviderInfo, tmp_path: Path
) -> None:
    cid = await uploaded(funded, home, tmp_path)
    place = {"url": home.service_url, **made.place, "cids": [cid]}
    with pytest.raises(JavaScriptError, match="TooManyMetadataKeys"):
        await funded.ask("add", **place, metadata={str(key): "" for key in range(4)})
    with pytest.raises(JavaScriptError, match="MetadataValueExceedsMaxLength"):
        await funded.ask("add", **place, metadata={"long": "x" * 97})
    with pytest.raises(JavaScriptError, match=r"^Error: Metadata exceeds"):
        await funded.ask("add", **place, metadata={str(key): "" for key in range(6)})


async def test_its_termination_is_not_what_the_contract_verifies(
    subject: Subject, funded: JavaScriptClient, made: Set, home: ProviderInfo
) -> None:
    signed = await funded.ask("signTermination", dataSetId=made.data_set_id)
    path = f"/pdp/data-sets/{made.data_set_id}/terminate"
    async with httpx.AsyncClient(base_url=home.service_url, trust_env=False) as http:
        asked = await http.post(path, json={"extraData": signed})
        assert asked.status_code == 202
        async with asyncio.timeout(30):
            while (await http.get(path)).status_code != 404:
                await asyncio.sleep(0.1)
    assert (await funded.ask("dataSet", dataSetId=made.data_set_id))["pdpEndEpoch"] == "0"


async def test_its_session_keys_cannot_terminate(
    subject: Subject, funded: JavaScriptClient
) -> None:
    address, expires_s = Account.create().address, int(time.time()) + 3_600
    await funded.ask("login", address=address, expiresAt=str(expires_s))
    told = await funded.ask("permissions")
    ours = {"0x" + permission.type_hash.hex(): permission for permission in Permission}
    assert ours[told["createDataSet"]] is Permission.CREATE_DATA_SET
    assert ours[told["addPieces"]] is Permission.ADD_PIECES
    assert ours[told["schedulePieceRemovals"]] is Permission.SCHEDULE_PIECE_REMOVALS
    assert told["deleteDataSet"] not in ours


async def test_a_provider_is_paid_under_the_payee_that_it_registered(
    funded: JavaScriptClient, client: FilecoinClient, tmp_path: Path
) -> None:
    (other,) = [one for one in await client.providers() if one.payee != one.address]
    cid = await uploaded(funded, other, tmp_path)
    options = {"url": other.service_url, "cids": [cid], "metadata": {"source": "payee"}}
    client_id = str(secrets.randbits(200))
    with pytest.raises(JavaScriptError, match="InvalidSignature"):
        await funded.ask("create", **options, payee=other.address, clientDataSetId=client_id)
    assert await funded.ask("create", **options, payee=other.payee, clientDataSetId=client_id)


async def test_it_sends_more_than_forty_pieces(
    funded: JavaScriptClient, made: Set, home: ProviderInfo
) -> None:
    cids = [piece_cid_of(secrets.token_bytes(200)).text for _ in range(41)]
    with pytest.raises(JavaScriptError, match="Too many pieces: 41"):
        await funded.ask("add", url=home.service_url, **made.place, cids=cids)


def test_every_limit_is_listed() -> None:
    shown = set(re.findall(r"^async def (test_\w+)", Path(__file__).read_text(), re.MULTILINE))
    listed = set(re.findall(r"`(test_\w+)`", (SOURCES / "README.md").read_text()))
    assert listed == shown
