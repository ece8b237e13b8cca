from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibesflow.errors import InvalidChunkId, InvalidRtaId
from vibesflow.stream.ids import check_rta_id, format_chunk_id, parse_chunk_id

RTA_IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,60}", fullmatch=True)


@pytest.mark.parametrize(
    "text", ["rta_1763829000000_a1b2c3", "metis_vibe_12", "metis_vibe_17_zz9z9z", "a", "a" * 96]
)
def test_ids_of_old_clients_are_taken(text: str) -> None:
    assert check_rta_id(text) == text


@pytest.mark.parametrize(
    "text", ["", "a" * 97, "../etc", "a/b", "a b", "ä", "_x", ".x", "a\n", "a\x00"]
)
def test_other_ids_are_refused(text: str) -> None:
    with pytest.raises(InvalidRtaId):
        check_rta_id(text)


def test_a_chunk_id_is_parsed_from_the_right() -> None:
    found = parse_chunk_id("rta_chunk_9_chunk_007_1763829000123_final")
    assert (found.rta_id, found.sequence, found.epoch_ms, found.is_final) == (
        "rta_chunk_9",
        7,
        1763829000123,
        True,
    )
    assert found.key == "C#1763829000123#00000007#1"
    assert found.staging_key == "rta_chunk_9/1763829000123-00000007-1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rta_1",
        "rta_1_chunk_1",
        "rta_1_chunk_x_1",
        "rta_1_chunk_1_2_last",
        "_chunk_1_2",
        "rta_1_chunk_123456789_1",
        "rta_1_chunk_1_12345678901234",
        "rta_1_chunk_\u0661_2",
        "rta_1_chunk_1_2\n",
    ],
)
def test_a_chunk_id_that_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises((InvalidChunkId, InvalidRtaId)):
        parse_chunk_id(text)


def test_a_chunk_id_of_another_stream_is_refused() -> None:
    with pytest.raises(InvalidChunkId, match="names stream 'rta_1'"):
        parse_chunk_id("rta_1_chunk_001_5", "rta_2")


def test_two_spellings_of_one_chunk_share_their_key() -> None:
    assert parse_chunk_id("a_chunk_7_5").key == parse_chunk_id("a_chunk_0007_5").key


@given(RTA_IDS, st.integers(0, 99_999_999), st.integers(0, 9_999_999_999_999), st.booleans())
def test_what_is_spelled_is_parsed(rta_id: str, sequence: int, ms: int, final: bool) -> None:
    found = parse_chunk_id(format_chunk_id(rta_id, sequence, ms, is_final=final), rta_id)
    assert (found.rta_id, found.sequence, found.epoch_ms, found.is_final) == (
        rta_id,
        sequence,
        ms,
        final,
    )
