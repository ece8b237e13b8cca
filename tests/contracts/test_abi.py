"""Names, arguments and layouts are the public network's: selectors and topics do not lie."""

from __future__ import annotations

import pytest
from eth_utils.abi import (
    abi_to_signature,
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
)

from devnet.chain.artifacts import artifact

PAY, PDP = "FilecoinPayV1", "PDPVerifier"
FWSS, VIEW = "FilecoinWarmStorageService", "FilecoinWarmStorageServiceStateView"

CALLS = {
    (PDP, "createDataSet(address,bytes)"): "bbae41cb",
    (PDP, "addPieces(uint256,address,(bytes)[],bytes)"): "9afd37f2",
    (PDP, "schedulePieceDeletions(uint256,uint256[],bytes)"): "0c292024",
    (PDP, "FIL_CLEANUP_DEPOSIT()"): "56cba7ea",
    (FWSS, "terminateService(uint256)"): "b997a71e",
    (FWSS, "terminateService(uint256,bytes)"): "d0e3c954",
    (FWSS, "viewContractAddress()"): "7a9ebc15",
    (VIEW, "getPriceList()"): "b7029144",
    (VIEW, "getDataSet(uint256)"): "bdaac056",
    (VIEW, "getClientDataSets(address,uint256,uint256)"): "3208aa1f",
    (VIEW, "clientNonces(address,uint256)"): "35b0e3f4",
    (
        PAY,
        "depositWithPermitAndApproveOperator(address,address,uint256,uint256,uint8,bytes32,"
        "bytes32,address,uint256,uint256,uint256)",
    ): "7218b707",
    (
        PAY,
        "depositWithPermit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    ): "8ef59739",
    (PAY, "deposit(address,address,uint256)"): "8340f549",
    (PAY, "setOperatorApproval(address,address,bool,uint256,uint256,uint256)"): "875bc8b6",
    ("Multicall3", "aggregate3((address,bool,bytes)[])"): "82ad56cb",
}

TOPICS = {
    (PDP, "DataSetCreated"): "11369440e1b7135015c16acb9bc14b55b0f4b23b02010c363d34aec2e5b96281",
    (PDP, "PiecesAdded"): "396df50222a87662e94bb7d173792d5e61fe0b193b6ccf791f7ce433f0b28207",
    (PDP, "PiecesRemoved"): "6e87df804629ac17804b57ba7abbdfac8bdc36bab504fb8a8801eb313a8ce7b1",
    (FWSS, "DataSetCreated"): "c90cb3863281dc6e2e16e74064ed2e0ab91144ccfe5c3492b8c33f58fe90d0db",
    (FWSS, "PieceAdded"): "e919e037e2ba38e953115496aafcfc43555ef39f79c2f5f996608a78628eabd7",
    (
        FWSS,
        "PDPPaymentTerminated",
    ): "15371708a8f4745aad266e85741738fc10741627fcc63fd79f29843c59bb3eaf",
    (FWSS, "ServiceTerminated"): "10c867634d8e51bbfd5ddd2e06b4f4a97a91274488ee3afbe1e146aa79e85293",
    (PAY, "DepositRecorded"): "0dc0013c9d314fc3894bafe429b311ffbd18598c3d159a5a0e31225215db94a7",
    (
        PAY,
        "OperatorApprovalUpdated",
    ): "9f4ee4f42b9fb561fb251246fa9cabfe12aeed51f1c615a17f34e5c0575b4fc8",
    (PAY, "RailCreated"): "b9f4f448b1c10a427fd0df9553b65fbd49cea0137977ce50f8deb47864b4754f",
}

INDEXED = {
    (PDP, "DataSetCreated"): 2,
    (PDP, "PiecesAdded"): 1,
    (PDP, "PiecesRemoved"): 1,
    (FWSS, "DataSetCreated"): 2,
    (FWSS, "PieceAdded"): 2,
    (FWSS, "PDPPaymentTerminated"): 1,
    (FWSS, "ServiceTerminated"): 2,
    (PAY, "DepositRecorded"): 3,
    (PAY, "OperatorApprovalUpdated"): 3,
    (PAY, "RailCreated"): 3,
}

ERRORS = {
    (FWSS, "InvalidSignature"): "42d750dc",
    (FWSS, "ClientDataSetAlreadyRegistered"): "db94c961",
    (FWSS, "InsufficientLockupFunds"): "dae03403",
    (FWSS, "OperatorNotApproved"): "eef23db6",
    (FWSS, "InsufficientRateAllowance"): "3a66032e",
    (FWSS, "InsufficientLockupAllowance"): "dfca894c",
    (FWSS, "InsufficientMaxLockupPeriod"): "591b6546",
    (FWSS, "ProviderNotRegistered"): "232cb27a",
    (FWSS, "DataSetPaymentAlreadyTerminated"): "211a40c0",
    (FWSS, "InvalidDataSetId"): "cba16d8c",
    (FWSS, "TooManyMetadataKeys"): "d516067a",
    (FWSS, "MetadataKeyExceedsMaxLength"): "d307879f",
    (FWSS, "MetadataValueExceedsMaxLength"): "9a16e82a",
    (FWSS, "DuplicateMetadataKey"): "ca210722",
    (FWSS, "ExtraDataTooLarge"): "a9255222",
    (PAY, "OperatorRateAllowanceExceeded"): "6c577bf9",
    (PAY, "OperatorLockupAllowanceExceeded"): "8dcd0606",
    (PAY, "InsufficientUnlockedFunds"): "e610210c",
    (PAY, "LockupFixedIncreaseNotAllowedDueToInsufficientFunds"): "249e1b0e",
    (PDP, "DataSetNotLive"): "5d946944",
    (PDP, "CleanupDepositRequired"): "6cd8170b",
    (PDP, "IndexedError"): "c7b67cf3",
}


def _entries(contract: str, kind: str) -> list[dict]:
    return [dict(entry) for entry in artifact(contract).abi if entry["type"] == kind]


@pytest.mark.parametrize(("where", "selector"), CALLS.items())
def test_call_selectors(where: tuple[str, str], selector: str) -> None:
    contract, signature = where
    found = {abi_to_signature(entry): entry for entry in _entries(contract, "function")}
    assert function_abi_to_4byte_selector(found[signature]).hex() == selector


@pytest.mark.parametrize(("where", "topic"), TOPICS.items())
def test_event_topics(where: tuple[str, str], topic: str) -> None:
    contract, name = where
    (event,) = (entry for entry in _entries(contract, "event") if entry["name"] == name)
    assert event_abi_to_log_topic(event).hex() == topic
    indexed = [field["indexed"] for field in event["inputs"]]
    assert indexed == sorted(indexed, reverse=True)
    assert sum(indexed) == INDEXED[where]


@pytest.mark.parametrize(("where", "selector"), ERRORS.items())
def test_error_selectors(where: tuple[str, str], selector: str) -> None:
    contract, name = where
    (error,) = (entry for entry in _entries(contract, "error") if entry["name"] == name)
    assert function_abi_to_4byte_selector({**error, "type": "function"}).hex() == selector


def test_data_set_view_has_thirteen_words() -> None:
    (get,) = (e for e in _entries(VIEW, "function") if e["name"] == "getDataSet")
    fields = [(part["name"], part["type"]) for part in get["outputs"][0]["components"]]
    assert fields == [
        ("pdpRailId", "uint256"),
        ("cacheMissRailId", "uint256"),
        ("cdnRailId", "uint256"),
        ("payer", "address"),
        ("payee", "address"),
        ("serviceProvider", "address"),
        ("commissionBps", "uint256"),
        ("clientDataSetId", "uint256"),
        ("pdpEndEpoch", "uint256"),
        ("providerId", "uint256"),
        ("pendingOneTimePayments", "uint96"),
        ("lifecycleReserveBalance", "uint96"),
        ("dataSetId", "uint256"),
    ]
