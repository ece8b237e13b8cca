"""What counts as a good copy, what is sampled, and in which order a round goes."""

from __future__ import annotations

import pytest

from vibesflow.audit.plan import RoundPlan
from vibesflow.audit.report import AuditReport, Figures, LeftoverFigures, Phase, StreamHealth
from vibesflow.audit.sampling import in_sample
from vibesflow.audit.verdicts import CopyFound, Fault, PieceFound, Verdict, set_fault, sets_with

CIDS = [f"bafkzcib{number}" for number in range(2_000)]


def piece(*faults: Fault | None) -> PieceFound:
    copies = tuple(
        CopyFound(provider_id=n, base_url="u/", data_set_id=n * 10, piece_id=n, fault=fault)
        for n, fault in enumerate(faults, start=1)
    )
    return PieceFound(chunk_id="c", piece_cid="bafkzcib1", size=1_000, copies=copies)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_sample_is_as_large_as_asked(share: float) -> None:
    chosen = sum(in_sample("round", cid, share) for cid in CIDS)
    assert abs(chosen / len(CIDS) - share) < 0.04
    if share in (0.0, 1.0):
        assert chosen == share * len(CIDS)


def test_a_round_samples_the_same_pieces_again_and_another_round_others() -> None:
    first = [cid for cid in CIDS if in_sample("monday", cid, 0.1)]
    assert first == [cid for cid in CIDS if in_sample("monday", cid, 0.1)]
    second = [cid for cid in CIDS if in_sample("tuesday", cid, 0.1)]
    assert len({*first, *second}) > 1.5 * len(first)


def test_a_larger_share_holds_the_smaller_one() -> None:
    small = {cid for cid in CIDS if in_sample("r", cid, 0.1)}
    assert small <= {cid for cid in CIDS if in_sample("r", cid, 0.3)}


@pytest.mark.parametrize(
    ("fault", "insist", "verdict"),
    [
        (None, False, Verdict.GOOD),
        (None, True, Verdict.GOOD),
        (Fault.NO_ANSWER, False, Verdict.DOUBTFUL),
        (Fault.NO_ANSWER, True, Verdict.BAD),
        *((fault, False, Verdict.BAD) for fault in Fault if fault is not Fault.NO_ANSWER),
    ],
)
def test_what_counts(fault: Fault | None, insist: bool, verdict: Verdict) -> None:
    (copy,) = piece(fault).copies
    assert copy.verdict(insist=insist) is verdict


@pytest.mark.parametrize(
    ("faults", "insist", "needed"),
    [
        ((None, None), False, False),
        ((None,), False, True),
        ((None, Fault.NO_BYTES), False, True),
        ((None, Fault.NO_ANSWER), False, False),
        ((None, Fault.NO_ANSWER), True, True),
        ((Fault.NO_BYTES, Fault.NO_ANSWER), False, False),
        ((Fault.NO_BYTES, Fault.NO_ANSWER), True, True),
        ((Fault.NO_BYTES, Fault.WRONG_BYTES), False, True),
        ((), False, True),
        ((None, None, Fault.NO_BYTES), False, False),
    ],
)
def test_when_copies_are_made(faults: tuple[Fault | None, ...], insist: bool, needed: bool) -> None:
    assert piece(*faults).needs_repair(2, insist=insist) is needed


def test_whom_a_piece_avoids() -> None:
    found = piece(Fault.NO_BYTES, Fault.SET_ENDED, None, Fault.PROOF_OVERDUE, Fault.PIECE_GONE)
    assert found.avoided == [1, 4]
    assert [copy.provider_id for copy in found.good()] == [3]


def test_the_sets_of_a_verdict() -> None:
    found = [piece(Fault.NO_BYTES, None), piece(None, Fault.NO_ANSWER)]
    assert sets_with(found, Verdict.BAD, insist=False) == {10}
    assert sets_with(found, Verdict.DOUBTFUL, insist=False) == {20}
    assert sets_with(found, Verdict.BAD, insist=True) == {10, 20}


