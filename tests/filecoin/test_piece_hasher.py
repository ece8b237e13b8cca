from __future__ import annotations

import hashlib
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.filecoin.piece_vectors import VECTORS, Vector, ramp
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.piece_hasher import SEGMENT_BYTES, PieceHasher, piece_cid_of


def slow_piece_cid(data: bytes) -> PieceCid:
    """The definition, step by step, on the whole payload: bits first, then the full tree."""
    quads = max(1, -(-len(data) // 127))
    quads = 1 << (quads - 1).bit_length()
    payload = data + bytes(127 * quads - len(data))
    row: list[bytes] = []
    for at in range(0, len(payload), 127):
        quad = int.from_bytes(payload[at : at + 127], "little")
        limbs = [(quad >> (254 * limb)) % 2**254 for limb in range(4)]
        row.extend(limb.to_bytes(32, "little") for limb in limbs)
    height = 0
    while len(row) > 1:
        row = [slow_parent(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        height += 1
    return PieceCid(127 * quads - len(data), height, row[0])


def slow_parent(left: bytes, right: bytes) -> bytes:
    digest = hashlib.sha256(left + right).digest()
    return digest[:31] + bytes([digest[31] & 0x3F])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.kind}-{vector.size}")
def test_every_vector(vector: Vector) -> None:
    assert piece_cid_of(vector.payload()).text == vector.text


@given(st.binary(max_size=3000))
def test_short_payloads_match_the_definition(data: bytes) -> None:
    assert piece_cid_of(data) == slow_piece_cid(data)


def _sizes_around_segments() -> st.SearchStrategy[int]:
    edges = st.sampled_from([127, 128 * 127, SEGMENT_BYTES])
    near = st.tuples(edges, st.integers(0, 5), st.integers(-130, 130))
    return near.map(lambda parts: max(0, parts[0] * parts[1] + parts[2]))


@settings(max_examples=40, deadline=None)
@given(size=_sizes_around_segments(), seed=st.binary(min_size=1, max_size=40), cuts=st.data())
def test_any_split_gives_the_definition(size: int, seed: bytes, cuts: st.DataObject) -> None:
    data = (seed * (size // len(seed) + 1))[:size]
    points = sorted(cuts.draw(st.lists(st.integers(0, size), max_size=6)))
    hasher = PieceHasher()
    for start, end in zip([0, *points], [*points, size], strict=True):
        hasher.update(memoryview(data)[start:end])
    assert hasher.size == size
    assert hasher.piece_cid() == slow_piece_cid(data)


@pytest.mark.parametrize("segments", range(1, 10))
@pytest.mark.parametrize("extra", [-1, 0, 1, 127 * 300])
def test_every_shape_of_the_counter(segments: int, extra: int) -> None:
    data = ramp(segments * SEGMENT_BYTES + extra)
    assert piece_cid_of(data) == slow_piece_cid(data)


def test_a_copy_goes_its_own_way() -> None:
    data = ramp(3 * SEGMENT_BYTES + 500)
    first = PieceHasher()
    first.update(data[:200_000])
    second = first.copy()
    first.update(data[200_000:])
    second.update(b"other")
    assert first.piece_cid() == piece_cid_of(data)
    assert second.piece_cid() == piece_cid_of(data[:200_000] + b"other")


def test_the_cid_can_be_asked_for_on_the_way() -> None:
    hasher = PieceHasher()
    for size in (100, 5 * SEGMENT_BYTES, 6 * SEGMENT_BYTES + 7):
        hasher.update(ramp(size)[hasher.size :])
        assert hasher.piece_cid() == hasher.piece_cid() == piece_cid_of(ramp(size))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_like_portion(kind: type[bytes]) -> None:
    hasher = PieceHasher()
    hasher.update(kind(ramp(1000)))
    assert hasher.piece_cid() == piece_cid_of(ramp(1000))


def test_memory_stays_small_however_long_the_payload() -> None:
    block = ramp(256 * 1024)
    hasher = PieceHasher()
    hasher.update(block)
    tracemalloc.start()
    try:
        for _ in range(20):
            hasher.update(block)
        hasher.piece_cid()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2_000_000


def test_hashing_is_not_slower_by_an_order_than_promised() -> None:
    """The promise is 60 MB/s on a free core; a tenth of it catches an accidental quadratic."""
    data = ramp(4 * 2**20)
    started = time.perf_counter()
    piece_cid_of(data)
    assert len(data) / (time.perf_counter() - started) > 6e6
