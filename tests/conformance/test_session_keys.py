"""A key that signs for a payer for a while, and has no money of its own."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator

import pytest
from eth_account import Account

from tests.conformance.bank import Payer
from tests.conformance.onchain import Onchain
from tests.conformance.steps import commit_of, committed, stored_many
from tests.conformance.subject import SOURCE, Subject
from vibesflow.errors import SessionKeyUnauthorized, SettingsInvalid
from vibesflow.filecoin import FilecoinClient, ProviderInfo
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.permissions import UPLOADING, Permission

HOUR_S = 3_600
DAY_BLOCKS = 2_880


@pytest.fixture
def key() -> bytes:
    return secrets.token_bytes(32)


@pytest.fixture
async def delegate(subject: Subject, payer: Payer, key: bytes) -> AsyncIterator[FilecoinClient]:
    """A client that has the session key and knows the payer's address alone."""
    async with await subject.open_delegated(key, payer.address) as opened:
        yield opened


async def authorize(client: FilecoinClient, key: bytes) -> int:
    expires_s = int(time.time()) + HOUR_S
    address = str(Account.from_key(key).address)
    await client.session_keys.authorize(address, UPLOADING, expires_s=expires_s, origin=SOURCE)
    return expires_s


async def test_an_authorized_key_commits_for_the_payer(
    client: FilecoinClient,
    delegate: FilecoinClient,
    key: bytes,
    home: ProviderInfo,
    onchain: Onchain,
    payer: Payer,
    scope: Metadata,
) -> None:
    expires_s = await authorize(client, key)
    address = str(Account.from_key(key).address)
    found = await client.session_keys.find(address)
    assert {one for one in Permission if found.expires_s[one] == expires_s} == set(UPLOADING)
    assert address in [one.address for one in await client.session_keys.updated_within(DAY_BLOCKS)]

    assert delegate.payer == payer.address
    cids = await stored_many(delegate, home, 2)
    first = await committed(delegate, commit_of(home, cids[:1], scope))
    assert (await onchain.data_set(first.data_set_id)).payer == payer.address
    second = await committed(client, commit_of(home, cids[1:], scope))
    assert second.data_set_id == first.data_set_id


async def test_it_may_do_nothing_else(
    client: FilecoinClient,
    delegate: FilecoinClient,
    key: bytes,
    home: ProviderInfo,
    scope: Metadata,
) -> None:
    await authorize(client, key)
    done = await committed(delegate, commit_of(home, await stored_many(delegate, home, 1), scope))
    with pytest.raises(SessionKeyUnauthorized):
        await delegate.remove_pieces(done.data_set_id, done.piece_ids)
    with pytest.raises(SessionKeyUnauthorized):
        await delegate.terminate(done.data_set_id)
    with pytest.raises(SettingsInvalid):
        await delegate.fund(1)


async def test_a_key_that_nobody_authorized(
    delegate: FilecoinClient, home: ProviderInfo, scope: Metadata
) -> None:
    cids = await stored_many(delegate, home, 1)
    with pytest.raises(SessionKeyUnauthorized):
        await delegate.submit(commit_of(home, cids, scope))


async def test_a_revoked_key_is_refused(
    client: FilecoinClient,
    delegate: FilecoinClient,
    key: bytes,
    home: ProviderInfo,
    scope: Metadata,
) -> None:
    await authorize(client, key)
    cids = await stored_many(delegate, home, 2)
    await committed(delegate, commit_of(home, cids[:1], scope))
    address = str(Account.from_key(key).address)
    await client.session_keys.revoke(address, UPLOADING, origin=SOURCE)
    with pytest.raises(SessionKeyUnauthorized):
        await delegate.submit(commit_of(home, cids[1:], scope))
