"""Repairs under way: orders, news of them, and another try elsewhere when a provider refuses."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.audit_messages import MoveCopies, RepairPieces, StreamChecked, VerifyCopies
    from vibesflow.audit.repairs import Repair, Repairs
    from vibesflow.audit.report import AuditReport, StreamHealth
    from vibesflow.audit.verdicts import CopyFound, PieceFound
    from vibesflow.data_set.orders import PiecesCommitted, PiecesRefused
    from vibesflow.stream.records import CopyMove, RowCopy
    from workflows import limits, policies


class RepairShop:
    """Has pieces repaired for a workflow, those of several streams at the same time.

    Args:
        reply_to: id of the workflow, which data sets tell what became of the copies.
    """

    def __init__(self, reply_to: str) -> None:
        self._reply_to = reply_to
        self._benches: list[Repairs] = []

    def note_committed(self, news: PiecesCommitted) -> None:
        """The chain has copies at a provider."""
        for repairs in self._benches:
            repairs.note_committed(news)

    def note_refused(self, news: PiecesRefused) -> None:
        """A provider will not do."""
        for repairs in self._benches:
            repairs.note_refused(news)

    async def repair(
        self, rta_id: str, found: StreamChecked, report: AuditReport
    ) -> dict[str, StreamHealth]:
        """Have copies made until each piece has enough, or nobody is left to make them.

        Returns:
            How each piece came out: repaired, short, or lost.
        """
        repairs = Repairs.of(found.lacking, wanted=found.wanted)
        self._benches.append(repairs)
        try:
            await self._make(rta_id, repairs)
        finally:
            self._benches.remove(repairs)
        done = list(repairs.items.values())
        await self._move(rta_id, [repair for repair in done if repair.confirmed])
        _name_problems(rta_id, done, report)
        return {repair.piece_cid: _outcome(repair) for repair in done}

    async def _make(self, rta_id: str, repairs: Repairs) -> None:
        """Order copies, and others for those that are refused; slow ones are not ordered twice."""
        for _ in range(limits.REPAIR_TRIES):
            before = repairs.confirmed
            if not repairs.open or not await self._order(rta_id, repairs):
                return
            in_time = True
            try:
                await workflow.wait_condition(
                    lambda: not repairs.is_waiting,
                    timeout=limits.REPAIR_TIME,
                    timeout_summary="copies are made",
                )
            except TimeoutError:
                in_time = False
            await self._verify(rta_id, repairs, before)
            if not in_time:
                return

    async def _verify(self, rta_id: str, repairs: Repairs, before: set[tuple[str, int]]) -> None:
        """Have the new copies read; those that are not served do not count."""
        made = repairs.confirmed - before
        pieces = tuple(
            PieceFound(
                piece_cid=repair.piece_cid,
                size=repair.size,
                copies=tuple(
                    CopyFound(**copy.model_dump())
                    for copy in repair.confirmed
                    if (repair.piece_cid, copy.provider_id) in made
                ),
            )
            for repair in repairs.items.values()
            if any(piece_cid == repair.piece_cid for piece_cid, _ in made)
        )
        if not pieces:
            return
        reply = await policies.VERIFY_COPIES(
            VerifyCopies(pieces=pieces), summary=f"{len(made)} new copies of {rta_id}"
        )
        for piece_cid, providers in reply.unserved.items():
            for provider_id in providers:
                repairs.note_unserved(piece_cid, provider_id)

    async def _order(self, rta_id: str, repairs: Repairs) -> bool:
        """Order what lacks; tell whether anything was ordered at all."""
        repairs.begin_try()
        reply = await policies.REPAIR_PIECES(
            RepairPieces(rta_id=rta_id, reply_to=self._reply_to, pieces=tuple(repairs.open)),
            summary=f"{len(repairs.open)} pieces of {rta_id}",
        )
        for stored in reply.ordered:
            repairs.note_ordered(stored)
        for piece_cid in reply.lost:
            repairs.note_lost(piece_cid)
        return any(not copy.is_confirmed for stored in reply.ordered for copy in stored.copies)

    async def _move(self, rta_id: str, repaired: list[Repair]) -> None:
        """Have the rows name the copies that the chain has, and no lost ones."""
        moves = tuple(
            CopyMove(
                chunk_id=chunk_id,
                piece_cid=repair.piece_cid,
                copies=tuple(RowCopy(**copy.model_dump()) for copy in repair.confirmed),
            )
            for repair in repaired
            for chunk_id in repair.chunks
        )
        if moves:
            await policies.MOVE_COPIES(
                MoveCopies(rta_id=rta_id, moves=moves),
                summary=f"{len(moves)} chunks of {rta_id} have moved",
            )


def _outcome(repair: Repair) -> StreamHealth:
    if repair.is_lost:
        return StreamHealth.LOST
    return StreamHealth.REPAIRED if repair.is_safe else StreamHealth.SHORT


def _name_problems(rta_id: str, done: list[Repair], report: AuditReport) -> None:
    for repair in done:
        what = repair.chunks[0] if repair.chunks else f"the document of {rta_id}"
        if repair.is_lost:
            report.note(f"{what} is lost: no provider and no staging holds {repair.piece_cid}")
        elif not repair.is_safe:
            count = len(repair.confirmed)
            report.note(f"{what} has {count} of {repair.wanted} copies: {repair.piece_cid}")
