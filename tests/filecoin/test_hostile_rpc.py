"""An RPC endpoint that means harm costs its own turn, not the process."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from tests.filecoin.small_server import Reply, Request, SmallServer, small_server
from vibesflow.errors import ChainDown
from vibesflow.filecoin import rpc_answers
from vibesflow.filecoin.rpc import Rpc

CHAIN_ID = 31_415_926
CONTRACT = "0x" + "ab" * 20
NESTED = 95_000
"""Deep enough to overflow the C stack where nothing else stops it."""

ASKING = f"""
import asyncio
import sys
{{first}}
from vibesflow.errors import ChainDown
from vibesflow.filecoin.rpc import Rpc

async def ask() -> None:
    rpc = Rpc([sys.argv[1]], {CHAIN_ID})
    try:
        await rpc.call("{CONTRACT}", b"")
    except ChainDown as error:
        print(sys.getrecursionlimit(), error.message)
    finally:
        await rpc.close()

asyncio.run(ask())
"""


def answering(served: SmallServer, result: bytes) -> None:
    """Have the server tell its chain, and answer everything else with some bytes of JSON."""

    def answer(request: Request) -> Reply:
        body = request.json()
        assert isinstance(body, dict)
        told = result if body["method"] == "eth_call" else json.dumps(hex(CHAIN_ID)).encode()
        head = f'{{"jsonrpc": "2.0", "id": {body["id"]}, "result": '.encode()
        return Reply(200, head + told + b"}", {"Content-Type": "application/json"})

    served.handler = answer


@pytest.mark.parametrize("first", ["", "import web3"], ids=["we-load-web3", "web3-was-loaded"])
async def test_a_deeply_nested_answer_does_not_end_the_process(first: str) -> None:
    async with small_server() as served:
        answering(served, b"[" * NESTED + b"]" * NESTED)
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            ASKING.format(first=first),
            served.url,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await child.communicate()
    assert child.returncode == 0, err.decode()
    limit, words = out.decode().split(" ", 1)
    assert limit == "1000"
    assert "UnfitAnswer" in words


@pytest.mark.parametrize("result", ["null", "{}", "[[]]", '"0xzz"', "1.5", '{"a": [1]}'])
async def test_an_answer_in_the_wrong_shape_is_the_endpoints_fault(result: str) -> None:
    async with small_server() as served, small_server() as next_one:
        answering(served, result.encode())
        answering(next_one, b'"0x02"')
        rpc = Rpc([served.url, next_one.url], CHAIN_ID)
        assert await rpc.call(CONTRACT, b"") == b"\x02"
        await rpc.close()


@pytest.mark.parametrize("whole", [b"[1]", b'"x"', b"null", b"", b"7"])
async def test_what_is_no_answer_at_all_is_the_endpoints_fault(whole: bytes) -> None:
    async with small_server() as served:
        served.handler = lambda _: Reply(200, whole, {"Content-Type": "application/json"})
        rpc = Rpc([served.url], CHAIN_ID)
        with pytest.raises(ChainDown):
            await rpc.check()
        await rpc.close()


async def test_an_endless_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_answers, "MAX_ANSWER_BYTES", 256 * 1024)
    async with small_server() as served:
        answering(served, b'"0x' + b"00" * (256 * 1024) + b'"')
        rpc = Rpc([served.url], CHAIN_ID)
        with pytest.raises(ChainDown, match="UnfitAnswer"):
            await rpc.call(CONTRACT, b"")
        answering(served, b'"0x' + b"00" * 1024 + b'"')
        assert await rpc.call(CONTRACT, b"") == bytes(1024)
        await rpc.close()
