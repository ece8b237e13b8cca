"""A second copy at another provider, without sending the bytes twice."""

from __future__ import annotations

import secrets

from tests.conformance.onchain import Onchain
from tests.conformance.steps import commit_of, committed, pulled, read_back, stored
from vibesflow.filecoin import FilecoinClient, ProviderInfo, PullState, piece_cid_of
from vibesflow.filecoin.metadata import Metadata


async def test_a_piece_is_pulled_and_committed_at_both(
    client: FilecoinClient,
    home: ProviderInfo,
    neighbour: ProviderInfo,
    onchain: Onchain,
    scope: Metadata,
) -> None:
    payload = secrets.token_bytes(100_000)
    cid = await stored(client, home, payload)
    there = commit_of(neighbour, [cid], scope)
    states = await pulled(client, there, {cid: client.retrieval_url(home, cid)})
    assert states == {cid: PullState.COMPLETE}

    done = {}
    for provider, request in ((home, commit_of(home, [cid], scope)), (neighbour, there)):
        done[provider.provider_id] = await committed(client, request)
        assert await read_back(client, provider, cid) == payload
    assert len({one.data_set_id for one in done.values()}) == 2
    for provider_id, one in done.items():
        assert (await onchain.data_set(one.data_set_id)).provider_id == provider_id
        assert await onchain.pieces(one.data_set_id) == {cid: [one.piece_ids[0]]}


async def test_the_next_piece_is_pulled_into_the_same_data_set(
    client: FilecoinClient, home: ProviderInfo, neighbour: ProviderInfo, scope: Metadata
) -> None:
    data_set_ids = set()
    for _ in range(2):
        cid = await stored(client, home, secrets.token_bytes(500))
        request = commit_of(neighbour, [cid], scope)
        await pulled(client, request, {cid: client.retrieval_url(home, cid)})
        data_set_ids.add((await committed(client, request)).data_set_id)
    assert len(data_set_ids) == 1


async def test_a_piece_that_is_not_there_does_not_hinder_the_others(
    client: FilecoinClient, home: ProviderInfo, neighbour: ProviderInfo, scope: Metadata
) -> None:
    cid = await stored(client, home, secrets.token_bytes(500))
    missing = piece_cid_of(secrets.token_bytes(500)).text
    sources = {one: client.retrieval_url(home, one) for one in (cid, missing)}
    states = await pulled(client, commit_of(neighbour, [cid, missing], scope), sources)
    assert states == {cid: PullState.COMPLETE, missing: PullState.FAILED}
