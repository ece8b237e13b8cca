from __future__ import annotations

import base64
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.bodies import check_size, json_limit_bytes
from api.ingest.json_body import JsonBody
from vibesflow.errors import ChunkTooLarge, ChunkTooSmall, InvalidBody

AUDIO = bytes(range(256)) * 4


def body(**fields):
    said = {"audioData": base64.b64encode(AUDIO).decode(), **fields}
    return json.dumps(said).encode()


def decode_json(raw, blocks=(1_000,)):
    """Feed a body in blocks of these sizes, again and again; return audio and facts."""
    body, audio, at, turn = JsonBody(), b"", 0, 0
    while at < len(raw):
        size = blocks[turn % len(blocks)]
        audio += body.feed(raw[at : at + size])
        at, turn = at + size, turn + 1
    return audio, body.finish()


def test_the_body_of_the_existing_client():
    audio, chunk = decode_json(
        body(chunkId="c", metadata={"audioFormat": "webm-opus", "channels": 2})
    )
    assert audio == AUDIO
    assert (chunk.content_type, chunk.is_final) == ("audio/webm", False)


@pytest.mark.parametrize(
    ("said", "final"), [(True, True), ("true", True), (False, False), (0, False)]
)
def test_final_marker(said, final):
    assert decode_json(body(isFinalChunk=said))[1].is_final is final


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"mimeType": "audio/ogg;codecs=opus"}, "audio/ogg;codecs=opus"),
        ({"mimeType": "text/html", "type": "audio/mp4"}, "audio/mp4"),
        ({"mimeType": "text/html"}, "audio/webm"),
        ({"mimeType": 7, "duration": "NaN"}, "audio/webm"),
        (None, "audio/webm"),
        ("a string", "audio/webm"),
        ([1, 2], "audio/webm"),
    ],
)
def test_metadata_may_be_anything(metadata, expected):
    assert decode_json(body(metadata=metadata))[1].content_type == expected


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b"1" * 5_000, "not JSON"),
        (b'{"audioData": "QUJD"} {}', "not JSON"),
        (b"[]", "not an object"),
        (b'"audioData"', "not an object"),
        (b"null", "not an object"),
        (b"{}", "missing"),
        (b'{"audioData": null}', "missing"),
        (b'{"audioData": 12}', "missing"),
        (b'{"audioData": ["QUJD"]}', "missing"),
        (b'{"audioData": ""}', "empty"),
        (b'{"audioData": "QUJ"}', "not base64"),
        (b'{"audioData": "QUJD!"}', "not base64"),
        (b'{"audioData": "QU JD"}', "not base64"),
        (b'{"audioData": "QQ==QQ=="}', "not base64"),
        ('{"audioData": "QUJ\u00e9"}'.encode(), "not base64"),
        (b'{"audioData": "\\ud800"}', "not base64"),
        (b'{"audioData": "QUJD\\"}', "not base64"),
        (b'{"audioData": "QUJD", "audioData": "QUJD"}', "twice"),
        (b'{"metadata": {"audioData": "QUJD"}}', "missing"),
        (b'{"a": "audioData", "b": ["audioData", "QUJD"]}', "missing"),
        (b'{"metadata": "' + b"x" * 70_000 + b'", "audioData": "QUJD"}', "not JSON"),
        (b'{"audioData": "data:audio/webm;base64,QUJD"}', "not base64"),
    ],
)
def test_bodies_that_cannot_be_decoded(raw, words):
    with pytest.raises(InvalidBody, match=words):
        decode_json(raw)


@given(
    audio=st.binary(min_size=1, max_size=300),
    before=st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3),
    after=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=9,
    ),
    blocks=st.lists(st.integers(1, 40), min_size=1, max_size=9),
    escaping=st.sampled_from(["none", "slashes", "all"]),
    indent=st.sampled_from([None, 1]),
)
def test_audio_comes_out_however_the_body_is_cut_and_spelt(
    audio, before, after, blocks, escaping, indent
):
    text = base64.b64encode(audio).decode()
    said = {**before, "audioData": "@@", "metadata": after, "isFinalChunk": True}
    spelt = {
        "none": text,
        "slashes": text.replace("/", "\\/"),
        "all": "".join(f"\\u{ord(character):04x}" for character in text),
    }[escaping]
    raw = json.dumps(said, indent=indent).replace('"audioData": "@@"', f'"audioData": "{spelt}"', 1)
    decoded, facts = decode_json(raw.encode(), blocks)
    assert (decoded, facts.is_final) == (audio, True)


@given(raw=st.binary(max_size=200), blocks=st.lists(st.integers(1, 20), min_size=1, max_size=3))
def test_any_bytes_are_refused_in_words(raw, blocks):
    with pytest.raises(InvalidBody):
        decode_json(raw, blocks)


@pytest.mark.parametrize("size", [1, 126])
def test_too_small(size):
    with pytest.raises(ChunkTooSmall, match="127"):
        check_size(size, 1_000)


def test_edges_of_the_size():
    check_size(127, 1_000)
    check_size(1_000, 1_000)
    with pytest.raises(ChunkTooLarge):
        check_size(1_001, 1_000)


@pytest.mark.parametrize("size", [127, 128, 129, 10_000])
def test_the_largest_chunk_fits_its_json_limit(size):
    encoded = base64.b64encode(bytes(size))
    assert len(encoded) <= json_limit_bytes(size) - 64 * 1024


@pytest.fixture
def deep_recursion():
    """What an imported library may do: py_ecc raises the limit to 100,000 frames."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("deep_recursion")
def test_nesting_cannot_break_the_process():
    with pytest.raises(InvalidBody, match="not JSON"):
        decode_json(b"[" * 1_000_000)
