"""Compiling a stream's document and storing it like a chunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from temporalio import activity

from activities.heart import Heart, remembered
from activities.messages import PublishDocument, PublishedDocument
from activities.ordering import CopyDesk, Need
from activities.uploading import Upload, Uploader
from vibesflow.errors import StreamNotFound
from vibesflow.ledger.port import Ledger
from vibesflow.stream.document import compile_document
from vibesflow.stream.piece_metadata import document_metadata
from vibesflow.stream.placement import StoredPiece
from vibesflow.stream.records import StreamRecord


class PublishingActivities:
    """Publishes documents."""

    def __init__(self, ledger: Ledger, uploader: Uploader, desk: CopyDesk) -> None:
        self._ledger = ledger
        self._uploader = uploader
        self._desk = desk

    @activity.defn(name="publish_document")
    async def publish_document(self, request: PublishDocument) -> PublishedDocument:
        """Compile from the rows as they stand and store; the same rows give the same piece."""
        before = remembered(PublishedDocument)
        async with Heart(before) as heart:
            found = before or await self._upload(request)
            need = await self._desk.find(_need(request, found))
            found.stored.copies = list(need.copies)
            heart.beat(found)
            stored = await self._desk.place(need)
            return found.model_copy(update={"stored": stored})

    async def _upload(self, request: PublishDocument) -> PublishedDocument:
        record, document = await asyncio.to_thread(self._compile, request)

        async def source() -> AsyncIterator[bytes]:
            yield document

        provider, piece_cid = await self._uploader.upload(
            Upload(
                open_source=source,
                preferred=request.preferred_provider,
                tried_before=activity.info().attempt > 1,
            )
        )
        copy = self._desk.copy_at(provider, piece_cid.text)
        return PublishedDocument(
            stored=StoredPiece(piece_cid=piece_cid.text, copies=[copy]),
            size=len(document),
            storage_provider=provider.address,
            rev=record.rev,
        )

    def _compile(self, request: PublishDocument) -> tuple[StreamRecord, bytes]:
        record = self._ledger.get_stream(request.rta_id)
        if record is None:
            raise StreamNotFound(f"no stream {request.rta_id} in the table")
        if record.is_complete and record.document_version == request.version - 1:
            # No row reopened it: the document itself was lost, and the next version replaces it.
            record = self._ledger.reopen_stream(
                request.rta_id, version=record.document_version, at=request.at
            )
        rows = self._ledger.list_chunks(request.rta_id)
        document = compile_document(record, rows, version=request.version, compiled_at=request.at)
        return record, document


def _need(request: PublishDocument, found: PublishedDocument) -> Need:
    first = found.stored.copies[0].provider_id
    return Need(
        rta_id=request.rta_id,
        creator=request.creator,
        piece_cid=found.stored.piece_cid,
        size=found.size,
        copies=tuple(found.stored.copies),
        metadata=document_metadata(request.rta_id, request.version, provider_id=first),
        patient=True,
    )
