"""Completing a stream: the settle time, the document, and the version in the table."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.messages import CompleteStream, PublishDocument, PublishedDocument
from vibesflow.errors import LedgerMoved
from vibesflow.stream.completion import Decision, settle_deadline_ms
from vibesflow.stream.documents import StoredDocument
from vibesflow.stream.state import RtaState
from workflows import policies
from workflows.board import TaskBoard
from workflows.clock import now_iso, now_ms, to_ms
from workflows.messages import RtaOptions
from workflows.patches import COMPLETIONS_REST
from workflows.steps.insisting import Insistence


class Completing:
    """Publishes the document of the next version and has the table say that it stands."""

    def __init__(self, state: RtaState, board: TaskBoard, options: RtaOptions) -> None:
        self._state = state
        self._board = board
        self._options = options
        self._insist = Insistence(state)
        self._was_refused = False

    def start(self, decision: Decision) -> None:
        """Keep the settle time, or complete, whichever the decision asks for."""
        state = self._state
        if decision is Decision.SETTLE:
            state.finishing_since_ms = state.finishing_since_ms or now_ms()
            self._board.spawn("settle", self._keep_settle_time)
        # A pin changes a row, and the document says which chunks are not on Filecoin.
        rows_move = "append" in self._board or self._board.named("pin:")
        if decision is Decision.COMPLETE and not rows_move:
            self._board.spawn("complete", self._complete)

    async def _keep_settle_time(self) -> None:
        until_ms = settle_deadline_ms(self._state, now_ms(), to_ms(self._options.settle_s))
        await workflow.sleep((until_ms - now_ms()) / 1000, summary="settle time")

    async def _complete(self) -> None:
        state, revision = self._state, self._state.revision
        version, at = state.version + 1, now_iso()
        state.publishing = True
        published = await self._publish(version, at)
        request = CompleteStream(
            rta_id=state.rta_id,
            version=version,
            rev=published.rev,
            metadata_cid=published.stored.piece_cid,
            storage_provider=published.storage_provider,
            at=at,
        )
        try:
            await policies.COMPLETE_STREAM(request, summary=f"complete as version {version}")
        except ActivityError as error:
            state.publishing = False
            await self._insist.pause(error, unless=self._needs_no_pause())
            return  # the loop decides again, from the rows as they are now
        state.publishing = self._was_refused = False
        document = StoredDocument(version=version, size=published.size, stored=published.stored)
        state.note_completed(document, revision=revision, now_ms=now_ms())

    def _needs_no_pause(self) -> str | None:
        """The error code after which to go on at once: each turn pays for a document."""
        again, self._was_refused = self._was_refused, True
        return None if again and workflow.patched(COMPLETIONS_REST) else LedgerMoved.code

    async def _publish(self, version: int, at: str) -> PublishedDocument:
        request = PublishDocument(
            rta_id=self._state.rta_id,
            creator=self._state.creator,
            version=version,
            at=at,
            preferred_provider=self._state.provider_id,
        )
        summary = f"document version {version}"
        return await self._insist.run(policies.PUBLISH_DOCUMENT, request, summary)
