from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3.contract.contract import ContractFunction

from devnet.chain.accounts import deployer
from tests.contracts.stage import FIL, Stage, logs_of

FEE = 5 * FIL


def _registration(
    stage: Stage, keys: list[str], values: list[bytes], payee: str | None = None
) -> ContractFunction:
    return stage.registry.functions.registerProvider(
        payee or stage.payee, "bob", "second", 0, keys, values
    )


@pytest.fixture
def newcomer(stage: Stage) -> LocalAccount:
    account: LocalAccount = Account.create()
    stage.fil_for(account.address)
    return account


def test_provider_with_product(stage: Stage) -> None:
    get = stage.registry.functions.getProviderWithProduct(1, 0)
    number, info, product, values = stage.chain.read(get)
    assert (number, info[0], info[1]) == (1, stage.provider.address, stage.payee)
    assert (info[2], info[4], product[0], product[2]) == ("alice", True, 0, True)
    capability = dict(zip(product[1], values, strict=True))
    assert capability["serviceURL"] == b"http://127.0.0.1:1"
    assert int.from_bytes(capability["minPieceSizeInBytes"]) == 127
    assert int.from_bytes(capability["maxPieceSizeInBytes"]) == 1_065_353_216
    assert capability["paymentTokenAddress"].hex() == stage.places.usdfc[2:].lower()


def test_register_list_and_leave(stage: Stage, newcomer: LocalAccount) -> None:
    read, functions = stage.chain.read, stage.registry.functions
    receipt = stage.chain.send(newcomer, _registration(stage, ["k"], [b"v"]), FEE)
    (event,) = logs_of(stage.registry, "ProviderRegistered", receipt)
    number = event["providerId"]
    assert number == read(functions.getProviderCount())
    assert read(functions.getProviderIdByAddress(newcomer.address)) == number
    assert read(functions.getProviderPayee(number)) == stage.payee
    page = read(functions.getProvidersByProductType(0, True, 0, 50))
    assert [provider[0] for provider in page[0]][-1] == number
    first = read(functions.getProvidersByProductType(0, True, 0, 1))
    assert ([provider[0] for provider in first[0]], first[1]) == ([1], True)

    stage.chain.send(newcomer, functions.removeProvider())
    assert read(functions.isProviderActive(number)) is False
    active = read(functions.getProvidersByProductType(0, True, 0, 50))
    assert number not in [provider[0] for provider in active[0]]
    everybody = read(functions.getProvidersByProductType(0, False, 0, 50))
    assert number in [provider[0] for provider in everybody[0]]
    _, valid = read(functions.getProvidersByIds([1, number, 10**6]))
    assert valid == [True, False, False]


def test_new_address_of_a_provider(stage: Stage, newcomer: LocalAccount) -> None:
    stage.chain.send(newcomer, _registration(stage, ["serviceURL"], [b"http://a"]), FEE)
    update = stage.registry.functions.updateProduct(0, ["serviceURL"], [b"http://b"])
    stage.chain.send(newcomer, update)
    number = stage.chain.read(stage.registry.functions.getProviderIdByAddress(newcomer.address))
    get = stage.registry.functions.getProviderWithProduct(number, 0)
    assert stage.chain.read(get)[3] == [b"http://b"]


@pytest.mark.parametrize(
    ("keys", "values", "value"),
    [
        (["k"], [b"v"], FEE - 1),
        (["k"], [b"v"], FEE + 1),
        (["k"], [], FEE),
        ([], [], FEE),
        ([""], [b"v"], FEE),
        (["k"], [b""], FEE),
        (["k" * 33], [b"v"], FEE),
        (["k"], [b"v" * 129], FEE),
        ([str(n) for n in range(25)], [b"v"] * 25, FEE),
    ],
)
def test_refused(
    stage: Stage, newcomer: LocalAccount, keys: list[str], values: list[bytes], value: int
) -> None:
    call = _registration(stage, keys, values)
    assert stage.selector(call, newcomer.address, value) == "08c379a0"


def test_unknown_provider(stage: Stage) -> None:
    for function in ("getProviderPayee", "isProviderActive"):
        assert stage.selector(stage.registry.functions[function](10**6)) == "08c379a0"
    get = stage.registry.functions.getProviderWithProduct(0, 0)
    with pytest.raises(Exception, match="Provider does not exist"):
        stage.chain.read(get)


def test_approval_and_endorsement(stage: Stage) -> None:
    read, owner = stage.chain.read, deployer().local
    view = stage.view.functions
    assert read(view.getApprovedProviders(0, 101)) == [1]
    stage.chain.send(owner, stage.fwss.functions.addApprovedProvider(77))
    assert read(view.getApprovedProviders(0, 101)) == [1, 77]
    assert read(view.getApprovedProviders(1, 1)) == [77]
    assert read(view.getApprovedProvidersLength()) == 2
    assert stage.selector(stage.fwss.functions.addApprovedProvider(77), owner.address)
    assert stage.selector(stage.fwss.functions.addApprovedProvider(78))
    stage.chain.send(owner, stage.fwss.functions.removeApprovedProvider(77, 1))
    assert read(view.isProviderApproved(77)) is False

    stage.chain.send(owner, stage.endorsements.functions.addProviderId(77))
    assert read(stage.endorsements.functions.getProviderIds()) == [1, 77]
    assert stage.selector(stage.endorsements.functions.addProviderId(78))
    stage.chain.send(owner, stage.endorsements.functions.removeProviderId(77))
    assert read(stage.endorsements.functions.containsProviderId(77)) is False
    assert read(stage.endorsements.functions.containsProviderId(1)) is True


def test_service_names_its_neighbours(stage: Stage) -> None:
    expected = {
        "viewContractAddress": stage.places.state_view,
        "paymentsContractAddress": stage.places.pay,
        "pdpVerifierAddress": stage.places.pdp_verifier,
        "usdfcTokenAddress": stage.places.usdfc,
        "serviceProviderRegistry": stage.places.registry,
        "sessionKeyRegistry": stage.places.session_keys,
    }
    found = {name: stage.chain.read(stage.fwss.functions[name]()) for name in expected}
    assert found == expected


def test_proving_config(stage: Stage) -> None:
    config = stage.chain.read(stage.view.functions.getPDPConfig())
    assert config == [120, 10, 5, stage.epoch + 110]
    assert stage.chain.read(stage.view.functions.provingDeadline(1)) == 0
