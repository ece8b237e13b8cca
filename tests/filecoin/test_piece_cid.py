from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.filecoin.piece_vectors import VECTORS, Vector
from vibesflow.errors import InvalidPieceCid
from vibesflow.filecoin.piece_cid import MAX_PIECE_BYTES, MIN_PIECE_BYTES, PieceCid

Z127 = "bafkzcibcaabdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"
Z127_ROOT = bytes.fromhex("3731bb99ac689f66eef5973e4a94da188f4ddcae580724fc6f3fd60dfd488333")
Z127_BYTES = bytes.fromhex("01559120220002") + Z127_ROOT


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.kind}-{vector.size}")
def test_every_vector_reads_and_writes_back(vector: Vector) -> None:
    cid = PieceCid.parse(vector.text)
    assert (cid.raw_size, cid.height, cid.padding) == (vector.size, vector.height, vector.padding)
    assert cid.padded_size == 32 * 2**vector.height
    assert cid.text == str(cid) == vector.text
    assert cid.to_v1_text() == vector.v1_text
    assert PieceCid.from_bytes(cid.to_bytes()) == cid


def test_binary_form_and_root() -> None:
    cid = PieceCid.parse(Z127)
    assert cid.to_bytes() == Z127_BYTES
    assert cid.root == Z127_ROOT


def test_limits_are_those_of_the_providers() -> None:
    assert MIN_PIECE_BYTES == 127
    assert MAX_PIECE_BYTES == 2**30 * 127 // 128


@given(
    height=st.integers(2, 50),
    share=st.floats(0, 1),
    root=st.binary(min_size=32, max_size=32).map(lambda r: r[:31] + bytes([r[31] & 0x3F])),
)
def test_any_consistent_cid_survives_text_and_bytes(height: int, share: float, root: bytes) -> None:
    raw_size = int(share * 127 * 2 ** (height - 2))
    cid = PieceCid.for_payload(raw_size, height, root)
    assert cid.raw_size == raw_size
    assert PieceCid.parse(cid.text) == PieceCid.from_bytes(cid.to_bytes()) == cid


@given(st.text() | st.text("abcdefghijklmnopqrstuvwxyz234567=").map(lambda t: "bafkzcib" + t))
def test_no_other_text_is_taken(text: str) -> None:
    with suppress(InvalidPieceCid):
        assert PieceCid.parse(text).text == text


@given(st.binary().map(lambda data: bytes.fromhex("01559120") + data))
def test_no_other_bytes_are_taken(data: bytes) -> None:
    with suppress(InvalidPieceCid):
        assert PieceCid.from_bytes(data).to_bytes() == data


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "after a 'b'"),
        ("b", "other codes"),
        (Z127.upper(), "lower-case"),
        ("B" + Z127[1:], "lower-case"),
        (Z127[1:], "lower-case|not base32|other codes"),
        (Z127 + "=", "lower-case"),
        ("b\N{SNOWMAN}", "lower-case"),
        (Z127[:-1] + "1", "not base32"),
        (Z127[:-1] + "z", "beyond its last byte"),
        ("baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy", "v1"),
        ("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi", "other codes"),
    ],
)
def test_wrong_text_is_named(text: str, why: str) -> None:
    with pytest.raises(InvalidPieceCid, match=why):
        PieceCid.parse(text)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "other codes"),
        (Z127_BYTES[:4], "does not end"),
        (Z127_BYTES[:-1], "not the length of its digest"),
        (Z127_BYTES + b"\0", "not the length of its digest"),
        (bytes.fromhex("015591202100") + Z127_ROOT, "32-byte root"),
        (bytes.fromhex("01559120220001") + Z127_ROOT, "height of 2 to 50"),
        (bytes.fromhex("01559120220033") + Z127_ROOT, "height of 2 to 50"),
        (bytes.fromhex("0155912023800002") + Z127_ROOT, "written too long"),
        (bytes.fromhex("0155912023800102") + Z127_ROOT, "more padding"),
        (bytes.fromhex("015591202b") + b"\xff" * 9 + b"\x01\x02" + Z127_ROOT, "does not end"),
        (bytes.fromhex("01559120220002") + Z127_ROOT[:-1] + b"\x73", "top two bits"),
    ],
)
def test_wrong_bytes_are_named(data: bytes, why: str) -> None:
    with pytest.raises(InvalidPieceCid, match=why):
        PieceCid.from_bytes(data)


@pytest.mark.parametrize(
    ("padding", "height", "root"),
    [(-1, 2, Z127_ROOT), (128, 2, Z127_ROOT), (0, 2, Z127_ROOT[:-1]), (0, 51, Z127_ROOT)],
)
def test_contradicting_parts_do_not_make_a_cid(padding: int, height: int, root: bytes) -> None:
    with pytest.raises(InvalidPieceCid):
        PieceCid(padding, height, root)
