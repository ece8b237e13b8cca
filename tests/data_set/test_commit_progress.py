"""When a provider that was asked to commit has had its chance."""

from __future__ import annotations

import pytest

from activities.commit_progress import (
    BUSY_FOR,
    GIVE_UP_AFTER,
    MOST_FAILED,
    PENDING_FOR,
    CommitProgress,
)
from vibesflow.errors import (
    ChainDown,
    CommitUnknown,
    NotConfirmedYet,
    ProviderBusy,
    ProviderDown,
    ProviderFault,
    ProviderRefused,
    TransactionFailed,
    VibesflowError,
)
from vibesflow.filecoin import Submitted

PATIENCE_S = GIVE_UP_AFTER.total_seconds()


def after(progress: CommitProgress, error: VibesflowError, at_s: float) -> ProviderRefused | None:
    """What an attempt that failed at a time comes to, through a heartbeat and back."""
    progress.note_error(error, at_s=at_s)
    seen = CommitProgress.model_validate_json(progress.model_dump_json())
    return seen.refusal(error, at_s=at_s)


@pytest.mark.parametrize(
    "error", [ProviderDown("refused"), ProviderFault("what?"), CommitUnknown("500")]
)
def test_a_provider_that_only_fails_is_given_up_in_time(error: VibesflowError) -> None:
    progress = CommitProgress()
    assert after(progress, error, 1_000) is None
    assert after(progress, error, 1_000 + PATIENCE_S - 1) is None
    refusal = after(progress, error, 1_000 + PATIENCE_S)
    assert refusal is not None
    assert str(refusal) == f"gave up after 5 min: {error}"


def test_a_slow_chain_is_no_fault_of_the_provider() -> None:
    progress = CommitProgress()
    progress.note_submitted(Submitted(tx_hash="0x1", data_set_id=7), at_s=0)
    for at_s in range(0, 20_000, 600):
        assert after(progress, NotConfirmedYet("no receipt yet"), at_s) is None
    assert after(progress, ProviderDown("a blip"), 20_000) is None
    assert after(progress, NotConfirmedYet("no receipt yet"), 20_200) is None
    assert after(progress, ProviderDown("a blip"), 20_400) is None
    assert progress.submitted == Submitted(tx_hash="0x1", data_set_id=7)


def test_a_transaction_that_stays_pending_is_given_up_after_hours() -> None:
    progress = CommitProgress()
    progress.note_submitted(Submitted(tx_hash="0x1", data_set_id=7), at_s=1_000)
    end_s = 1_000 + PENDING_FOR.total_seconds()
    assert after(progress, NotConfirmedYet("no receipt yet"), end_s - 1) is None
    assert after(progress, ChainDown("no endpoint"), 10 * end_s) is None, "it may have landed"
    refusal = after(progress, NotConfirmedYet("0x1 has no receipt yet"), end_s)
    assert str(refusal) == "gave up after 6 h: 0x1 has no receipt yet"


@pytest.mark.parametrize("error", [ProviderBusy("429"), NotConfirmedYet("no such data set")])
def test_a_provider_that_turns_the_commit_away_has_longer(error: VibesflowError) -> None:
    progress = CommitProgress()
    assert after(progress, error, 0) is None
    assert after(progress, error, PATIENCE_S) is None
    assert after(progress, error, BUSY_FOR.total_seconds() - 1) is None
    assert after(progress, error, BUSY_FOR.total_seconds()) is not None


def test_a_chain_that_is_down_says_nothing_of_the_provider() -> None:
    progress = CommitProgress()
    assert after(progress, ProviderDown("refused"), 0) is None
    assert after(progress, ChainDown("no endpoint"), 10_000) is None
    assert after(progress, ProviderDown("refused"), 20_000) is None


def test_transactions_may_fail_only_so_often() -> None:
    progress = CommitProgress()
    for number in range(1, MOST_FAILED):
        progress.note_submitted(
            Submitted(tx_hash=f"0x{number}", data_set_id=7), at_s=number * 10_000
        )
        assert after(progress, TransactionFailed("it failed"), number * 10_000) is None
        assert progress.submitted is None, "it is sent again"
    progress.note_submitted(Submitted(tx_hash="0x5", data_set_id=7), at_s=1e6)
    assert after(progress, TransactionFailed("it failed"), 1e6) is not None


def test_details_of_an_older_worker_are_understood() -> None:
    older = CommitProgress.model_validate({"tx_hash": "0x1", "data_set_id": 7})
    assert older.submitted == Submitted(tx_hash="0x1", data_set_id=7)
