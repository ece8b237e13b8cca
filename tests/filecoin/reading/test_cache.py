from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.filecoin.piece_vectors import ramp
from vibesflow.errors import ProviderLied
from vibesflow.filecoin import PieceCid, piece_cid_of
from vibesflow.filecoin.reading.cache import PieceCache
from vibesflow.filecoin.reading.checks import LengthCheck, PieceCheck
from vibesflow.filecoin.reading.ipfs_cid import RAW, IpfsCid

DATA = ramp(200_000)
CID = piece_cid_of(DATA)
ROOM = 1_000_000


def keep(cache: PieceCache, data: bytes) -> PieceCid:
    cid = piece_cid_of(data)
    incoming = cache.incoming(PieceCheck(cid, "test"))
    incoming.write(data)
    cache.keep(cid, incoming)
    incoming.discard()
    return cid


def content(cache: PieceCache, cid: PieceCid | IpfsCid) -> bytes | None:
    file = cache.open(cid)
    if file is None:
        return None
    with file:
        return file.read()


def used_long_ago(folder: Path, cid: PieceCid, ago_s: float) -> None:
    """Move the last reading back; the content's own time stays."""
    path = folder / cid.text
    before = time.time_ns() - int(ago_s * 1e9)
    os.utime(path, ns=(before, path.stat().st_mtime_ns))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    cache = PieceCache(tmp_path / "made" / "when needed", ROOM)
    assert content(cache, CID) is None
    assert content(cache, keep(cache, DATA)) == DATA


def test_an_empty_piece_is_kept_too(tmp_path: Path) -> None:
    cache = PieceCache(tmp_path, ROOM)
    cid = piece_cid_of(b"")
    incoming = cache.incoming(PieceCheck(cid, "test"))
    cache.keep(cid, incoming)
    incoming.discard()
    assert content(cache, cid) == b""


@pytest.mark.parametrize("data", [DATA[:-1], b"\xff" + DATA[1:]])
def test_other_bytes_get_no_name(tmp_path: Path, data: bytes) -> None:
    cache = PieceCache(tmp_path, ROOM)
    incoming = cache.incoming(PieceCheck(CID, "test"))
    incoming.write(data)
    with pytest.raises(ProviderLied):
        cache.keep(CID, incoming)
    incoming.discard()
    assert names(tmp_path) == set()


def test_too_many_bytes_are_not_even_written(tmp_path: Path) -> None:
    incoming = PieceCache(tmp_path, ROOM).incoming(PieceCheck(CID, "test"))
    incoming.write(DATA)
    with pytest.raises(ProviderLied, match="more than 200000"):
        incoming.write(b"\0")
    incoming.discard()
    assert names(tmp_path) == set()


def test_nothing_is_written_after_the_end(tmp_path: Path) -> None:
    """A thread may still write for a caller who has given up."""
    cache = PieceCache(tmp_path, ROOM)
    incoming = cache.incoming(PieceCheck(CID, "test"))
    incoming.discard()
    incoming.write(DATA)
    assert names(tmp_path) == set()


def test_another_process_hashes_before_it_believes(tmp_path: Path) -> None:
    keep(PieceCache(tmp_path, ROOM), DATA)
    assert content(PieceCache(tmp_path, ROOM), CID) == DATA


@pytest.mark.parametrize("spoilt", [b"\xff" + DATA[1:], DATA[:-1], DATA + b"\0", b""])
def test_a_file_that_was_spoilt_is_dropped(tmp_path: Path, spoilt: bytes) -> None:
    cache = PieceCache(tmp_path, ROOM)
    keep(cache, DATA)
    (tmp_path / CID.text).write_bytes(spoilt)
    for reader in (cache, PieceCache(tmp_path, ROOM)):
        assert content(reader, CID) is None
    assert names(tmp_path) == set()


def test_reading_changes_nothing_about_the_trust(tmp_path: Path) -> None:
    cache = PieceCache(tmp_path, ROOM)
    keep(cache, DATA)
    before = dict(cache._checked)
    for _ in range(3):
        assert content(cache, CID) == DATA
    assert cache._checked == before


def test_what_was_read_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = PieceCache(tmp_path, ROOM)
    pieces = [keep(cache, bytes([number]) * 200_000) for number in range(4)]
    for ago_s, cid in enumerate(reversed(pieces), start=10):
        used_long_ago(tmp_path, cid, ago_s)
    assert content(cache, pieces[0]) is not None
    newest = keep(cache, bytes([9]) * 200_000)
    assert names(tmp_path) == {cid.text for cid in (pieces[0], *pieces[2:], newest)}


def test_the_folder_stays_within_its_room(tmp_path: Path) -> None:
    cache = PieceCache(tmp_path, ROOM)
    for number in range(60):
        keep(cache, number.to_bytes(1, "big") * (20_000 + number))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= ROOM


def test_without_room_the_newest_is_kept(tmp_path: Path) -> None:
    cache = PieceCache(tmp_path, 0)
    first = keep(cache, DATA)
    held = cache.open(first)
    second = keep(cache, DATA[1:])
    assert names(tmp_path) == {second.text}
    assert held is not None
    with held:
        assert held.read() == DATA


def test_what_a_crash_left_behind_goes(tmp_path: Path) -> None:
    cache = PieceCache(tmp_path, ROOM)
    for name, age_s in (("old.part", 7_200), ("young.part", 60)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (0, time.time() - age_s))
    keep(cache, DATA)
    assert names(tmp_path) == {"young.part", CID.text}


def test_content_of_ipfs_is_believed_by_who_checked_it_only(tmp_path: Path) -> None:
    """The hash of a tree's root does not tell whether the file is right."""
    cid = IpfsCid(RAW, bytes(32))
    cache = PieceCache(tmp_path, ROOM)
    incoming = cache.incoming(LengthCheck(100, "test"))
    incoming.write(b"x" * 100)
    with pytest.raises(ProviderLied):
        incoming.write(b"x")
    cache.keep(cid, incoming)
    incoming.discard()
    assert content(cache, cid) == b"x" * 100
    assert content(PieceCache(tmp_path, ROOM), cid) is None
