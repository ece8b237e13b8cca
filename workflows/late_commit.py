"""A commit that was given up and may land all the same: somebody has to notice what it paid for."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import groupby

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.messages import BatchedPiece, FindCommit, FoundCommit, NameCopies
    from vibesflow.data_set.orders import PiecesCommitted
    from vibesflow.stream.piece_metadata import rta_of
    from workflows import limits, messages, policies
    from workflows.messages import LateCommitResult


@workflow.defn(name=messages.LATE_COMMIT_WORKFLOW)
class LateCommitWorkflow:
    """Looks for one nonce on chain, ever less often, after a data set has given its batch up.

    A provider that took a commit can send it hours later: nobody can take the signature back. Its
    pieces are safe elsewhere by then, so what it made are spare copies. Streams that still have
    them under way are told, and rows that are written name them: what is paid is in the table.
    """

    @workflow.run
    async def run(self, commit: FindCommit) -> LateCommitResult:
        """Return once the rows name the copies, or when waiting longer makes no sense."""
        found = await self._find(commit)
        if found.data_set_id is None:
            return LateCommitResult()
        made = [piece for piece in commit.pieces if piece.piece_cid in found.piece_ids]
        await self._tell(commit.provider_id, made, found)
        unnamed = await self._name(commit.provider_id, made, found)
        return LateCommitResult(
            data_set_id=found.data_set_id, pieces=len(made), unnamed=tuple(sorted(unnamed))
        )

    async def _find(self, commit: FindCommit) -> FoundCommit:
        found = FoundCommit()
        for pause in limits.LATE_PAUSES:
            await workflow.sleep(pause, summary="a given-up commit may land yet")
            try:
                found = await policies.FIND_COMMIT(commit, summary=f"nonce {commit.nonce[:8]}")
            except ActivityError as error:
                _unless_last(error, pause)
            if found.data_set_id is not None:
                break
        return found

    async def _tell(self, provider_id: int, made: list[BatchedPiece], found: FoundCommit) -> None:
        """Tell streams that still wait for these pieces, or are just writing their rows."""
        for rta_id, pieces in groupby(sorted(made, key=_stream), key=_stream):
            news = PiecesCommitted(
                provider_id=provider_id,
                data_set_id=found.data_set_id or 0,
                pieces={p.piece_cid: found.piece_ids[p.piece_cid] for p in pieces},
                base_url=found.base_url,
            )
            stream = workflow.get_external_workflow_handle(messages.receiver_id(rta_id))
            with suppress(ApplicationError):  # it has ended; its rows are written
                await stream.signal(messages.PIECES_COMMITTED, news)

    async def _name(
        self, provider_id: int, made: list[BatchedPiece], found: FoundCommit
    ) -> set[str]:
        """Have rows name the copies, those that are not written yet later; return what is left."""
        left = {piece.piece_cid for piece in made}
        for pause in (None, *limits.LATE_PAUSES):
            if pause is not None:
                await workflow.sleep(pause, summary="rows are written first")
            pieces = [piece for piece in made if piece.piece_cid in left]
            for request in name_requests(provider_id, pieces, found):
                summary = f"{len(request.pieces)} late copies"
                try:
                    named = await policies.NAME_COPIES(request, summary=summary)
                except ActivityError as error:
                    _unless_last(error, pause)
                else:
                    left -= set(request.found.piece_ids) - set(named.unnamed)
            if not left:
                break
        return left


def _unless_last(error: ActivityError, pause: timedelta | None) -> None:
    """Leave a look that failed for good to the next one, as a node's odd answer; the last counts.

    Raises:
        ActivityError: there is no next one.
    """
    if is_cancelled_exception(error) or pause == limits.LATE_PAUSES[-1]:
        raise error


def name_requests(
    provider_id: int, pieces: list[BatchedPiece], found: FoundCommit
) -> list[NameCopies]:
    """Spell what rows shall name, so many pieces at a time that each fits into a payload."""
    most = limits.NAMED_PIECES
    pages = [tuple(pieces[start : start + most]) for start in range(0, len(pieces), most)]
    return [
        NameCopies(
            provider_id=provider_id,
            pieces=page,
            found=found.model_copy(
                update={"piece_ids": {p.piece_cid: found.piece_ids[p.piece_cid] for p in page}}
            ),
        )
        for page in pages
    ]


def _stream(piece: BatchedPiece) -> str:
    return rta_of(piece.metadata)
