"""Going through the chain and writing what the tables lack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from vibesflow.errors import DependencyDown, TablesOccupied, VibesflowError
from vibesflow.filecoin.holdings import Holdings
from vibesflow.rebuild.deriving import derive
from vibesflow.rebuild.gathering import Gatherer
from vibesflow.rebuild.index import PieceIndex
from vibesflow.rebuild.planning import Plan, plan
from vibesflow.rebuild.ports import Archive, RestoringLedger
from vibesflow.rebuild.report import RebuildReport, StreamReport
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import ChunkRow, StreamRecord

_STREAMS_AT_ONCE = 4
_TRIES = 5

Tell = Callable[[int, int], None]
"""Told how many are done, and of how many."""


def _nobody(_done: int, _of: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class RebuildOptions:
    """What to do, and what not.

    Attributes:
        payer: account whose data sets are gone through.
        wanted_copies: how many copies make a chunk safe.
        at: ISO 8601 UTC time of this rebuild.
        rta_ids: only these streams; empty for all.
        dry_run: write nothing.
        overwrite: replace what stands otherwise.
        among_others: write into tables that hold streams which are not on chain.
    """

    payer: str
    wanted_copies: int
    at: str
    rta_ids: tuple[str, ...] = ()
    dry_run: bool = False
    overwrite: bool = False
    among_others: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Who is told how far a rebuild is."""

    pieces: Tell = field(default=_nobody)
    streams: Tell = field(default=_nobody)


class Rebuild:
    """One run. It may be repeated or cut short at any moment: what stands is not written again.

    Args:
        archive: the payer's pieces.
        ledger: the tables; None for a dry run without any.
        options: what to do.
        progress: who is told.
    """

    def __init__(
        self,
        archive: Archive,
        ledger: RestoringLedger | None,
        options: RebuildOptions,
        progress: Progress | None = None,
    ) -> None:
        self._archive = archive
        self._ledger = ledger
        self._options = options
        self._progress = progress or Progress()

    async def run(self) -> RebuildReport:
        """Return what was found and written.

        Raises:
            TablesOccupied: the tables hold streams that are not on chain for this payer.
            ChainDown: the chain does not answer.
            TableDown: the tables do not answer.
        """
        options = self._options
        report = RebuildReport(payer=options.payer, dry_run=options.dry_run)
        with PieceIndex() as index:
            await self._scan(index, report)
            await self._check_tables(index)
            gatherer = Gatherer(
                self._archive,
                index,
                await self._archive.providers(),
                wanted_copies=options.wanted_copies,
                at=options.at,
            )
            await self._write_all(index, gatherer, report)
        report.streams.sort(key=lambda stream: stream.rta_id)
        return report

    async def _scan(self, index: PieceIndex, report: RebuildReport) -> None:
        held: Holdings = await self._archive.holdings()
        report.data_sets, report.other_data_sets = len(held.ours), held.others
        report.ended_data_sets = held.ended
        most = sum(data_set.pieces for data_set in held.ours)
        for data_set in held.ours:
            async for page in self._archive.pieces(data_set):
                report.unread_pieces += index.add(data_set, page)
                report.pieces += len(page)
                self._progress.pieces(report.pieces, most)

    async def _check_tables(self, index: PieceIndex) -> None:
        """Refuse tables of somebody else; whoever names streams has looked."""
        options = self._options
        if self._ledger is None or options.among_others or options.rta_ids or options.dry_run:
            return
        ids = self._ledger.stream_ids()
        while page := await asyncio.to_thread(lambda: list(islice(ids, 1_000))):
            strange = [rta_id for rta_id in page if not index.knows(rta_id)]
            if strange:
                raise TablesOccupied(
                    f"the tables hold streams that are not on chain for {options.payer}: "
                    f"{', '.join(strange[:3])}"
                )

    async def _write_all(
        self, index: PieceIndex, gatherer: Gatherer, report: RebuildReport
    ) -> None:
        named = self._options.rta_ids
        report.not_found = tuple(rta_id for rta_id in named if not index.knows(rta_id))
        wanted = iter([i for i in named if index.knows(i)]) if named else index.streams()
        total = len(named) - len(report.not_found) if named else index.count()
        done = 0

        async def work(ids: Iterator[str]) -> None:
            nonlocal done
            for rta_id in ids:
                report.streams.append(await self._write_one(gatherer, rta_id))
                done += 1
                self._progress.streams(done, total)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_STREAMS_AT_ONCE):
                    group.create_task(work(wanted))
        except ExceptionGroup as several:
            raise several.exceptions[0] from several

    async def _write_one(self, gatherer: Gatherer, rta_id: str) -> StreamReport:
        for _ in range(_TRIES):
            standing, rows = await self._standing(rta_id)
            evidence = await gatherer.gather(rta_id, rows.values())
            derived = await asyncio.to_thread(derive, evidence)
            if derived is None:
                return StreamReport(
                    rta_id=rta_id, unknown=evidence.unknown, failed="nothing of it can be read"
                )
            made = plan(derived, standing, rows, overwrite=self._options.overwrite)
            report = StreamReport(
                rta_id=rta_id,
                version=derived.stream.version,
                is_complete=derived.stream.is_complete,
                chunks=len(derived.rows),
                rows=len(made.rows),
                stream=made.stream is not None or made.recount is not None,
                differing=made.differing,
                unknown=derived.unknown,
            )
            try:
                if self._options.dry_run or await asyncio.to_thread(self._carry_out, rta_id, made):
                    return report
            except DependencyDown:
                raise
            except VibesflowError as error:
                return report.model_copy(update={"failed": error.message})
        return report.model_copy(update={"failed": "it kept being written to; let no worker run"})

    async def _standing(self, rta_id: str) -> tuple[StreamRecord | None, dict[str, ChunkRow]]:
        """Read the summary before the rows: what changes in between shows in its ``rev``."""
        if self._ledger is None:
            return None, {}
        ledger = self._ledger

        def read() -> tuple[StreamRecord | None, dict[str, ChunkRow]]:
            record = ledger.get_stream(rta_id)
            rows = {parse_chunk_id(r.chunk_id).key: r for r in ledger.list_chunks(rta_id)}
            return record, rows

        return await asyncio.to_thread(read)

    def _carry_out(self, rta_id: str, made: Plan) -> bool:
        """Write rows, then snapshots, and last the summary by which readers find them."""
        if self._ledger is None:
            return True
        if made.rows:
            self._ledger.restore_rows(made.rows, overwrite=made.overwrite)
        for snapshot in made.snapshots:
            self._ledger.restore_snapshot(rta_id, snapshot.rev, snapshot.details)
        if made.stream is not None:
            return self._ledger.restore_stream(made.stream, standing_rev=made.standing_rev)
        if made.recount is not None and made.standing_rev is not None:
            return self._ledger.recount(rta_id, made.recount, standing_rev=made.standing_rev)
        return True
