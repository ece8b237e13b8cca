"""One round of audit as one durable workflow: look, widen, repair, wait for the silent, sweep."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.audit_messages import (
        CheckStream,
        ConcludeStream,
        ListStreams,
        StreamChecked,
        SweepStaging,
    )
    from vibesflow.audit.plan import RoundPlan, count_of
    from vibesflow.audit.report import AuditReport, Figures, Phase, StreamHealth
    from vibesflow.data_set.orders import CommitDelayed, PiecesCommitted, PiecesRefused
    from workflows import limits, messages, policies
    from workflows.audit_details import render_audit
    from workflows.clock import now_iso
    from workflows.failures import reason_of
    from workflows.messages import AuditInput
    from workflows.repairing import RepairShop


@workflow.defn(name=messages.AUDIT_WORKFLOW)
class AuditWorkflow:
    """Audits completed streams page by page, and has lost copies made anew.

    Pass after pass: a sample of everything; all pieces of data sets in which a copy was bad; after
    a wait, all pieces of providers that were silent; then what is left in staging. History is
    bounded: after a page the round continues as new with its plan.
    """

    @workflow.init
    def __init__(self, start: AuditInput) -> None:
        self._start = start
        self._plan = start.plan or RoundPlan(
            report=AuditReport(
                round_id=now_iso(),
                rta_id=start.rta_id,
                share=1.0 if start.rta_id else start.share,
                started_at=now_iso(),
            )
        )
        self._shop = RepairShop(workflow.info().workflow_id)

    @workflow.signal(name=messages.PIECES_COMMITTED)
    def pieces_committed(self, news: PiecesCommitted) -> None:
        """A data set has copies on chain that this round ordered."""
        self._shop.note_committed(news)

    @workflow.signal(name=messages.PIECES_REFUSED)
    def pieces_refused(self, news: PiecesRefused) -> None:
        """A provider will not do for copies that this round ordered."""
        self._shop.note_refused(news)

    @workflow.signal(name=messages.COMMIT_DELAYED)
    def commit_delayed(self, news: CommitDelayed) -> None:
        """Commits wait for a person; the report says so."""
        self._report.note(f"provider {news.provider_id}: {news.reason}")

    @workflow.query(name=messages.STATUS)
    def status(self) -> AuditReport:
        """How far the round is, and what it found."""
        return self._report

    @property
    def _report(self) -> AuditReport:
        return self._plan.report

    @workflow.run
    async def run(self, _: AuditInput) -> AuditReport:
        """Go through the passes until none is left; the result is the report."""
        while self._report.phase is not Phase.DONE:
            self._show()
            await self._guard(self._pass(), "the pass ends early")
            self._plan.next_pass()
        self._report.ended_at = now_iso()
        self._show()
        return self._report

    async def _pass(self) -> None:
        if self._report.phase is Phase.WAITING:
            await self._wait_for_the_silent()
        elif self._report.phase is Phase.SWEEPING:
            await self._sweep()
        else:
            await self._look()

    async def _guard(self, work: Coroutine[None, None, None], what: str) -> None:
        """Let what fails for good fail alone: the rest of the round goes on and says so."""
        try:
            await work
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            self._report.failed += 1
            self._report.note(f"{what}: {reason_of(error)}")

    async def _look(self) -> None:
        """One pass over the stream, or over all of them."""
        if self._start.rta_id:
            await self._audit(self._start.rta_id)
            return
        while True:
            page = await policies.LIST_STREAMS(
                ListStreams(cursor=self._plan.cursor, limit=limits.AUDIT_PAGE),
                summary=f"streams, {self._report.phase}",
            )
            await self._audit_all(list(page.streams))
            self._plan.cursor = page.cursor
            self._show()
            if page.cursor is None:
                return
            self._leave_if_long()

    async def _audit_all(self, streams: list[str]) -> None:
        """Audit the streams of a page, some at a time."""

        async def work() -> None:
            while streams:
                await self._audit(streams.pop(0))

        await asyncio.gather(*(work() for _ in range(limits.AUDIT_PARALLEL)))

    async def _audit(self, rta_id: str) -> None:
        await self._guard(self._audit_stream(rta_id), rta_id)

    async def _audit_stream(self, rta_id: str) -> None:
        """Look at one stream slice by slice, repair what lacks copies, keep how it came out."""
        figures, moved = await self._slices(rta_id)
        if figures.pieces:
            await policies.CONCLUDE_STREAM(
                ConcludeStream(
                    rta_id=rta_id, at=now_iso(), result=figures.health.value, moved=moved
                ),
                summary=f"{rta_id}: {figures.health}",
            )

    async def _slices(self, rta_id: str) -> tuple[Figures, bool]:
        total, moved = Figures(), False
        after: str | None = None
        while True:
            found = await self._check(rta_id, after)
            if not found.is_known:
                self._report.note(f"the table has no stream {rta_id}")
                return total, moved
            if after is None:
                self._report.streams += 1
            self._report.figures += found.figures
            total = total + found.figures
            if found.lacking:
                outcomes = await self._shop.repair(rta_id, found, self._report)
                self._plan.settle(outcomes)
                for outcome in outcomes.values():
                    total = total + count_of(outcome)
                moved = moved or StreamHealth.REPAIRED in outcomes.values()
            after = found.after
            if after is None:
                return total, moved

    async def _check(self, rta_id: str, after: str | None) -> StreamChecked:
        plan = self._plan
        found = await policies.CHECK_STREAM(
            CheckStream(
                rta_id=rta_id,
                round_id=self._report.round_id,
                share=self._report.share,
                only_sets=tuple(plan.only_sets),
                after=after,
                insist=plan.insist,
            ),
            summary=f"{rta_id} after {after}" if after else rta_id,
        )
        plan.suspect(found.bad_sets)
        plan.doubt(found.doubtful_sets)
        return found

    async def _wait_for_the_silent(self) -> None:
        names = ", ".join(map(str, self._plan.doubtful))
        self._report.note(f"providers of data sets {names} are silent")
        await workflow.sleep(self._start.patience_s, summary="silent providers may come back")

    async def _sweep(self) -> None:
        while True:
            swept = await policies.SWEEP_STAGING(
                SweepStaging(
                    rta_id=self._start.rta_id,
                    after=self._plan.cursor,
                    limit=limits.SWEEP_KEYS,
                    older_than_s=self._start.leftover_age_s,
                ),
                summary="what is left in staging",
            )
            self._report.leftovers += swept.figures
            for key in swept.unknown:
                self._report.note(f"nobody knows the staged bytes of {key}")
            self._plan.cursor = swept.after
            self._show()
            if swept.after is None:
                return
            self._leave_if_long()

    def _leave_if_long(self) -> None:
        """Begin a new run between two pages, when nothing is under way."""
        info = workflow.info()
        length = info.get_current_history_length()
        if info.is_continue_as_new_suggested() or length >= limits.AUDIT_EVENTS:
            workflow.continue_as_new(self._start.model_copy(update={"plan": self._plan}))

    def _show(self) -> None:
        workflow.set_current_details(render_audit(self._report))
