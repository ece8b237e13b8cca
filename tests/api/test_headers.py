from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from api.ingest.headers import (
    REQUIRED,
    audio_type,
    content_length,
    read_claims,
    refuse_encoded,
)
from tests.samples import CREATOR, RTA, T0_MS, chunk_id_of
from vibesflow.errors import InvalidChunkId, InvalidHeader, InvalidRtaId

GOOD = {"X-Rta-Id": RTA, "X-Chunk-Id": chunk_id_of(4), "X-Creator": CREATOR}


def claims_of(**changes):
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    return read_claims(Headers({**GOOD, **named}))


def test_defaults():
    claims = claims_of()
    assert claims.started_at_ms == claims.chunk_id.epoch_ms == T0_MS + 4 * 60_000
    assert claims.session_started_at_ms == 0
    assert (claims.participants, claims.producer, claims.duration_ms) == (1, "", 0)
    offer = claims.offer(content_type="audio/webm")
    assert (offer.chunk_id, offer.rta_id, offer.is_final) == (chunk_id_of(4), RTA, False)


def test_everything_said():
    claims = claims_of(
        X_Chunk_Timestamp=" 1712345679000 ",
        X_Start_Time=str(T0_MS),
        X_Participant_Count="12",
        X_Is_Final="true",
        X_Producer="stage-left",
        X_Duration_Ms="59980",
    )
    assert claims.started_at_ms == 1_712_345_679_000
    assert claims.session_started_at_ms == T0_MS
    assert (claims.participants, claims.duration_ms) == (12, 59_980)
    assert (claims.producer, claims.is_final) == ("stage-left", True)


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, "", "   "])
def test_each_required_header_is_named_when_it_is_missing(name, value):
    headers = {k: v for k, v in GOOD.items() if k != name}
    if value is not None:
        headers[name] = value
    with pytest.raises(InvalidHeader, match=rf"Missing required headers: {name}$"):
        read_claims(Headers(headers))


def test_all_missing_headers_are_named_at_once():
    with pytest.raises(InvalidHeader, match="X-Chunk-Id, X-Rta-Id, X-Creator"):
        read_claims(Headers({}))


@pytest.mark.parametrize(
    "rta_id",
    ["../../etc/passwd", "a/b", "a\\b", ".hidden", "-x", "a b", "ré", "x" * 129, "a\x00b", "a#b"],
)
def test_stream_ids_outside_the_alphabet(rta_id):
    with pytest.raises(InvalidRtaId):
        claims_of(X_Rta_Id=rta_id, X_Chunk_Id=f"{rta_id}_chunk_001_1")


@pytest.mark.parametrize(
    "chunk_id",
    [
        "nonsense",
        f"{RTA}_chunk_001",
        f"{RTA}_chunk_x_1712345678901",
        f"{RTA}_chunk_-1_1712345678901",
        f"{RTA}_chunk_123456789_1712345678901",
        f"{RTA}_chunk_001_17123456789012",
        f"{RTA}_chunk_001_1712345678901_finale",
        f"other_{RTA}_chunk_001_1712345678901",
        f"../{RTA}_chunk_001_1712345678901",
        f"{RTA}_chunk_\u0661_1712345678901".encode().decode("latin-1"),
        "x" * 10_000,
    ],
)
def test_chunk_ids_that_do_not_parse_or_name_another_stream(chunk_id):
    with pytest.raises((InvalidChunkId, InvalidRtaId)):
        claims_of(X_Chunk_Id=chunk_id)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Chunk-Timestamp", "yesterday"),
        ("X-Chunk-Timestamp", "-1"),
        ("X-Chunk-Timestamp", "10000000000000"),
        ("X-Start-Time", "2024-04-05T19:34:38Z"),
        ("X-Start-Time", "1e12"),
        ("X-Participant-Count", "NaN"),
        ("X-Participant-Count", "-3"),
        ("X-Participant-Count", "1000001"),
        ("X-Duration-Ms", "86400001"),
        ("X-Is-Final", "perhaps"),
        ("X-Creator", "x" * 129),
        ("X-Creator", "a\x07b"),
        ("X-Creator", "caf\xe9"),
        ("X-Producer", "p" * 65),
    ],
)
def test_headers_that_cannot_be_read(name, value):
    with pytest.raises(InvalidHeader, match=name):
        read_claims(Headers({**GOOD, name: value}))


@pytest.mark.parametrize(
    ("value", "expected"), [("1712345678901.5", 1_712_345_678_901), ("0", 0), ("", 0)]
)
def test_times_of_browsers_may_have_a_fraction(value, expected):
    assert claims_of(X_Start_Time=value).session_started_at_ms == expected


def test_a_doubled_header_is_refused():
    raw = [(k.lower().encode(), v.encode()) for k, v in GOOD.items()]
    with pytest.raises(InvalidHeader, match="2 times"):
        read_claims(Headers(raw=[*raw, (b"x-rta-id", b"other")]))


def test_creators_may_be_utf8():
    name = "Zoë Ångström"
    assert claims_of(X_Creator=name.encode().decode("latin-1")).creator == name


@pytest.mark.parametrize("by", ["header", "body", "id"])
def test_any_of_three_may_carry_the_final_marker(by):
    chunk_id = chunk_id_of(4, is_final=by == "id")
    claims = claims_of(X_Chunk_Id=chunk_id, X_Is_Final=str(by == "header"))
    assert claims.offer(content_type="audio/webm", is_final=by == "body").is_final


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("audio/webm", "audio/webm"),
        (" Audio/WebM;codecs=opus ", "audio/webm;codecs=opus"),
        ('audio/ogg; codecs="opus, vorbis"', 'audio/ogg; codecs="opus, vorbis"'),
        ("audio/x-m4a", "audio/x-m4a"),
        ("video/webm", None),
        ("audio/", None),
        ("audio/webm\r\nX-Evil: 1", None),
        ("audio/webm; <script>", None),
        ("audio/" + "a" * 100, None),
    ],
)
def test_media_types(text, expected):
    assert audio_type(text) == expected


def test_compressed_bodies_are_refused():
    refuse_encoded(Headers({"Content-Encoding": "identity"}))
    with pytest.raises(InvalidHeader, match="gzip"):
        refuse_encoded(Headers({"Content-Encoding": "gzip"}))


@pytest.mark.parametrize(("text", "size"), [("12", 12), ("", None), ("-1", None), ("²", None)])
def test_announced_sizes(text, size):
    assert content_length(Headers({"Content-Length": text})) == size
