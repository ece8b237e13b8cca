"""What a payer does: signs commits, uploads pieces, waits for transactions."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx
from eth_account import Account

from devnet.chain.anvil import DEVNET_CHAIN_ID
from vibesflow.filecoin import PieceCid, piece_cid_of
from vibesflow.filecoin.commit_request import PieceToAdd
from vibesflow.filecoin.devnet_info import DevnetInfo
from vibesflow.filecoin.extra_data import (
    add_extra_data,
    create_and_add_extra_data,
    create_extra_data,
    signature_extra_data,
)
from vibesflow.filecoin.signing import (
    add_pieces_digest,
    create_data_set_digest,
    schedule_piece_removals_digest,
    terminate_service_digest,
    warm_storage_domain,
)

JsonObject = dict[str, object]


def random_nonce() -> int:
    return secrets.randbits(256)


@dataclass(frozen=True)
class Payer:
    """Signs for one provider."""

    info: DevnetInfo
    payee: str
    client_data_set_id: int = field(default_factory=random_nonce)

    @property
    def fwss(self) -> str:
        return self.info.info.contracts.fwss_service_proxy_addr

    def create(self) -> bytes:
        digest = create_data_set_digest(
            warm_storage_domain(DEVNET_CHAIN_ID, self.fwss),
            client_data_set_id=self.client_data_set_id,
            payee=self.payee,
            metadata=(),
        )
        owner = self.info.info.users[0].evm_addr
        return create_extra_data(owner, self.client_data_set_id, (), self._sign(digest))

    def add(self, pieces: Sequence[PieceCid], nonce: int | None = None) -> bytes:
        nonce = random_nonce() if nonce is None else nonce
        to_add = [PieceToAdd(piece.text) for piece in pieces]
        digest = add_pieces_digest(
            warm_storage_domain(DEVNET_CHAIN_ID, self.fwss),
            client_data_set_id=self.client_data_set_id,
            nonce=nonce,
            pieces=to_add,
        )
        return add_extra_data(nonce, to_add, self._sign(digest))

    def create_and_add(self, pieces: Sequence[PieceCid]) -> bytes:
        return create_and_add_extra_data(self.create(), self.add(pieces))

    def remove(self, piece_ids: Sequence[int]) -> bytes:
        digest = schedule_piece_removals_digest(
            warm_storage_domain(DEVNET_CHAIN_ID, self.fwss),
            client_data_set_id=self.client_data_set_id,
            piece_ids=piece_ids,
        )
        return signature_extra_data(self._sign(digest))

    def terminate(self, data_set_id: int) -> bytes:
        domain = warm_storage_domain(DEVNET_CHAIN_ID, self.fwss)
        return signature_extra_data(
            self._sign(terminate_service_digest(domain, data_set_id=data_set_id))
        )

    def _sign(self, digest: bytes) -> bytes:
        key = self.info.info.users[0].private_key_hex.get_secret_value()
        return bytes(Account.from_key(key).unsafe_sign_hash(digest).signature)


def entries(pieces: Sequence[PieceCid]) -> list[JsonObject]:
    return [{"pieceCid": one.text, "subPieces": [{"subPieceCid": one.text}]} for one in pieces]


async def upload(http: httpx.AsyncClient, payload: bytes) -> PieceCid:
    opened = await http.post("/pdp/piece/uploads")
    assert opened.status_code == 201
    place = opened.headers["location"]
    sent = await http.put(place, content=payload)
    assert sent.status_code == 204, sent.text
    cid = piece_cid_of(payload)
    finalized = await http.post(place, json={"pieceCid": cid.text})
    assert (finalized.status_code, finalized.content) == (200, b"")
    return cid


async def create_with(http: httpx.AsyncClient, payer: Payer, pieces: Sequence[PieceCid]) -> int:
    """Create a data set with first pieces; returns its id once it is on chain."""
    answer = await http.post(
        "/pdp/data-sets/create-and-add",
        json={
            "recordKeeper": payer.fwss,
            "pieces": entries(pieces),
            "extraData": "0x" + payer.create_and_add(pieces).hex(),
        },
    )
    assert answer.status_code == 201, answer.text
    status = await settled(http, answer.headers["location"])
    assert status["dataSetCreated"] is True
    data_set_id = status["dataSetId"]
    assert isinstance(data_set_id, int)
    return data_set_id


async def add(
    http: httpx.AsyncClient, payer: Payer, data_set_id: int, pieces: Sequence[PieceCid]
) -> httpx.Response:
    body = {"pieces": entries(pieces), "extraData": "0x" + payer.add(pieces).hex()}
    return await http.post(f"/pdp/data-sets/{data_set_id}/pieces", json=body)


async def settled(http: httpx.AsyncClient, place: str) -> JsonObject:
    """Poll a status route until the transaction has landed."""
    for _ in range(200):
        answer = await http.get(place)
        assert answer.status_code == 200, answer.text
        status: JsonObject = answer.json()
        if status["txStatus"] != "pending":
            return status
        await asyncio.sleep(0.05)
    raise AssertionError(f"{place} stays pending")
