from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.filecoin.piece_vectors import zeros
from vibesflow.errors import InvalidPieceCid
from vibesflow.filecoin import PieceCid, piece_cid_of
from vibesflow.filecoin.reading.cids import parse_cid
from vibesflow.filecoin.reading.ipfs_cid import DAG_PB, RAW, IpfsCid

EMPTY_RAW = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
HELLO_LINE = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"
HELLO_LINE_BLOCK = bytes.fromhex("0a120802120c") + b"hello world\n" + bytes.fromhex("180c")


def test_a_raw_block_and_its_name() -> None:
    cid = IpfsCid.parse(EMPTY_RAW)
    assert (cid.codec, cid.text) == (RAW, EMPTY_RAW)
    assert cid.names(b"")
    assert not cid.names(b"x")


def test_version_0_and_its_text_in_version_1() -> None:
    cid = IpfsCid.parse(HELLO_LINE)
    assert cid == IpfsCid(DAG_PB, hashlib.sha256(HELLO_LINE_BLOCK).digest())
    assert cid.text.startswith("bafybei")
    assert IpfsCid.parse(cid.text) == cid


@given(st.binary(min_size=32, max_size=32), st.sampled_from([RAW, DAG_PB]))
def test_text_and_back(digest: bytes, codec: int) -> None:
    assert parse_cid(IpfsCid(codec, digest).text) == IpfsCid(codec, digest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "Qm",
        "x",
        "bafy",
        "bafk",
        "bafybei",
        EMPTY_RAW[:-1],
        EMPTY_RAW + "a",
        EMPTY_RAW.upper(),
        "bafk" + EMPTY_RAW[4:].upper(),
        EMPTY_RAW[:-2] + "1=",
        HELLO_LINE[:-1],
        HELLO_LINE[:-1] + "0",
        "Qm" + "z" * 44,
        "Qm" + "ß" * 44,
        "bafyß",
        # SHA-512, as BLAKE or any other hash, cannot be checked here
        "bafkrgqgpqpqt2ljy",
        # dag-cbor
        "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
        piece_cid_of(zeros(127)).to_v1_text(),
        piece_cid_of(zeros(127)).text + "aaaa",
        "b" * 10_000,
    ],
)
def test_what_is_no_cid(text: str) -> None:
    with pytest.raises(InvalidPieceCid):
        parse_cid(text)


@given(st.text(max_size=140))
def test_nothing_else_is_raised(text: str) -> None:
    for spelled in (text, "Qm" + text, "bafy" + text, "bafkzcib" + text):
        try:
            parse_cid(spelled)
        except InvalidPieceCid as error:
            assert len(error.message) < 200  # noqa: PT017 - most are refused, none may burst


def test_pieces_are_pieces() -> None:
    cid = piece_cid_of(zeros(500))
    assert isinstance(parse_cid(cid.text), PieceCid)
    assert parse_cid(cid.text) == cid
