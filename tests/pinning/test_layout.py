"""CIDs of files by layout: known ones, and trees that the reading side finds its way through."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest

from vibesflow.filecoin.reading.gateway import file_bytes
from vibesflow.filecoin.reading.ipfs_cid import IpfsCid
from vibesflow.pinning.judging import Witness
from vibesflow.pinning.layout import LAYOUTS, FileHasher, Layout


def blocks_of(data: bytes, layout: Layout) -> dict[str, bytes]:
    hasher = FileHasher(layout)
    hasher.update(data)
    found, at = {}, 0
    for block in hasher.blocks():
        found[block.text] = block.node or data[at : at + block.file_bytes]
        at += 0 if block.node else block.file_bytes
    return found


def test_a_short_file_is_one_raw_block() -> None:
    hasher = FileHasher(LAYOUTS[0])
    hasher.update(b"hello ")
    hasher.update(b"world")
    (block,) = hasher.blocks()
    assert block.text == "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"


@pytest.mark.parametrize("size", [0, 1, 1_000, 1_001, 3_000, 9_000, 10_007])
async def test_a_tree_reads_back_as_the_file(size: int) -> None:
    data = random.Random(size).randbytes(size)  # noqa: S311 - test data
    blocks = blocks_of(data, Layout(1_000, 3))
    root = IpfsCid.parse(list(blocks)[-1])

    async def fetch(cid: IpfsCid) -> bytes:
        block = blocks[cid.text]
        assert cid.names(block)
        return block

    assert b"".join([part async for part in file_bytes(fetch, root)]) == data


async def test_a_witness_knows_the_layouts_in_use_and_refutes_another_raw_block() -> None:
    data = random.Random(7).randbytes(300_000)  # noqa: S311 - test data

    async def source() -> AsyncIterator[bytes]:
        yield data[:1_000]
        yield data[1_000:]

    witness = Witness()
    assert b"".join([block async for block in witness.watch(source)]) == data
    for layout in LAYOUTS:
        assert witness.knows(list(blocks_of(data, layout))[-1])
    other_tree = list(blocks_of(data, Layout(1_000, 3)))[-1]
    assert (witness.knows(other_tree), witness.refutes(other_tree)) == (False, False)
    assert witness.refutes("bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e")
