"""Whatever comes, the door answers in words that it has documented, and nothing else happens.

Real table, real staging, real Temporal, a real worker; storing and the chain are in memory.
``make fuzz CASES=10000`` runs more of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
import requests
from hypothesis import HealthCheck, Phase, given, settings
from temporalio.service import RPCError

from tests.api.door import Door, open_door
from tests.api.fuzz.shots import RTA, Shot, shots
from tests.api.tickets import ACCESS, OPERATOR_KEY, TICKET_KEY, bearer, ticket_for
from tests.samples import chunk_id_of
from tests.workflows.harness import StreamHarness
from vibesflow.errors import all_errors
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.settings import StreamSettings
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.ids import parse_chunk_id
from workflows.client import StreamClient

CODES = {kind.code for kind in all_errors()}
NEEDS_TO_BE_SHOWN = {
    ("POST", "/upload"),
    ("POST", "/api/complete-rta/{rta_id}"),
    ("POST", "/v1/streams/{rta_id}/retry"),
}
ANSWER_S = 60


class CountingStreams(StreamClient):
    """The real client, which remembers what it told to which stream."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.submitted: list[ChunkRef] = []
        self.commanded: list[str] = []

    async def submit(self, chunk: ChunkRef, *, window_s: float | None = None) -> None:
        self.submitted.append(chunk)
        await super().submit(chunk, window_s=window_s)

    async def retry(self, rta_id: str, *args: object, **more: object) -> None:
        self.commanded.append(rta_id)
        await super().retry(rta_id, *args, **more)

    async def complete(self, rta_id: str, *, wait_s: float = 20.0):
        self.commanded.append(rta_id)
        return await super().complete(rta_id, wait_s=wait_s)


@dataclass
class Judge:
    """Sends requests and holds every answer against the document and against what happened."""

    door: Door
    streams: CountingStreams
    document: dict
    session: requests.Session = field(default_factory=requests.Session)
    seen: Counter[tuple[str, int]] = field(default_factory=Counter)

    def send(self, shot: Shot) -> None:
        told = (len(self.streams.submitted), len(self.streams.commanded))
        try:
            reply = shot.case.call(base_url=self.door.url, session=self.session, timeout=ANSWER_S)
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            return  # no client can send this
        self._judge_answer(shot, reply)
        now = (len(self.streams.submitted), len(self.streams.commanded))
        if reply.status_code >= 400 and reply.status_code != 404:
            assert now[0] == told[0], reply.text
        if reply.status_code in (401, 403):
            assert now == told
        if reply.status_code == 202 and shot.case.path == "/upload":
            assert shot.is_entitled
            assert now[0] == told[0] + 1

    def _judge_answer(self, shot: Shot, reply) -> None:
        key = (shot.case.method.upper(), shot.case.path)
        status, body = reply.status_code, {}
        self.seen[f"{key[0]} {key[1]}", status] += 1
        for secret in (TICKET_KEY, OPERATOR_KEY):
            assert secret not in reply.text
        if status >= 400:
            body = reply.json()
            assert {"error", "code", "detail"} <= set(body), body
            assert body["code"] in CODES
            if status == 503:  # this door has no chain
                assert (key[1], body["code"]) == ("/filecoin/test", "chain_down")
                return
        assert status < 500, (shot.case.as_curl_command(), reply.text)
        if key in NEEDS_TO_BE_SHOWN and not shot.is_entitled:
            assert status in (400, 401, 403) or body["code"] == "route_not_found", reply.text
        if status not in (404, 405):  # an id with a slash, or an empty one, is another address
            documented = self.document["paths"][key[1]][key[0].lower()]["responses"]
            assert str(status) in documented, (key, status, reply.text)


@pytest_asyncio.fixture
async def fuzzed(temporal_env, table_settings, tmp_path: Path):
    create_tables(table_settings)
    harness = StreamHarness(
        temporal_env, tmp_path / "staging", StreamSettings(window_s=3_600, settle_s=600)
    )
    harness.ledger = DynamoLedger(table_settings)
    streams = CountingStreams(temporal_env.client, StreamSettings(window_s=3_600))
    async with (
        harness.worker(),
        open_door(
            harness.ledger,
            tmp_path / "staging",
            streams=streams,
            access=ACCESS,
            creator_chunks_per_minute=0,
        ) as door,
    ):
        yield Judge(door, streams, door.app.openapi())
        if streams.submitted:
            with suppress(RPCError):  # the stream may be complete
                await harness.handle(RTA).terminate()


@pytest.mark.timeout(7_200)
async def test_no_request_breaks_the_door_or_does_what_it_must_not(fuzzed, request):
    cases = request.config.getoption("--fuzz-cases")

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(shot=shots(fuzzed.document))
    def shoot(shot: Shot) -> None:
        fuzzed.send(shot)

    good = await fuzzed.door.send_raw(chunk_id_of(0, rta_id=RTA), **bearer(ticket_for(RTA)))
    assert good.status_code == 202, good.text
    await asyncio.to_thread(shoot)
    assert fuzzed.seen["POST /upload", 401] > 0
    for line in sorted(fuzzed.seen.items()):
        print(line)  # noqa: T201 - shown by `make fuzz`
    await assert_only_what_was_allowed(fuzzed)


async def assert_only_what_was_allowed(fuzzed: Judge) -> None:
    """One stream was written to: nothing else is staged, told or in the table."""
    accepted = {chunk.staging_key for chunk in fuzzed.streams.submitted}
    assert accepted
    assert {chunk.rta_id for chunk in fuzzed.streams.submitted} == {RTA}
    for key in accepted:
        assert await fuzzed.door.staging.stat(key) is not None
    folders = {path.name for path in fuzzed.door.staging_folder.iterdir() if path.is_dir()}
    assert folders <= {RTA, ".incoming"}
    assert not list((fuzzed.door.staging_folder / ".incoming").iterdir())
    assert set(await fuzzed.door.staged()) <= accepted
    census = await fuzzed.door.services.reader.census()
    known = {record.rta_id for record in census.complete}
    known |= {stream.record.rta_id for stream in census.open}
    assert known <= {RTA}
    rows = await asyncio.to_thread(lambda: list(fuzzed.door.ledger.list_chunks(RTA)))
    assert {parse_chunk_id(row.chunk_id).staging_key for row in rows} <= accepted
