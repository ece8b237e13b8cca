"""What wallets sign for the calibration network, verified by our code put at its addresses.

Digests and signatures were made by independent implementations (the public JS SDK and
eth-account), for the key of 32 bytes of 0x01.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

from devnet.chain import rpc
from devnet.chain.accounts import provider_account
from devnet.chain.contracts import addresses
from devnet.chain.deploy import deploy
from devnet.chain.funding import WITHOUT_LIMIT, fund
from devnet.chain.node import ChainNode
from devnet.chain.providers import ProviderSpec
from devnet.chain.transactions import Chain
from tests.contracts.stage import CLEANUP_DEPOSIT, USDFC, Stage, logs_of, some_cids
from tests.filecoin.piece_vectors import ramp, zeros
from vibesflow.filecoin import piece_cid_of

CALIBRATION = 314_159
FWSS = "0x02925630df557F957f70E112bA06e50965417CA0"
TOKEN = "0xb3042734b608a1B16e9e86B374A3f3e389B4cDf0"
PAY = "0x09a0fDc2723fAd1A7b8e3e00eE5DF73841df55a0"
PAYER_KEY = b"\x01" * 32
PAYEE = "0x" + "22" * 20
CREATE_SIGNATURE = (
    "f00b21d88a780c569475ee1cb76c43a7703a39162b22be70f81af8e7395107e744f3674e4d7efba77548ae89b7d55"
    "9abe222506b89420c5ab6a21eef55c7ee5e1c"
)
ADD_SIGNATURE = (
    "95b9f012cce6c329284f647fa4b63c0a8d22ce208dea7cc338373fbc64e4bf6c6a983d5a34d1540cb7d1175b4f4f2"
    "1909b96bcd41859513bf345efa095e383de1b"
)
BOTH_SHA256 = "816218be00dbcc7f24dac575eb6ece3c068bb92b0b973bf361b74318afde366b"
REMOVALS_DIGEST = "8363c34b38d31b980e194c0789dd47956a8933693a2601478a636df566717cd3"
TERMINATE_DIGEST = "30713356b4bb249d7df415fb18f8e5a66794f6e389bcb5c496e43125beefda8f"
PERMIT_DIGEST = "4eaf55fbd3902e53edc7a77ff551d2997d6d4be431bf592c1c91c739ca99a961"
CLIENT_ID, NONCE, DATA_SET_ID, DEADLINE = 7, 9, 42, 1_900_000_000


@pytest.fixture(scope="module")
def payer() -> LocalAccount:
    account: LocalAccount = Account.from_key(PAYER_KEY)
    return account


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory, payer: LocalAccount) -> Iterator[Stage]:
    """Our contracts on a chain that calls itself calibration; two of them at its addresses."""
    folder: Path = tmp_path_factory.mktemp("calibration")
    spec = ProviderSpec("sp", "http://sp", provider_account(1).private_key, payee=PAYEE)
    with ChainNode(log=folder / "node.log", chain_id=CALIBRATION) as node:
        deploy(node.rpc_url, [spec], folder / "devnet.json", users=[])
        stage = Stage(Chain(node.rpc_url), addresses(), spec.account, PAYEE)
        _copy_code(stage, stage.places.fwss, FWSS)
        _copy_code(stage, stage.places.usdfc, TOKEN)
        fund(stage.chain, stage.places, payer.key.to_0x_hex(), 100 * USDFC)
        approve = stage.pay.functions.setOperatorApproval(
            stage.places.usdfc, FWSS, True, WITHOUT_LIMIT, WITHOUT_LIMIT, 86_400
        )
        stage.chain.send(payer, approve)
        yield stage


def _copy_code(stage: Stage, source: str, target: str) -> None:
    code = stage.chain.web3.eth.get_code(Web3.to_checksum_address(source))
    rpc.call(stage.chain.rpc_url, "anvil_setCode", target, code.to_0x_hex())


def _count_data_sets_from(stage: Stage, number: int) -> None:
    slot, word = hex(0), "0x" + (number - 1).to_bytes(32).hex()
    rpc.call(stage.chain.rpc_url, "anvil_setStorageAt", stage.places.pdp_verifier, slot, word)


def test_signed_by_others_accepted_by_us(calibration: Stage, payer: LocalAccount) -> None:
    cids = [piece_cid_of(zeros(127)).to_bytes(), piece_cid_of(ramp(128)).to_bytes()]
    create = encode(
        ["address", "uint256", "string[]", "string[]", "bytes"],
        [
            payer.address,
            CLIENT_ID,
            ["source", "withCDN"],
            ["my-app", ""],
            bytes.fromhex(CREATE_SIGNATURE),
        ],
    )
    add = encode(
        ["uint256", "string[][]", "string[][]", "bytes"],
        [NONCE, [["name"], []], [["a"], []], bytes.fromhex(ADD_SIGNATURE)],
    )
    both = encode(["bytes", "bytes"], [create, add])
    assert hashlib.sha256(both).hexdigest() == BOTH_SHA256

    _count_data_sets_from(calibration, DATA_SET_ID)
    pieces = [(cid,) for cid in cids]
    call = calibration.pdp.functions.addPieces(0, FWSS, pieces, both)
    receipt = calibration.chain.send(calibration.provider, call, CLEANUP_DEPOSIT)
    (created,) = logs_of(calibration.pdp, "DataSetCreated", receipt)
    assert created["setId"] == DATA_SET_ID

    _remove_zero_and_three(calibration, payer)
    _terminate(calibration, payer)


def _remove_zero_and_three(stage: Stage, payer: LocalAccount) -> None:
    cids = some_cids(2)
    stage.pen = type(stage.pen)(CALIBRATION, FWSS)
    blob = stage.add_blob(payer, cids, client_id=CLIENT_ID, nonce=10)
    stage.chain.send(stage.provider, stage.add_call(DATA_SET_ID, cids, blob))
    signature = payer.unsafe_sign_hash(bytes.fromhex(REMOVALS_DIGEST)).signature
    removal = stage.pdp.functions.schedulePieceDeletions(
        DATA_SET_ID, [0, 3], encode(["bytes"], [bytes(signature)])
    )
    stage.chain.send(stage.provider, removal)


def _terminate(stage: Stage, payer: LocalAccount) -> None:
    fwss = stage.chain.contract("FilecoinWarmStorageService", FWSS)
    signature = payer.unsafe_sign_hash(bytes.fromhex(TERMINATE_DIGEST)).signature
    end = fwss.functions.terminateService(DATA_SET_ID, encode(["bytes"], [bytes(signature)]))
    receipt = stage.chain.send(stage.provider, end)
    assert logs_of(fwss, "ServiceTerminated", receipt)[0]["approver"] == payer.address


def test_permit_of_the_calibration_token(calibration: Stage, payer: LocalAccount) -> None:
    token = calibration.chain.contract("MockUSDFC", TOKEN)
    signed = payer.unsafe_sign_hash(bytes.fromhex(PERMIT_DIGEST))
    r, s = signed.r.to_bytes(32), signed.s.to_bytes(32)
    permit = token.functions.permit(payer.address, PAY, USDFC, DEADLINE, signed.v, r, s)
    calibration.chain.send(calibration.provider, permit)
    assert calibration.chain.read(token.functions.allowance(payer.address, PAY)) == USDFC
    assert calibration.selector(permit)
