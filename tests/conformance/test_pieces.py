"""Pieces from the payload to the chain and back."""

from __future__ import annotations

import secrets

import pytest

from tests.conformance.bank import Payer
from tests.conformance.onchain import Onchain
from tests.conformance.steps import commit_of, committed, read_back, stored, stored_many
from tests.conformance.subject import SOURCE
from vibesflow.errors import InvalidInput, PieceNotFound
from vibesflow.filecoin import (
    MAX_COMMIT_PIECES,
    CommitRequest,
    FilecoinClient,
    PieceToAdd,
    ProviderInfo,
    piece_cid_of,
)
from vibesflow.filecoin.metadata import Metadata


async def test_the_first_commit_creates_a_data_set_and_the_next_one_uses_it(
    client: FilecoinClient, home: ProviderInfo, onchain: Onchain, payer: Payer, scope: Metadata
) -> None:
    cids = await stored_many(client, home, 2)
    first = await committed(client, commit_of(home, cids[:1], scope))
    second = await committed(client, commit_of(home, cids[1:], scope))
    assert second.data_set_id == first.data_set_id

    found = await onchain.data_set(first.data_set_id)
    assert (found.payer, found.provider_id) == (payer.address, home.provider_id)
    assert (found.payee, found.service_provider) == (home.payee, home.address)
    assert found.end_epoch == 0
    assert await onchain.data_set_metadata(first.data_set_id) == {"source": SOURCE, **dict(scope)}
    ids = dict(zip(cids, (*first.piece_ids, *second.piece_ids), strict=True))
    assert await onchain.pieces(first.data_set_id) == {cid: [ids[cid]] for cid in cids}


async def test_forty_pieces_in_one_commit(
    client: FilecoinClient, home: ProviderInfo, onchain: Onchain, scope: Metadata
) -> None:
    cids = await stored_many(client, home, MAX_COMMIT_PIECES)
    done = await committed(client, commit_of(home, cids, scope))
    assert done.piece_ids == tuple(range(MAX_COMMIT_PIECES))
    held = await onchain.pieces(done.data_set_id)
    assert held == {cid: [piece_id] for piece_id, cid in enumerate(cids)}
    with pytest.raises(InvalidInput):
        commit_of(home, [*cids, piece_cid_of(b"one more" * 16).text], scope)


async def test_the_same_request_adds_once(
    client: FilecoinClient, home: ProviderInfo, onchain: Onchain, scope: Metadata
) -> None:
    cids = await stored_many(client, home, 2)
    request = commit_of(home, cids, scope)
    assert await client.look(request) is None
    first = await committed(client, request)
    again = await committed(client, request)
    assert (again.data_set_id, again.piece_ids) == (first.data_set_id, first.piece_ids)
    assert await client.look(request)
    assert sorted(await onchain.pieces(first.data_set_id)) == sorted(cids)


async def test_a_piece_that_the_data_set_holds_is_not_added_again(
    client: FilecoinClient, home: ProviderInfo, onchain: Onchain, scope: Metadata
) -> None:
    cids = await stored_many(client, home, 2)
    first = await committed(client, commit_of(home, cids[:1], scope))
    second = await committed(client, commit_of(home, [*cids, cids[1]], scope))
    assert second.piece_ids[0] == first.piece_ids[0]
    assert second.piece_ids[1] == second.piece_ids[2]
    held = await onchain.pieces(first.data_set_id)
    assert {cid: len(ids) for cid, ids in held.items()} == dict.fromkeys(cids, 1)


async def test_metadata_are_kept_with_a_piece(
    client: FilecoinClient, home: ProviderInfo, onchain: Onchain, scope: Metadata
) -> None:
    (cid,) = await stored_many(client, home, 1)
    pairs = (("rta", "Łódź ☂"), ("order", "000017"), ("longest", "x" * 96))
    request = CommitRequest(
        home.provider_id, secrets.randbits(256), (PieceToAdd(cid, pairs),), scope
    )
    done = await committed(client, request)
    assert await onchain.piece_metadata(done.data_set_id, done.piece_ids[0]) == dict(pairs)


@pytest.mark.parametrize("size", [127, 128, 1_000, 1_016, 65_535, 1_048_579])
async def test_what_was_stored_is_read_back(
    client: FilecoinClient, home: ProviderInfo, size: int
) -> None:
    payload = secrets.token_bytes(size)
    cid = await stored(client, home, payload)
    assert cid == piece_cid_of(payload).text
    assert await read_back(client, home, cid) == payload


async def test_a_piece_that_nobody_stored(client: FilecoinClient, home: ProviderInfo) -> None:
    cid = piece_cid_of(secrets.token_bytes(300)).text
    assert not await client.is_ready(home, cid)
    with pytest.raises(PieceNotFound):
        await read_back(client, home, cid)
