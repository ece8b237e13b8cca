"""Pieces that are removed, data sets that end."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.onchain import Onchain
from tests.conformance.steps import (
    LIMIT_S,
    POLL_S,
    commit_of,
    committed,
    stored_many,
    until,
)
from vibesflow.errors import InvalidInput, ProviderRefused
from vibesflow.filecoin import FilecoinClient, ProviderInfo
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.removals import MAX_REMOVALS, PieceState
from vibesflow.filecoin.terminations import Termination


async def ended(client: FilecoinClient, data_set_id: int) -> Termination:
    """Have the provider end a data set, and follow that until the chain has it."""
    async with asyncio.timeout(LIMIT_S):
        seen = await client.terminate(data_set_id)
        while not seen.done:
            await asyncio.sleep(POLL_S)
            seen = await client.poll_termination(seen)
    return seen


async def test_removed_pieces_go_now_or_at_the_next_proving_period(
    client: FilecoinClient, home: ProviderInfo, onchain: Onchain, scope: Metadata
) -> None:
    cids = await stored_many(client, home, 4)
    done = await committed(client, commit_of(home, cids, scope))
    gone, kept = done.piece_ids[:2], done.piece_ids[2:]
    removal = await client.remove_pieces(done.data_set_id, gone)
    assert removal.piece_ids == gone
    assert removal.tx_hash

    async def are_going() -> bool:
        held = await onchain.pieces(done.data_set_id)
        waiting = set(await onchain.scheduled_removals(done.data_set_id))
        return all(cid not in held or set(held[cid]) <= waiting for cid in cids[:2])

    await until(are_going)
    assert set(cids[2:]) <= set(await onchain.pieces(done.data_set_id))
    states = await client.piece_states(done.data_set_id, done.piece_ids)
    assert {states[piece_id] for piece_id in kept} == {PieceState.HELD}
    assert PieceState.HELD not in {states[piece_id] for piece_id in gone}
    again = await client.remove_pieces(done.data_set_id, gone)
    assert (again.piece_ids, again.tx_hash) == ((), "")


async def test_more_than_a_call_may_remove(
    client: FilecoinClient, home: ProviderInfo, scope: Metadata
) -> None:
    done = await committed(client, commit_of(home, await stored_many(client, home, 1), scope))
    with pytest.raises(InvalidInput):
        await client.remove_pieces(done.data_set_id, range(MAX_REMOVALS + 1))


async def test_a_data_set_ends_through_its_provider(
    client: FilecoinClient, home: ProviderInfo, onchain: Onchain, scope: Metadata
) -> None:
    cids = await stored_many(client, home, 2)
    first = await committed(client, commit_of(home, cids[:1], scope))
    try:
        done = await ended(client, first.data_set_id)
    except ProviderRefused as error:
        pytest.skip(f"the provider does not end data sets: {error}")
    view = await onchain.data_set(first.data_set_id)
    assert done.end_epoch == view.end_epoch
    assert 0 < view.end_epoch <= await onchain.block_number()
    assert await ended(client, first.data_set_id) == Termination(first.data_set_id, view.end_epoch)

    again = await committed(client, commit_of(home, cids[1:], scope))
    assert again.data_set_id != first.data_set_id


async def test_a_payer_ends_a_data_set_without_its_provider(
    client: FilecoinClient, home: ProviderInfo, onchain: Onchain, scope: Metadata
) -> None:
    cids = await stored_many(client, home, 2)
    first = await committed(client, commit_of(home, cids[:1], scope))
    done = await client.terminate_directly(first.data_set_id)
    assert done.tx_hash
    view = await onchain.data_set(first.data_set_id)
    assert done.end_epoch == view.end_epoch
    assert view.end_epoch > await onchain.block_number()

    again = await committed(client, commit_of(home, cids[1:], scope))
    assert again.data_set_id != first.data_set_id
