"""Which sources are tried again, and for how long."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from devnet.provider.fault_order import FaultOrder
from devnet.provider.faults import FaultName, Faults, Point
from devnet.provider.options import Limits
from devnet.provider.pieces import PieceStore
from devnet.provider.pull_fetcher import PullFetcher
from devnet.provider.pull_store import PullItem, PullStatus, PullStore, overall
from devnet.provider.state import Database
from devnet.provider.switchboard import Switchboard
from tests.devnet.provider.embedded import TurnedClock
from vibesflow.filecoin import PieceCid, piece_cid_of

PAYLOAD = os.urandom(10_000)
CID = piece_cid_of(PAYLOAD)
LIMITS = Limits(pull_pauses_s=(0.01, 0.02), pull_budget_s=60)


class Pulling:
    def __init__(
        self, folder: Path, answers: list[httpx.Response], limits: Limits, faults: Faults
    ) -> None:
        self.asked: list[str] = []
        self._answers = answers
        self.database = Database(folder / "db")
        clock = TurnedClock()
        self.store = PullStore(self.database, clock)
        self.pieces = PieceStore(folder / "pieces", self.database, 0, clock)
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.fetcher = PullFetcher(
            folder, self.store, self.pieces, self.http, limits, clock, faults
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return self._answers.pop(0)

    async def ask(self, *sources: str) -> PullItem:
        item = PullItem("key", 0, CID.text, sources)
        assert await self.store.add("key", [item])
        return item

    async def result(self) -> PullStatus:
        async with asyncio.timeout(10):
            while True:
                ((_, status),) = await self.store.statuses("key")
                if status in {PullStatus.COMPLETE, PullStatus.FAILED}:
                    return status
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def pulling(
    folder: Path,
    answers: list[httpx.Response],
    limits: Limits = LIMITS,
    faults: Faults | None = None,
) -> AsyncIterator[Pulling]:
    one = Pulling(folder, answers, limits, faults or Faults())
    yield one
    await one.fetcher.stop()
    await one.http.aclose()
    one.database.close()


def _good() -> httpx.Response:
    return httpx.Response(200, content=PAYLOAD)


async def test_a_busy_source_is_tried_again(tmp_path: Path) -> None:
    answers = [httpx.Response(429), httpx.Response(500), httpx.Response(500), _good()]
    async with pulling(tmp_path, answers) as one:
        one.fetcher.start([await one.ask("http://sp/a")])
        assert await one.result() is PullStatus.COMPLETE
        assert len(one.asked) == 4
        held = await one.pieces.find(CID)
        assert held is not None
        assert held.path.read_bytes() == PAYLOAD


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(503),
        httpx.Response(302, headers={"Location": "http://sp/b"}),
        httpx.Response(200, content=PAYLOAD[:-1]),
        httpx.Response(200, content=PAYLOAD + b"x"),
        httpx.Response(200, content=b""),
    ],
)
async def test_a_source_that_answers_wrong_is_given_up(
    tmp_path: Path, answer: httpx.Response
) -> None:
    async with pulling(tmp_path, [answer]) as one:
        one.fetcher.start([await one.ask("http://sp/a")])
        assert await one.result() is PullStatus.FAILED
        assert one.asked == ["http://sp/a"]
        assert not list(tmp_path.glob("*.part"))


async def test_a_bad_source_is_not_asked_again_when_a_busy_one_is(tmp_path: Path) -> None:
    answers = [httpx.Response(404), httpx.Response(500), _good()]
    async with pulling(tmp_path, answers) as one:
        one.fetcher.start([await one.ask("http://sp/bad", "http://sp/busy")])
        assert await one.result() is PullStatus.COMPLETE
        assert one.asked == ["http://sp/bad", "http://sp/busy", "http://sp/busy"]


async def test_the_budget_ends(tmp_path: Path) -> None:
    limits = Limits(pull_pauses_s=(0.01, 120), pull_budget_s=60)
    async with pulling(tmp_path, [httpx.Response(500)] * 9, limits) as one:
        one.fetcher.start([await one.ask("http://sp/a")])
        assert await one.result() is PullStatus.FAILED
        assert len(one.asked) == 2


async def test_an_open_pull_is_resumed(tmp_path: Path) -> None:
    async with pulling(tmp_path, [_good()]) as one:
        item = await one.ask("http://sp/a")
        await one.store.set_status(item, PullStatus.IN_PROGRESS)
        await one.fetcher.resume()
        assert await one.result() is PullStatus.COMPLETE


async def test_a_piece_that_is_here_is_not_fetched(tmp_path: Path) -> None:
    async with pulling(tmp_path, []) as one:
        file = tmp_path / "here"
        file.write_bytes(PAYLOAD)
        await one.pieces.park(file, PieceCid.parse(CID.text))
        one.fetcher.start([await one.ask("http://sp/a")])
        assert await one.result() is PullStatus.COMPLETE
        assert one.asked == []


async def test_a_fetch_that_is_refused_here_is_tried_again(tmp_path: Path) -> None:
    board = Switchboard()
    board.set(FaultOrder(name=FaultName.ERROR, at=Point.FETCH, count=2))
    async with pulling(tmp_path, [_good()], faults=board) as one:
        one.fetcher.start([await one.ask("http://sp/a")])
        assert await one.result() is PullStatus.COMPLETE
        assert one.asked == ["http://sp/a"]
        assert [report.struck for report in board.reports()] == [2]


async def test_an_address_that_cannot_be_asked_fails_the_piece(tmp_path: Path) -> None:
    async with pulling(tmp_path, []) as one:
        one.fetcher.start([await one.ask("http://sp:port/a")])
        assert await one.result() is PullStatus.FAILED


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["complete", "failed"], "complete"),
        (["failed", "failed"], "failed"),
        (["complete", "pending"], "pending"),
        (["complete", "retrying", "failed"], "retrying"),
        (["pending", "inProgress", "complete"], "inProgress"),
    ],
)
def test_state_of_a_whole_pull(statuses: list[str], expected: str) -> None:
    assert overall([PullStatus(status) for status in statuses]) == expected
