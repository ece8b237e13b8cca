"""Every row of the provider API's retry rules, against a real HTTP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from tests.filecoin.small_server import HANG_UP, Reply, SmallServer, as_json, small_server, text
from vibesflow.errors import (
    CommitUnknown,
    ContractReverted,
    InsufficientFunds,
    NotConfirmedYet,
    ProviderBusy,
    ProviderDown,
    ProviderFault,
    ProviderLied,
    ProviderRefused,
    RetryClass,
)
from vibesflow.filecoin import piece_cid_of
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.provider_http import MAX_ANSWER_BYTES, ProviderHttp

CID = piece_cid_of(bytes(127))
OTHER = piece_cid_of(bytes(128))
TX = "0x" + "ab" * 32
FWSS = "0x" + "11" * 20

Call = Callable[[Provider], Awaitable[object]]


async def _payload() -> AsyncIterator[bytes]:
    yield bytes(100)
    yield bytes(27)


GETS: dict[str, Call] = {
    "ping": lambda p: p.ping(),
    "find": lambda p: p.has_piece(CID),
    "created": lambda p: p.creation_status(TX),
    "added": lambda p: p.addition_status(7, TX),
}
UPLOADS: dict[str, Call] = {
    "open": lambda p: p.open_upload(),
    "put": lambda p: p.send_upload("ab-12", _payload()),
    "finalize": lambda p: p.finalize_upload("ab-12", CID),
}
COMMITS: dict[str, Call] = {
    "create": lambda p: p.create_and_add(FWSS, [CID.text], b"\x01"),
    "add": lambda p: p.add_pieces(7, [CID.text], b"\x01"),
}
ALL = GETS | UPLOADS | COMMITS


def _each(calls: dict[str, Call]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("call", calls.values(), ids=calls.keys())


@_each(GETS)
async def test_a_get_is_tried_three_times_on_a_broken_connection(
    provider: Provider, server: SmallServer, call: Call
) -> None:
    server.replies = [HANG_UP, HANG_UP, HANG_UP, text(200, "fourth")]
    with pytest.raises(ProviderDown) as caught:
        await call(provider)
    assert len(server.seen) == 3
    assert caught.value.retry is RetryClass.RETRY


@_each(GETS)
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_a_get_is_tried_three_times_on_passing_statuses(
    provider: Provider, server: SmallServer, call: Call, status: int
) -> None:
    server.handler = lambda _: text(status, "the disk is tired")
    with pytest.raises(ProviderDown, match="the disk is tired"):
        await call(provider)
    assert len(server.seen) == 3


async def test_a_get_that_works_at_last_works(provider: Provider, server: SmallServer) -> None:
    server.replies = [HANG_UP, text(503, "alerts"), as_json({"pieceCid": CID.text})]
    assert await provider.has_piece(CID)


@_each(UPLOADS | COMMITS)
async def test_nothing_that_changes_something_is_repeated(
    provider: Provider, server: SmallServer, call: Call
) -> None:
    server.handler = lambda _: text(500, "no")
    with pytest.raises((ProviderDown, CommitUnknown)):
        await call(provider)
    assert len(server.seen) == 1


@_each(UPLOADS)
async def test_a_lost_upload_answer_is_a_provider_that_is_down(
    provider: Provider, server: SmallServer, call: Call
) -> None:
    server.handler = lambda _: HANG_UP
    with pytest.raises(ProviderDown):
        await call(provider)


@_each(COMMITS)
@pytest.mark.parametrize("reply", [HANG_UP, text(500, "oops"), text(502, "gateway"), text(408, "")])
async def test_a_lost_commit_answer_leaves_the_outcome_unknown(
    provider: Provider, server: SmallServer, call: Call, reply: Reply
) -> None:
    server.handler = lambda _: reply
    with pytest.raises(CommitUnknown) as caught:
        await call(provider)
    assert caught.value.retry is RetryClass.RETRY


@_each(COMMITS)
@pytest.mark.parametrize("location", ["", "/pdp/data-sets/created/0x12", "/pdp/x/" + "zz" * 32])
async def test_a_commit_without_a_hash_leaves_the_outcome_unknown(
    provider: Provider, server: SmallServer, call: Call, location: str
) -> None:
    server.handler = lambda _: Reply(201, headers={"Location": location})
    with pytest.raises(CommitUnknown):
        await call(provider)


@_each(COMMITS)
async def test_a_commit_that_never_left_was_not_sent(http: httpx.AsyncClient, call: Call) -> None:
    async with small_server() as gone:
        url = gone.url
    with pytest.raises(ProviderDown, match="ConnectError"):
        await call(Provider(ProviderHttp(http, url)))


@_each(COMMITS)
@pytest.mark.parametrize(
    ("words", "reason", "shown"),
    [
        (
            "Failed to send transaction: chain: exit=[33], vm error=[0xdb94c961"
            + f"{9:064x}] [eid: 1]",
            "ClientDataSetAlreadyRegistered",
            "nonce=9",
        ),
        (
            "estimating gas: revert reason=[0xdae03403"
            + "11".rjust(64, "0")
            + f"{5:064x}{3:064x}]",
            "InsufficientLockupFunds",
            "required=5, available=3",
        ),
        ("call: vm error=[Error(Limit must be greater)]", "Error", "Limit must be greater"),
        ("execution reverted: custom error 0x5d946944", "DataSetNotLive", "deleted"),
        ("message execution failed (exit=[33], vm error=[0x])", "", "reverted"),
    ],
)
async def test_a_revert_is_decoded(
    provider: Provider, server: SmallServer, call: Call, words: str, reason: str, shown: str
) -> None:
    server.handler = lambda _: text(500, words)
    kind = InsufficientFunds if reason == "InsufficientLockupFunds" else ContractReverted
    with pytest.raises(kind, match=shown) as caught:
        await call(provider)
    assert caught.value.reason == reason
    assert caught.value.retry is kind.retry


@_each(ALL)
@pytest.mark.parametrize(("header", "wait_s"), [("300", 300.0), ("soon", None), (None, None)])
async def test_429_waits_as_told(
    provider: Provider, server: SmallServer, call: Call, header: str | None, wait_s: float | None
) -> None:
    headers = {} if header is None else {"Retry-After": header}
    server.handler = lambda _: Reply(429, b"slow down", headers)
    with pytest.raises(ProviderBusy, match="slow down") as caught:
        await call(provider)
    assert caught.value.retry_after_s == wait_s
    assert caught.value.retry is RetryClass.WAIT
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "calls"),
    [
        (400, GETS | COMMITS | {"open": UPLOADS["open"], "put": UPLOADS["put"]}),
        (403, ALL),
        (409, ALL),
        (413, ALL),
        (451, ALL),
    ],
)
async def test_other_refusals_are_final_for_this_provider(
    provider: Provider, server: SmallServer, status: int, calls: dict[str, Call]
) -> None:
    server.handler = lambda _: text(status, "never again [eid: 7]")
    for call in calls.values():
        with pytest.raises(ProviderRefused, match="never again") as caught:
            await call(provider)
        assert caught.value.retry is RetryClass.REPLACE


async def test_a_refused_cid_at_the_end_of_an_upload_is_a_lie(
    provider: Provider, server: SmallServer
) -> None:
    server.handler = lambda _: text(400, "CID does not match computed")
    with pytest.raises(ProviderLied, match="does not match computed"):
        await provider.finalize_upload("ab-12", CID)


@pytest.mark.parametrize("name", ["put", "finalize"])
async def test_a_lost_session_is_tried_again_from_the_start(
    provider: Provider, server: SmallServer, name: str
) -> None:
    server.handler = lambda _: text(404, "Upload not found")
    with pytest.raises(ProviderFault, match="session lost") as caught:
        await UPLOADS[name](provider)
    assert caught.value.retry is RetryClass.RETRY


async def test_a_data_set_unknown_to_the_provider_waits(
    provider: Provider, server: SmallServer
) -> None:
    server.handler = lambda _: text(404, "Data set not found")
    with pytest.raises(NotConfirmedYet) as caught:
        await provider.add_pieces(7, [CID.text], b"")
    assert caught.value.retry_after_s == 30


@pytest.mark.parametrize("status", [202, 404])
async def test_a_piece_that_is_not_there_yet(
    provider: Provider, server: SmallServer, status: int
) -> None:
    server.handler = lambda _: text(status, "not yet")
    assert not await provider.has_piece(CID)


@pytest.mark.parametrize("reply", [as_json({"pieceCid": OTHER.text}), text(200, "x"), as_json([])])
async def test_another_piece_than_asked_for_is_a_lie(
    provider: Provider, server: SmallServer, reply: Reply
) -> None:
    server.handler = lambda _: reply
    with pytest.raises(ProviderLied):
        await provider.has_piece(CID)


async def test_an_unwanted_success_is_a_fault(provider: Provider, server: SmallServer) -> None:
    server.handler = lambda _: text(200, "done?")
    with pytest.raises(ProviderFault, match="200: done"):
        await provider.open_upload()


async def test_an_upload_session_needs_an_id(provider: Provider, server: SmallServer) -> None:
    server.handler = lambda _: Reply(201, headers={"Location": "/pdp/piece/uploads/a b"})
    with pytest.raises(ProviderFault, match="no session"):
        await provider.open_upload()


async def test_the_upload_routes(provider: Provider, server: SmallServer) -> None:
    server.replies = [
        Reply(201, headers={"Location": "/pdp/piece/uploads/0a-1b"}),
        Reply(204),
        Reply(200),
    ]
    upload_id = await provider.open_upload()
    await provider.send_upload(upload_id, _payload())
    await provider.finalize_upload(upload_id, CID)
    opened, sent, finalized = server.seen
    assert (opened.method, opened.path, opened.body) == ("POST", "/pdp/piece/uploads", b"")
    assert (sent.method, sent.path) == ("PUT", "/pdp/piece/uploads/0a-1b")
    assert sent.headers["content-type"] == "application/octet-stream"
    assert sent.body == bytes(127)
    assert (finalized.method, finalized.path) == ("POST", "/pdp/piece/uploads/0a-1b")
    assert finalized.json() == {"pieceCid": CID.text}


async def test_the_commit_routes(provider: Provider, server: SmallServer) -> None:
    server.handler = lambda request: Reply(201, headers={"Location": f"{request.path}/{TX}"})
    assert await provider.create_and_add(FWSS, [CID.text, OTHER.text], b"\x01\x02") == TX
    assert await provider.add_pieces(7, [CID.text], b"\x03") == TX
    created, added = server.seen
    entry = {"pieceCid": CID.text, "subPieces": [{"subPieceCid": CID.text}]}
    other = {"pieceCid": OTHER.text, "subPieces": [{"subPieceCid": OTHER.text}]}
    assert created.path == "/pdp/data-sets/create-and-add"
    assert created.json() == {
        "recordKeeper": FWSS,
        "extraData": "0x0102",
        "pieces": [entry, other],
    }
    assert added.path == "/pdp/data-sets/7/pieces"
    assert added.json() == {"extraData": "0x03", "pieces": [entry]}


async def test_the_providers_words_are_bounded_and_on_one_line(
    provider: Provider, server: SmallServer
) -> None:
    server.handler = lambda _: Reply(400, b"a\n\x1b[31m" + b"x" * (2 * MAX_ANSWER_BYTES))
    with pytest.raises(ProviderRefused) as caught:
        await provider.open_upload()
    assert len(caught.value.message) < 600
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    ("base", "resolved"),
    [
        ("http://sp.test", "http://sp.test/pdp/ping"),
        ("http://sp.test/", "http://sp.test/pdp/ping"),
        ("http://sp.test/curio/", "http://sp.test/curio/pdp/ping"),
    ],
)
def test_paths_resolve_as_in_browsers(http: httpx.AsyncClient, base: str, resolved: str) -> None:
    assert ProviderHttp(http, base).url("pdp/ping") == resolved


async def test_a_password_in_the_address_is_not_shown(http: httpx.AsyncClient) -> None:
    async with small_server() as gone:
        url = gone.url.replace("http://", "http://user:secret@")
    with pytest.raises(ProviderDown) as caught:
        await Provider(ProviderHttp(http, url, get_pauses_s=())).ping()
    assert "secret" not in str(caught.value)


async def test_a_silent_provider_fails_the_ping_in_time(
    provider: Provider, server: SmallServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_: object) -> Reply:
        await asyncio.sleep(60)
        return Reply()

    server.handler = silent
    monkeypatch.setattr("vibesflow.filecoin.provider.PING_S", 0.1)
    with pytest.raises(ProviderDown, match=r"no answer in 0\.1 s"):
        await provider.ping()
