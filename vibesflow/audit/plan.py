"""The course of a round: which pass comes next, and which data sets it is about."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, Field

from vibesflow.audit.report import AuditReport, Phase


class RoundPlan(BaseModel):
    """All that a round knows, carried through continue-as-new.

    Attributes:
        cursor: where the list of streams, or of staged keys, goes on; None at the beginning.
        only_sets: data sets that this pass is about; empty for a sample of everything.
        suspects: data sets in which a copy was bad and that have not been widened yet.
        doubtful: data sets whose provider was silent.
        insist: the time for silent providers is over.
    """

    report: AuditReport
    cursor: str | None = None
    only_sets: list[int] = Field(default_factory=list)
    suspects: list[int] = Field(default_factory=list)
    doubtful: list[int] = Field(default_factory=list)
    insist: bool = False

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
