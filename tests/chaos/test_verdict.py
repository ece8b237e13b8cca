"""The judge can say no: each kind of broken promise is seen."""

from __future__ import annotations

from collections import Counter
from typing import cast

from devnet.ready import Ready
from tests.chaos.verdict import Judge, Promises, Verdict
from vibesflow.ledger import DynamoLedger
from vibesflow.stream.records import ChunkRow, RowCopy, RowStatus


def _row(number: int, *, sha256: str = "aa", data_sets: tuple[int, ...] = (1, 2)) -> ChunkRow:
    return ChunkRow(
        rta_id="s",
        chunk_id=f"s_chunk_{number:03d}_{number}",
        status=RowStatus.UPLOADED,
        sequence=number,
        session_started_at_ms=0,
        started_at_ms=0,
        creator="c.near",
        size=200,
        sha256=sha256,
        piece_cid=f"cid-{sha256}",
        copies=tuple(
            RowCopy(provider_id=n, base_url="http://p/piece/", data_set_id=n, piece_id=0)
            for n in data_sets
        ),
        written_at="2026-01-01T00:00:00Z",
    )


def _found(rows: list[ChunkRow], on_chain: dict[int, list[str]], offers: int = 1) -> Verdict:
    promises = Promises(offers=Counter({("s", "aa"): offers}))
    judge = Judge(promises, cast("DynamoLedger", None), cast("Ready", None), 2)
    judge.check_rows({"s": rows})
    judge.check_chain({"s": rows}, on_chain)
    return judge.verdict


def test_a_kept_promise_is_called_so() -> None:
    assert _found([_row(0)], {1: ["cid-aa"], 2: ["cid-aa"]}).is_good


def test_a_piece_paid_twice_in_a_data_set_is_doubled() -> None:
    found = _found([_row(0)], {1: ["cid-aa", "cid-aa"], 2: ["cid-aa"]})
    assert found.doubled == ["cid-aa: 2 times in data set 1"]


def test_a_piece_paid_where_no_row_knows_is_doubled() -> None:
    found = _found([_row(0)], {1: ["cid-aa"], 2: ["cid-aa"], 3: ["cid-aa"]})
    assert found.doubled == ["cid-aa: paid in data set 3, no row says so"]


def test_a_copy_that_is_not_on_chain_is_lost() -> None:
    assert _found([_row(0)], {1: ["cid-aa"], 2: []}).lost == ["cid-aa: not in data set 2"]


def test_more_rows_than_offers_are_doubled() -> None:
    rows, on_chain = [_row(0), _row(1)], {1: ["cid-aa"], 2: ["cid-aa"]}
    assert _found(rows, on_chain).doubled == ["s: 2 rows of aa"]
    assert _found(rows, on_chain, offers=2).is_good
