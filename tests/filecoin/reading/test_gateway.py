"""Files on IPFS through a gateway that may be wrong."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.filecoin.piece_vectors import ramp
from tests.filecoin.reading.shelf import Shelf, shelf
from tests.filecoin.reading.test_ipfs_cid import HELLO_LINE, HELLO_LINE_BLOCK
from tests.filecoin.small_server import Reply, Request, SmallServer, small_server, text
from vibesflow.errors import (
    PieceNotFound,
    ProviderDown,
    ProviderLied,
    ProviderRefused,
    VibesflowError,
)
from vibesflow.filecoin.reading import gateway as gateway_module
from vibesflow.filecoin.reading.ipfs_cid import DAG_PB, RAW, IpfsCid

LEAF_BYTES = 1_000


def varint(value: int) -> bytes:
    head = bytes([value & 0x7F | 0x80]) if value > 0x7F else b""
    return head + varint(value >> 7) if head else bytes([value])


def field_of(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


@dataclass
class Blocks:
    """A file cut into blocks, as IPFS does it."""

    held: dict[str, bytes] = field(default_factory=dict)

    def put(self, codec: int, block: bytes) -> IpfsCid:
        cid = IpfsCid(codec, hashlib.sha256(block).digest())
        self.held[cid.text] = block
        return cid

    def node(self, links: list[IpfsCid], data: bytes = b"", kind: int = 2) -> IpfsCid:
        spelled = [bytes([1, cid.codec]) + b"\x12\x20" + cid.digest for cid in links]
        inner = field_of(1, kind) + (field_of(2, data) if data else b"") + field_of(3, 7)
        linked = b"".join(
            field_of(2, field_of(1, cid) + field_of(2, b"") + field_of(3, 9)) for cid in spelled
        )
        return self.put(DAG_PB, linked + field_of(1, inner))

    def file(self, data: bytes, *, width: int = 5, raw_leaves: bool = True) -> IpfsCid:
        parts = [data[at : at + LEAF_BYTES] for at in range(0, len(data), LEAF_BYTES)]
        row = [self.put(RAW, part) if raw_leaves else self.node([], part) for part in parts]
        while len(row) > 1:
            row = [self.node(row[at : at + width]) for at in range(0, len(row), width)]
        return row[0]

    def answer(self, request: Request) -> Reply:
        block = self.held.get(request.path.removeprefix("/ipfs/"))
        good = request.target.endswith("?format=raw")
        return Reply(200, block) if good and block is not None else text(404, "not found")


@pytest.fixture
async def server() -> AsyncIterator[SmallServer]:
    async with small_server() as served:
        yield served


@pytest.fixture
async def shelved(server: SmallServer, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path, 0, ipfs_gateway=server.url, max_bytes=100_000) as opened:
        yield opened


@pytest.mark.parametrize("raw_leaves", [True, False])
@pytest.mark.parametrize("size", [1, LEAF_BYTES, 4_321, 61_234])
async def test_a_file_is_put_together_in_order(
    server: SmallServer, shelved: Shelf, size: int, raw_leaves: bool
) -> None:
    blocks = Blocks()
    server.handler = blocks.answer
    data = ramp(size)
    cid = blocks.file(data, raw_leaves=raw_leaves)
    assert await shelved.read(cid) == data
    asked = len(server.seen)
    assert await shelved.read(cid) == data
    assert len(server.seen) == asked


async def test_a_file_that_others_made(server: SmallServer, shelved: Shelf) -> None:
    server.handler = lambda _: Reply(200, HELLO_LINE_BLOCK)
    assert await shelved.read(IpfsCid.parse(HELLO_LINE)) == b"hello world\n"
    assert server.seen[0].headers["accept"] == "application/vnd.ipld.raw"


async def test_nodes_may_hold_bytes_besides_links_and_repeat_a_block(
    server: SmallServer, shelved: Shelf
) -> None:
    blocks = Blocks()
    server.handler = blocks.answer
    silence = blocks.put(RAW, b"\0" * 50)
    inner = blocks.node([silence, silence], b"inner")
    root = blocks.node([inner, silence, blocks.put(RAW, b"end")], b"root")
    zeros = b"\0" * 50
    assert await shelved.read(root) == b"root" + b"inner" + zeros * 3 + b"end"


async def test_a_redirect_is_followed(server: SmallServer, shelved: Shelf) -> None:
    """Public gateways send callers on to a host for each CID."""
    blocks = Blocks()
    cid = blocks.file(b"moved")
    async with small_server() as target:
        target.handler = blocks.answer
        server.handler = lambda r: text(301, "", Location=target.url + r.target)
        assert await shelved.read(cid) == b"moved"


@pytest.mark.parametrize("which", ["root", "leaf"])
async def test_a_wrong_block_anywhere_is_a_lie(
    server: SmallServer, shelved: Shelf, which: str
) -> None:
    blocks = Blocks()
    server.handler = blocks.answer
    root = blocks.file(ramp(20_000))
    leaf = next(reversed([name for name in blocks.held if name.startswith("bafkrei")]))
    spoilt = root.text if which == "root" else leaf
    blocks.held[spoilt] = b"\0" + blocks.held[spoilt][1:]
    with pytest.raises(ProviderLied, match="other bytes"):
        await shelved.read(root)
    assert shelved.names == set()


async def test_a_missing_leaf(server: SmallServer, shelved: Shelf) -> None:
    blocks = Blocks()
    server.handler = blocks.answer
    root = blocks.file(ramp(20_000))
    del blocks.held[next(iter(blocks.held))]
    with pytest.raises(PieceNotFound):
        await shelved.read(root)


@pytest.mark.parametrize(
    ("reply", "error"),
    [(text(404, ""), PieceNotFound), (text(410, ""), PieceNotFound), (text(504, ""), ProviderDown)],
)
async def test_what_the_gateway_says(
    server: SmallServer, shelved: Shelf, reply: Reply, error: type[VibesflowError]
) -> None:
    server.handler = lambda _: reply
    with pytest.raises(error):
        await shelved.read(IpfsCid.parse(HELLO_LINE))


async def test_what_is_no_file(server: SmallServer, shelved: Shelf) -> None:
    blocks = Blocks()
    server.handler = blocks.answer
    strange = [
        blocks.node([], kind=1),
        blocks.put(DAG_PB, b"\xff" * 30),
        blocks.put(DAG_PB, b"\x0a\x7f"),
        blocks.put(DAG_PB, b"\x0d\x01\x02\x03\x04"),
        blocks.put(DAG_PB, field_of(2, field_of(2, b"a link without a CID"))),
        blocks.put(DAG_PB, field_of(2, field_of(1, b"no CID"))),
    ]
    for cid in strange:
        with pytest.raises(ProviderRefused):
            await shelved.read(cid)


async def test_a_file_beyond_the_limit_is_given_up_on_the_way(
    server: SmallServer, shelved: Shelf
) -> None:
    blocks = Blocks()
    server.handler = blocks.answer
    root = blocks.file(ramp(200_000), width=50)
    with pytest.raises(ProviderLied, match="more than 100000"):
        await shelved.read(root)
    assert len(server.seen) < 130


async def test_a_block_beyond_the_limit(
    server: SmallServer, shelved: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "MAX_BLOCK_BYTES", 500)
    blocks = Blocks()
    server.handler = blocks.answer
    with pytest.raises(ProviderLied):
        await shelved.read(blocks.put(RAW, ramp(90_000)))


async def test_a_tree_without_end(
    server: SmallServer, shelved: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes that repeat one another describe exponentially many empty parts."""
    monkeypatch.setattr(gateway_module, "MAX_BLOCKS", 300)
    blocks = Blocks()
    server.handler = blocks.answer
    node = blocks.node([])
    for _ in range(40):
        node = blocks.node([node] * 40)
    with pytest.raises(ProviderRefused, match="more than 300 blocks"):
        await shelved.read(node)
    assert len(server.seen) <= 300


async def test_without_a_gateway_nobody_has_it(tmp_path: Path) -> None:
    async with shelf(tmp_path, 1) as opened:
        with pytest.raises(PieceNotFound, match="no gateway"):
            await opened.read(IpfsCid.parse(HELLO_LINE))
        assert opened.asked == [0]
