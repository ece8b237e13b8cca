"""A provider that is killed again and again while it works keeps every promise it made."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx
import pytest

from tests.devnet.provider.payer import Payer, add, create_with, settled, upload
from tests.devnet.provider.process import World
from vibesflow.filecoin import PieceCid

pytestmark = pytest.mark.timeout(300)

ROUNDS = 3
AT_ONCE = 5


class Promises:
    """What the provider has answered with success.

    Attributes:
        pieces: bytes by PieceCID.
        additions: the piece and the status route of every addition.
    """

    def __init__(self) -> None:
        self.pieces: dict[PieceCid, bytes] = {}
        self.additions: list[tuple[PieceCid, str]] = []
        self._changed = asyncio.Event()

    def note_piece(self, cid: PieceCid, payload: bytes) -> None:
        self.pieces[cid] = payload
        self._changed.set()

    def note_addition(self, cid: PieceCid, place: str) -> None:
        self.additions.append((cid, place))
        self._changed.set()

    async def until(self, truth: Callable[[], bool]) -> None:
        while not truth():
            self._changed.clear()
            await self._changed.wait()


async def test_pieces_and_additions_survive_kills_at_any_moment(
    world: World, payer: Payer, http: httpx.AsyncClient
) -> None:
    chance = random.Random(11)  # noqa: S311 - moments, not secrets
    data_set_id = await create_with(http, payer, [await upload(http, os.urandom(300))])
    promises = Promises()
    for _ in range(ROUNDS):
        wanted = len(promises.additions) + chance.randint(2, 8)
        await _burst(world, payer, data_set_id, promises, wanted)
        world.first.start()
        await _check(world, promises)
    assert len(promises.pieces) >= len(promises.additions) >= 2 * ROUNDS


async def _burst(
    world: World, payer: Payer, data_set_id: int, promises: Promises, wanted: int
) -> None:
    """Upload and add from several sides until the provider is killed in the middle of it."""
    async with httpx.AsyncClient(base_url=world.first.url, trust_env=False) as http:

        async def work() -> None:
            while True:
                payload = os.urandom(200_000)
                cid = await upload(http, payload)
                promises.note_piece(cid, payload)
                answer = await add(http, payer, data_set_id, [cid])
                assert answer.status_code == 201, answer.text
                promises.note_addition(cid, answer.headers["location"])

        workers = [asyncio.create_task(_until_it_is_gone(work)) for _ in range(AT_ONCE)]
        enough = asyncio.create_task(promises.until(lambda: len(promises.additions) >= wanted))
        await asyncio.wait((enough, *workers), return_when=asyncio.FIRST_COMPLETED)
        enough.cancel()
        world.first.kill()
        await asyncio.gather(*workers)


async def _until_it_is_gone(work: Callable[[], Awaitable[None]]) -> None:
    with suppress(httpx.TransportError):
        await work()


async def _check(world: World, promises: Promises) -> None:
    async with httpx.AsyncClient(base_url=world.first.url, trust_env=False) as http:
        for cid, payload in promises.pieces.items():
            assert (await http.get(f"/piece/{cid}")).content == payload
        found: list[int] = []
        for cid, place in promises.additions:
            status = await settled(http, place)
            assert (status["txStatus"], status["piecesAdded"]) == ("confirmed", True), cid
            ids = status["confirmedPieceIds"]
            assert isinstance(ids, list)
            found += ids
        assert len(found) == len(set(found)) == len(promises.additions)
