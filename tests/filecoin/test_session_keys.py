"""Session keys on a real chain: authorized, used, refused, revoked."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from eth_account.signers.local import LocalAccount

from tests.filecoin.onchain import Onchain
from tests.filecoin.signing_vectors import TYPE_HASHES
from tests.filecoin.steps import committed, provider_of, request_for, stored
from tests.filecoin.test_pulling import pulled, sources_of
from vibesflow.errors import InvalidInput, RetryClass, SessionKeyUnauthorized, SettingsInvalid
from vibesflow.filecoin import FilecoinClient, PullState, Signer
from vibesflow.filecoin.permissions import UPLOADING, Permission
from vibesflow.filecoin.session_guard import SessionGuard

HOUR_S = 3600


@dataclass
class Wallet:
    """A wallet with money, and a session key of it that is not authorized yet."""

    world: Onchain
    account: LocalAccount
    client: FilecoinClient
    key: bytes

    @property
    def signer(self) -> Signer:
        return Signer(self.key, payer=self.account.address)

    async def authorize(
        self, permissions: tuple[Permission, ...] = UPLOADING, *, for_s: float = 24 * HOUR_S
    ) -> None:
        await self.client.session_keys.authorize(
            self.signer.address,
            permissions,
            expires_s=int(time.time() + for_s),
            origin="test",
        )

    async def revoke(self, *permissions: Permission) -> None:
        await self.client.session_keys.revoke(self.signer.address, permissions, origin="test")

    async def open(self) -> FilecoinClient:
        """A process that has the session key alone."""
        return await FilecoinClient.open(self.world.settings(), self.signer)


@pytest.fixture
async def wallet(world: Onchain) -> AsyncIterator[Wallet]:
    account = await world.payer()
    async with await world.open(account) as client:
        yield Wallet(world, account, client, secrets.token_bytes(32))


def test_permissions_are_the_type_hashes_of_their_messages() -> None:
    assert {permission.name: permission.type_hash.hex() for permission in Permission} == TYPE_HASHES


async def test_a_session_key_alone_stores_copies_and_commits(wallet: Wallet) -> None:
    await wallet.authorize()
    async with await wallet.open() as client:
        assert client.payer == wallet.account.address
        first = await committed(client, await stored(client))
        cids = await stored(client)
        copy = await request_for(client, cids, name="two")
        states = await pulled(client, copy, await sources_of(client, cids))
        assert states == {cids[0]: PullState.COMPLETE}
        again = await committed(client, cids)
    assert again.data_set_id == first.data_set_id
    assert await wallet.world.data_sets(wallet.account.address) == [first.data_set_id]
    assert await wallet.world.data_sets(wallet.signer.address) == []


async def test_its_data_sets_are_those_of_the_wallet(wallet: Wallet) -> None:
    await wallet.authorize()
    by_wallet = await committed(wallet.client, await stored(wallet.client))
    async with await wallet.open() as client:
        by_key = await committed(client, await stored(client))
    assert by_key.data_set_id == by_wallet.data_set_id


async def test_a_key_that_was_never_authorized_waits_until_it_is(
    wallet: Wallet, caplog: pytest.LogCaptureFixture
) -> None:
    async with await wallet.open() as client:
        assert f"{wallet.signer.address} may not sign for {client.payer}" in caplog.text
        cids = await stored(client)
        request = await request_for(client, cids)
        with pytest.raises(SessionKeyUnauthorized, match="create-data-set, add-pieces") as caught:
            await client.submit(request)
        assert caught.value.retry is RetryClass.WAIT
        assert caught.value.retry_after_s
        with pytest.raises(SessionKeyUnauthorized):
            await client.pull(
                replace(request, provider_id=(await provider_of(client, "two")).provider_id),
                await sources_of(client, cids),
            )
        assert wallet.world.fronts[0].count("POST", "/create-and-add") == 0
        await wallet.authorize()
        assert (await committed(client, cids)).piece_ids == (0,)


async def test_an_expired_key_is_told_when_it_ended(wallet: Wallet) -> None:
    await wallet.authorize(for_s=-60)
    async with await wallet.open() as client:
        request = await request_for(client, await stored(client))
        with pytest.raises(SessionKeyUnauthorized, match=r"add-pieces \(ended 20\d\d-"):
            await client.submit(request)


async def test_a_key_that_is_revoked_while_it_works(wallet: Wallet) -> None:
    await wallet.authorize()
    async with await wallet.open() as client:
        await committed(client, await stored(client))
        await wallet.revoke(Permission.ADD_PIECES)
        request = await request_for(client, await stored(client))
        with pytest.raises(SessionKeyUnauthorized, match="InvalidSignature") as caught:
            await client.submit(request)
        assert caught.value.reason == "InvalidSignature"
        with pytest.raises(SessionKeyUnauthorized, match="add-pieces"):
            await client.submit(request)
        assert await client.look(request) is None


async def test_a_pull_with_a_key_that_was_revoked(wallet: Wallet) -> None:
    await wallet.authorize()
    async with await wallet.open() as client:
        await committed(client, await stored(client))
        await wallet.revoke(*UPLOADING)
        cids = await stored(client)
        request = await request_for(client, cids, name="two")
        with pytest.raises(SessionKeyUnauthorized, match="InvalidSignature"):
            await client.pull(request, await sources_of(client, cids))


async def test_a_key_may_only_do_what_it_is_allowed(wallet: Wallet) -> None:
    await wallet.authorize()
    async with await wallet.open() as client:
        done = await committed(client, await stored(client))
        with pytest.raises(SessionKeyUnauthorized, match="schedule-piece-removals"):
            await client.remove_pieces(done.data_set_id, done.piece_ids)
        with pytest.raises(SessionKeyUnauthorized, match="terminate-service"):
            await client.terminate(done.data_set_id)
        await wallet.authorize(tuple(Permission))
        assert (await client.remove_pieces(done.data_set_id, done.piece_ids)).tx_hash
        await client.terminate(done.data_set_id)


async def test_only_the_wallets_own_key_changes_authorizations(wallet: Wallet) -> None:
    await wallet.authorize(tuple(Permission))
    async with await wallet.open() as client:
        done = await committed(client, await stored(client))
        with pytest.raises(SettingsInvalid, match="own key"):
            await client.session_keys.authorize(
                client.payer, UPLOADING, expires_s=2**40, origin="test"
            )
        with pytest.raises(SettingsInvalid, match="own key"):
            await client.terminate_directly(done.data_set_id)


async def test_a_wallet_sees_its_keys(wallet: Wallet) -> None:
    keys = wallet.client.session_keys
    assert await keys.updated_within(10_000) == []
    await wallet.authorize(for_s=HOUR_S)
    (seen,) = await keys.updated_within(10_000)
    assert seen == await keys.find(wallet.signer.address)
    assert seen.address == wallet.signer.address
    now_s = time.time()
    assert [one for one in Permission if seen.allowed(one, now_s)] == list(UPLOADING)
    assert not seen.allowed(Permission.ADD_PIECES, now_s + HOUR_S + 1)
    await wallet.revoke(*Permission)
    (gone,) = await keys.updated_within(10_000)
    assert set(gone.expires_s.values()) == {0}


async def test_a_long_log_is_read_in_pages(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vibesflow.filecoin.session_keys._BLOCKS_A_CALL", 2)
    await wallet.authorize()
    await wallet.authorize(tuple(Permission))
    (seen,) = await wallet.client.session_keys.updated_within(40)
    assert seen.address == wallet.signer.address


async def test_anybody_may_look(wallet: Wallet) -> None:
    await wallet.authorize()
    settings = wallet.world.settings().model_copy(update={"payer": wallet.account.address})
    async with await FilecoinClient.open(settings, None) as reader:
        assert (await reader.session_keys.find(wallet.signer.address)).allowed(
            Permission.ADD_PIECES, time.time()
        )
        with pytest.raises(SettingsInvalid, match="own key"):
            await reader.session_keys.revoke(wallet.signer.address, UPLOADING, origin="test")


async def test_what_cannot_be_authorized(wallet: Wallet) -> None:
    keys = wallet.client.session_keys
    with pytest.raises(InvalidInput, match="no permission"):
        await keys.revoke(wallet.signer.address, (), origin="test")
    with pytest.raises(InvalidInput, match="origin"):
        await keys.revoke(wallet.signer.address, UPLOADING, origin="x" * 65)


class _Clock:
    def __init__(self) -> None:
        self.now_s = time.time()

    def __call__(self) -> float:
        return self.now_s


async def test_people_are_warned_before_a_key_ends(
    wallet: Wallet, caplog: pytest.LogCaptureFixture
) -> None:
    await wallet.authorize(for_s=2 * HOUR_S)
    clock = _Clock()
    guard = SessionGuard(wallet.signer, wallet.client.session_keys, now_s=clock)
    with caplog.at_level(logging.INFO, "vibesflow.filecoin.session_guard"):
        await guard.begin()
        assert "2.0 hours from now" in caplog.text
        assert caplog.records[-1].levelno == logging.INFO
        caplog.clear()
        await guard.check(UPLOADING)
        assert caplog.text == ""
        clock.now_s += 1.5 * HOUR_S
        await guard.check(UPLOADING)
        await guard.check(UPLOADING)
        (warned,) = caplog.records
        assert warned.levelno == logging.WARNING
        assert "0.5 hours from now" in warned.message
        clock.now_s += 700
        await guard.check(UPLOADING)
        assert len(caplog.records) == 2
        await guard.begin()
        assert caplog.records[-1].levelno == logging.WARNING


async def test_a_key_for_ever(wallet: Wallet, caplog: pytest.LogCaptureFixture) -> None:
    await wallet.client.session_keys.authorize(
        wallet.signer.address, UPLOADING, expires_s=2**256 - 1, origin="test"
    )
    with caplog.at_level(logging.INFO, "vibesflow.filecoin.session_guard"):
        async with await wallet.open() as client:
            await committed(client, await stored(client))
    assert "without end" in caplog.text