@pytest.mark.parametrize(
    ("live", "end_epoch", "overdue", "fault"),
    [
        (True, 0, 0, None),
        (True, 0, 2_880, None),
        (True, 0, 2_881, Fault.PROOF_OVERDUE),
        (True, 5, 0, Fault.SET_ENDED),
        (False, 0, 0, Fault.SET_GONE),
        (False, 5, 9_999, Fault.SET_GONE),
    ],
)
def test_what_the_chain_says(live: bool, end_epoch: int, overdue: int, fault: Fault | None) -> None:
    judged = set_fault(live=live, end_epoch=end_epoch, overdue_epochs=overdue, grace_epochs=2_880)
    assert judged is fault


def passes(plan: RoundPlan) -> list[Phase]:
    found = [plan.report.phase]
    while found[-1] is not Phase.DONE:
        found.append(plan.next_pass())
        assert len(found) < 20
    return found


def test_a_round_without_findings_sweeps_and_is_done() -> None:
    plan = RoundPlan(report=AuditReport(round_id="r"))
    assert passes(plan) == [Phase.SAMPLING, Phase.SWEEPING, Phase.DONE]


def test_a_round_widens_waits_and_insists() -> None:
    plan = RoundPlan(report=AuditReport(round_id="r"), cursor="next")
    plan.suspect([2, 1])
    plan.doubt([7])
    assert plan.next_pass() is Phase.WIDENING
    assert (plan.only_sets, plan.cursor, plan.insist) == ([1, 2], None, False)
    plan.suspect([2, 3])
    assert plan.next_pass() is Phase.WIDENING
    assert plan.only_sets == [3]
    assert plan.next_pass() is Phase.WAITING
    assert plan.next_pass() is Phase.INSISTING
    assert (plan.only_sets, plan.insist) == ([7], True)
    plan.suspect([1, 3, 9])
    plan.doubt([8])
    assert plan.next_pass() is Phase.WIDENING
    assert plan.only_sets == [9]
    assert passes(plan) == [Phase.WIDENING, Phase.SWEEPING, Phase.DONE]
    assert plan.report.widened == [1, 2, 3, 7, 9]


@pytest.mark.parametrize(
    ("figures", "health"),
    [
        (Figures(pieces=3), StreamHealth.GOOD),
        (Figures(repaired=1), StreamHealth.REPAIRED),
        (Figures(repaired=1, short=1), StreamHealth.SHORT),
        (Figures(short=1, lost=1), StreamHealth.LOST),
    ],
)
def test_the_health_of_a_stream(figures: Figures, health: StreamHealth) -> None:
    assert figures.health is health


def test_a_piece_that_comes_in_several_passes_counts_once() -> None:
    plan = RoundPlan(report=AuditReport(round_id="r"))
    one, two = "bafkzcib" + "a" * 50, "bafkzcib" + "b" * 50
    plan.settle({one: StreamHealth.LOST, two: StreamHealth.SHORT})
    plan.settle({one: StreamHealth.LOST, two: StreamHealth.REPAIRED})
    assert plan.report.figures == Figures(lost=1, repaired=1)
    assert list(plan.open_cases) == [one[-16:]]


def test_figures_add_up() -> None:
    total = Figures(pieces=1, copies=2, good=2) + Figures(pieces=2, bad=1)
    assert total == Figures(pieces=3, copies=2, good=2, bad=1)
    left = LeftoverFigures(kept=1) + LeftoverFigures(kept=2, released=1)
    assert left == LeftoverFigures(kept=3, released=1)


def test_a_report_names_few_problems_and_each_once() -> None:
    report = AuditReport(round_id="r")
    for number in range(100):
        report.note(f"problem {number // 2}")
    assert len(report.problems) == 20
    assert len(set(report.problems)) == 20
    assert report.is_healthy
    report.failed = 1
    assert not report.is_healthy
