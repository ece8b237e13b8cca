from __future__ import annotations

import time

from eth_abi.abi import decode, encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from tests.contracts.stage import (
    CLEANUP_DEPOSIT,
    Stage,
    random_uint,
    some_cids,
)

ADD_PIECES_PERMISSION = bytes.fromhex(
    "954bdc254591a7eab1b73f03842464d9283a08352772737094d710a4428fd183"
)
CREATE_PERMISSION = bytes.fromhex(
    "25ebf20299107c91b4624d5bac3a16d32cabf0db23b450ee09ab7732983b1dc9"
)


def test_nonces_tell_what_landed(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(2))
    use = stage.view.functions.clientNonces
    assert stage.chain.read(use(payer.address, data_set.client_id)) == data_set.id
    nonce = random_uint()
    assert stage.chain.read(use(payer.address, nonce)) == 0
    cids = some_cids(3)
    blob = stage.add_blob(payer, cids, client_id=data_set.client_id, nonce=nonce)
    stage.chain.send(stage.provider, stage.add_call(data_set.id, cids, blob))
    assert stage.chain.read(use(payer.address, nonce)) == 5 << 128 | data_set.id
    assert stage.selector(stage.add_call(data_set.id, cids, blob)) == "db94c961"


def test_a_create_id_is_a_nonce_too(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    cids = some_cids(1)
    blob = stage.add_blob(payer, cids, client_id=data_set.client_id, nonce=data_set.client_id)
    assert stage.selector(stage.add_call(data_set.id, cids, blob)) == "db94c961"
    again = stage.create_blob(payer, client_id=data_set.client_id)
    create = stage.pdp.functions.createDataSet(stage.places.fwss, again)
    assert stage.selector(create, value=CLEANUP_DEPOSIT) == "db94c961"


def test_wrong_signer_is_named(stage: Stage, payer: LocalAccount) -> None:
    stranger = Account.create()
    blob = stage.create_blob(payer, client_id=random_uint(), key=stranger)
    create = stage.pdp.functions.createDataSet(stage.places.fwss, blob)
    assert stage.selector(create, value=CLEANUP_DEPOSIT) == "42d750dc"
    data_set = stage.create_and_add(payer, some_cids(1))
    cids = some_cids(1)
    add = stage.add_blob(stranger, cids, client_id=data_set.client_id, nonce=random_uint())
    assert stage.selector(stage.add_call(data_set.id, cids, add)) == "42d750dc"


def test_signature_covers_metadata_and_pieces(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    cids = some_cids(1)
    blob = stage.add_blob(payer, cids, client_id=data_set.client_id, nonce=random_uint())
    assert stage.selector(stage.add_call(data_set.id, some_cids(1), blob)) == "42d750dc"
    nonce, _, _, signature = decode(["uint256", "string[][]", "string[][]", "bytes"], blob)
    forged = encode(
        ["uint256", "string[][]", "string[][]", "bytes"], [nonce, [["k"]], [["v"]], signature]
    )
    assert stage.selector(stage.add_call(data_set.id, cids, forged)) == "42d750dc"


def test_v_may_be_zero_or_one(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(payer, some_cids(1))
    signature = bytearray(stage.pen.remove(payer, data_set.client_id, [0]))
    signature[64] -= 27
    call = stage.pdp.functions.schedulePieceDeletions(
        data_set.id, [0], encode(["bytes"], [bytes(signature)])
    )
    stage.chain.send(stage.provider, call)


def test_session_key_until_it_expires(stage: Stage, payer: LocalAccount) -> None:
    session = Account.create()
    data_set = stage.create_and_add(payer, some_cids(1))
    cids = some_cids(1)
    blob = stage.add_blob(session, cids, client_id=data_set.client_id, nonce=random_uint())
    call = stage.add_call(data_set.id, cids, blob)
    assert stage.selector(call) == "42d750dc"

    hour = int(time.time()) + 3600
    login = stage.sessions.functions.login
    stage.chain.send(payer, login(session.address, hour, [CREATE_PERMISSION], "test"))
    assert stage.selector(call) == "42d750dc"
    stage.chain.send(payer, login(session.address, hour, [ADD_PIECES_PERMISSION], "test"))
    expiry = stage.sessions.functions.authorizationExpiry(
        payer.address, session.address, ADD_PIECES_PERMISSION
    )
    assert stage.chain.read(expiry) == hour
    stage.chain.send(stage.provider, call)

    revoke = stage.sessions.functions.revoke(session.address, [ADD_PIECES_PERMISSION], "test")
    stage.chain.send(payer, revoke)
    late = stage.add_blob(session, cids, client_id=data_set.client_id, nonce=random_uint())
    assert stage.selector(stage.add_call(data_set.id, cids, late)) == "42d750dc"


def test_permissions_are_the_type_hashes() -> None:
    entry = "MetadataEntry(string key,string value)"
    create = "CreateDataSet(uint256 clientDataSetId,address payee,MetadataEntry[] metadata)"
    assert keccak(text=create + entry) == CREATE_PERMISSION
