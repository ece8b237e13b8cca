"""A fresh node becomes an Onchain Cloud network, once."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devnet.chain import accounts, contracts, rpc
from devnet.chain.contracts import addresses
from devnet.chain.deploy import DEPOSIT, deploy
from devnet.chain.funding import WITHOUT_LIMIT
from devnet.chain.node import ChainNode
from devnet.chain.providers import ProviderSpec
from devnet.chain.transactions import Chain
from vibesflow.errors import ChainDown, ChainFault

FIRST = ProviderSpec("first", "http://127.0.0.1:5801", accounts.provider_account(1).private_key)
SECOND = ProviderSpec(
    "second",
    "http://127.0.0.1:5802",
    accounts.provider_account(2).private_key,
    approved=True,
    endorsed=False,
)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ChainNode]:
    with ChainNode(log=tmp_path / "node.log") as started:
        yield started


def _service_url(node: ChainNode, provider_id: int) -> bytes:
    chain = Chain(node.rpc_url)
    registry = chain.contract("ServiceProviderRegistry", addresses().registry)
    _, _, product, values = chain.read(registry.functions.getProviderWithProduct(provider_id, 0))
    return dict(zip(product[1], values, strict=True))["serviceURL"]


def test_export_has_the_public_shape(node: ChainNode, tmp_path: Path) -> None:
    out = tmp_path / "devnet.json"
    deploy(node.rpc_url, [FIRST, SECOND], out)
    export = json.loads(out.read_text())
    assert export["version"] == 2
    info = export["info"]
    assert set(info["contracts"]) == {
        "multicall3_addr",
        "mockusdfc_addr",
        "fwss_service_proxy_addr",
        "fwss_state_view_addr",
        "fwss_impl_addr",
        "pdp_verifier_proxy_addr",
        "pdp_verifier_impl_addr",
        "service_provider_registry_proxy_addr",
        "service_provider_registry_impl_addr",
        "filecoin_pay_v1_addr",
        "endorsements_addr",
        "session_key_registry_addr",
    }
    assert info["lotus"]["host_rpc_url"] == node.rpc_url
    assert info["users"][0]["evm_addr"] == accounts.payer().address
    assert info["users"][0]["private_key_hex"] == accounts.payer().private_key
    first, second = info["pdp_sps"]
    assert (first["provider_id"], first["is_approved"], first["is_endorsed"]) == (1, True, True)
    assert (second["provider_id"], second["is_approved"], second["is_endorsed"]) == (2, True, False)
    assert second["pdp_service_url"] == SECOND.service_url
    assert second["eth_addr"] == accounts.provider_account(2).address
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_every_address_has_code(node: ChainNode, tmp_path: Path) -> None:
    info = deploy(node.rpc_url, [], tmp_path / "devnet.json")
    for address in info.info.contracts.model_dump().values():
        assert len(str(rpc.call(node.rpc_url, "eth_getCode", address, "latest"))) > 100
    assert info.info.contracts.multicall3_addr == contracts.MULTICALL3


def test_payer_can_store_at_once(node: ChainNode, tmp_path: Path) -> None:
    deploy(node.rpc_url, [], tmp_path / "devnet.json")
    chain, places, owner = Chain(node.rpc_url), addresses(), accounts.payer().address
    pay = chain.contract("FilecoinPayV1", places.pay)
    info = chain.read(pay.functions.getAccountInfoIfSettled(places.usdfc, owner))
    assert info[1:] == [DEPOSIT, DEPOSIT, 0]
    approval = chain.read(pay.functions.operatorApprovals(places.usdfc, owner, places.fwss))
    assert approval == [True, WITHOUT_LIMIT, WITHOUT_LIMIT, 0, 0, 86_400]


def test_again_changes_nothing(node: ChainNode, tmp_path: Path) -> None:
    out = tmp_path / "devnet.json"
    first = deploy(node.rpc_url, [FIRST, SECOND], out)
    head = rpc.call(node.rpc_url, "eth_blockNumber")
    assert deploy(node.rpc_url, [FIRST, SECOND], out) == first
    assert rpc.call(node.rpc_url, "eth_blockNumber") == head


def test_moved_provider_is_brought_up_to_date(node: ChainNode, tmp_path: Path) -> None:
    out = tmp_path / "devnet.json"
    deploy(node.rpc_url, [FIRST], out)
    assert _service_url(node, 1) == FIRST.service_url.encode()
    moved = replace(FIRST, service_url="http://127.0.0.1:15801")
    info = deploy(node.rpc_url, [moved], out)
    assert _service_url(node, 1) == b"http://127.0.0.1:15801"
    assert info.info.pdp_sps[0].pdp_service_url == "http://127.0.0.1:15801"


def test_half_a_deployment_is_finished(
    node: ChainNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(node.rpc_url)
    send = chain.deploy

    def deploy_three(sender, name: str, *arguments: object) -> str:
        if name == "ServiceProviderRegistry":
            raise ChainDown("the node went away")
        return send(sender, name, *arguments)

    monkeypatch.setattr(chain, "deploy", deploy_three)
    with pytest.raises(ChainDown):
        contracts.deploy_contracts(chain)
    info = deploy(node.rpc_url, [FIRST], tmp_path / "devnet.json")
    assert info.info.contracts.fwss_service_proxy_addr == addresses().fwss
    assert _service_url(node, 1) == FIRST.service_url.encode()


def test_other_contracts_are_not_overwritten(
    node: ChainNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(node.rpc_url, [], tmp_path / "devnet.json")
    monkeypatch.setattr(contracts, "fingerprint", lambda: "ab" * 32)
    with pytest.raises(ChainFault, match="remove its data folder"):
        deploy(node.rpc_url, [], tmp_path / "devnet.json")


def test_several_payers_and_an_empty_one(node: ChainNode, tmp_path: Path) -> None:
    users = [accounts.payer(), accounts.dev_account(2, "USER_2")]
    info = deploy(node.rpc_url, [], tmp_path / "devnet.json", users=users, deposit=0)
    assert [user.name for user in info.info.users] == ["USER_1", "USER_2"]
    chain, places = Chain(node.rpc_url), addresses()
    pay = chain.contract("FilecoinPayV1", places.pay)
    for user in users:
        account = pay.functions.getAccountInfoIfSettled(places.usdfc, user.address)
        assert chain.read(account)[1] == 0


def test_an_empty_wallet_has_its_money_outside_and_gets_it_once(
    node: ChainNode, tmp_path: Path
) -> None:
    deploy(node.rpc_url, [], tmp_path / "devnet.json", empty_wallet=True)
    chain, places, owner = Chain(node.rpc_url), addresses(), accounts.payer().address
    pay = chain.contract("FilecoinPayV1", places.pay)
    token = chain.contract("MockUSDFC", places.usdfc)
    assert chain.read(token.functions.balanceOf(owner)) == DEPOSIT
    assert chain.read(pay.functions.accounts(places.usdfc, owner)) == [0, 0, 0, 0]
    approval = chain.read(pay.functions.operatorApprovals(places.usdfc, owner, places.fwss))
    assert approval == [False, 0, 0, 0, 0, 0]
    head = rpc.call(node.rpc_url, "eth_blockNumber")
    deploy(node.rpc_url, [], tmp_path / "devnet.json", empty_wallet=True)
    assert rpc.call(node.rpc_url, "eth_blockNumber") == head


def test_a_node_that_is_down_is_said_so(tmp_path: Path) -> None:
    gone = ChainNode(log=tmp_path / "unused")
    with pytest.raises(ChainDown):
        deploy(gone.rpc_url, [], tmp_path / "devnet.json")


def test_keys_do_not_print() -> None:
    assert FIRST.private_key not in repr(FIRST)
