"""The course of a round: which pass comes next, and which data sets it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, Field

from vibesflow.audit.report import AuditReport, Figures, Phase, StreamHealth

MOST_OPEN = 200
"""Pieces without all copies that a round remembers, so that each is counted once; bounds what it
carries."""
_NAME = 16
"""Characters of a PieceCID's end that tell it from others well enough."""


class RoundPlan(BaseModel):
    """All that a round knows, carried through continue-as-new.

    Attributes:
        cursor: where the list of streams, or of staged keys, goes on; None at the beginning.
        only_sets: data sets that this pass is about; empty for a sample of everything.
        suspects: data sets in which a copy was bad and that have not been widened yet.
        doubtful: data sets whose provider was silent.
        insist: the time for silent providers is over.
        open_cases: how pieces stand that did not get their copies, by the end of their PieceCID.
    """

    report: AuditReport
    cursor: str | None = None
    only_sets: list[int] = Field(default_factory=list)
    suspects: list[int] = Field(default_factory=list)
    doubtful: list[int] = Field(default_factory=list)
    insist: bool = False
    open_cases: dict[str, StreamHealth] = Field(default_factory=dict)

    def settle(self, outcomes: Mapping[str, StreamHealth]) -> None:
        """Count how repairs came out; a piece that comes again in a later pass counts anew."""
        for piece_cid, outcome in outcomes.items():
            name = piece_cid[-_NAME:]
            before = self.open_cases.pop(name, None)
            if before is not None:
                self.report.figures += count_of(before, -1)
            self.report.figures += count_of(outcome)
            if outcome is not StreamHealth.REPAIRED and len(self.open_cases) < MOST_OPEN:
                self.open_cases[name] = outcome

    def suspect(self, data_sets: Iterable[int]) -> None:
        """A copy in these data sets was bad."""
        known = {*self.report.widened, *self.suspects, *self.only_sets}
        self.suspects.extend(sorted(set(data_sets) - known))

    def doubt(self, data_sets: Iterable[int]) -> None:
        """The provider of these data sets did not answer."""
        self.doubtful.extend(sorted(set(data_sets) - set(self.doubtful)))

    def next_pass(self) -> Phase:
        """Begin the next pass and return it: widen, then insist, then sweep, then done.

        Every data set is widened at most once, so the passes come to an end.
        """
        report = self.report
        report.widened.extend(n for n in self.only_sets if n not in report.widened)
        self.cursor, self.only_sets = None, []
        if report.phase is Phase.SWEEPING:
            report.phase = Phase.DONE
        elif report.phase is Phase.WAITING:
            self.only_sets, self.doubtful, self.insist = self.doubtful, [], True
            report.phase = Phase.INSISTING
        elif self.suspects:
            self.only_sets, self.suspects = self.suspects, []
            report.phase = Phase.WIDENING
        elif self.doubtful and not self.insist:
            report.phase = Phase.WAITING
        else:
            report.phase = Phase.SWEEPING
        return report.phase


def count_of(outcome: StreamHealth, count: int = 1) -> Figures:
    """Spell the outcome of repairs as figures."""
    return Figures(**{outcome.value: count})
