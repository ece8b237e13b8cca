"""The chain's journal is right however it was left."""

from __future__ import annotations

from pathlib import Path

import pytest

from devnet.chain.journal import Change, Journal, write_whole

SENT = Change("0x01")
MINED = Change(None, 7, 1_700_000_000)
BOTH = Change("0x02", 8, 1_700_000_001)


def _journal(path: Path, *changes: Change) -> Journal:
    journal = Journal(path)
    journal.open()
    for change in changes:
        journal.append(change)
    return journal


def test_what_was_appended_is_there_without_closing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = _journal(path, SENT, MINED, BOTH)
    second = Journal(path)
    assert second.open() == (SENT, MINED, BOTH)
    second.close()
    first.close()


def test_a_last_line_that_is_cut_short_is_taken_off_at_any_place(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    _journal(path, SENT, BOTH).close()
    whole = path.read_bytes()
    for length in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:length])
        journal = Journal(path)
        assert journal.open() == (SENT,)
        journal.append(MINED)
        journal.close()
        again = Journal(path)
        assert again.open() == (SENT, MINED)
        again.close()


def test_a_journal_begins_anew_with_what_is_still_to_be_done(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = _journal(path, SENT, MINED)
    journal.replace([SENT])
    journal.append(BOTH)
    journal.close()
    again = Journal(path)
    assert again.open() == (SENT, BOTH)
    again.close()


def test_nothing_is_written_to_a_closed_journal(tmp_path: Path) -> None:
    journal = _journal(tmp_path / "journal")
    journal.close()
    with pytest.raises(ValueError, match="not open"):
        journal.append(SENT)


def test_a_file_is_replaced_as_a_whole_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]
