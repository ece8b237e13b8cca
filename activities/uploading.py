"""Bringing bytes to whichever provider takes them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from activities import metrics
from activities.ports import OpenSource, PieceStore
from vibesflow.errors import NoProvider, ProviderDown, RetryClass, VibesflowError
from vibesflow.filecoin import PieceCid, PieceHasher, ProviderInfo

log = logging.getLogger(__name__)

OnBytes = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Upload:
    """One piece to bring somewhere.

    Attributes:
        open_source: opens the bytes from the start; every try opens them anew.
        preferred: the provider that holds the stream's other pieces.
        tried_before: an earlier attempt may have stored it, so providers are asked first.
        on_bytes: told how many bytes were sent; also called, with 0, while waiting.
    """

    open_source: OpenSource
    preferred: int | None = None
    tried_before: bool = False
    on_bytes: OnBytes = field(default=lambda _: None)


class Uploader:
    """Stores a piece with one provider after another until one has it."""

    def __init__(self, store: PieceStore, *, piece_wait_s: float) -> None:
        self._store = store
        self._piece_wait_s = piece_wait_s

    async def upload(self, upload: Upload) -> tuple[ProviderInfo, PieceCid]:
        """Return who holds the piece, and which piece it is.

        Raises:
            NoProvider: every reachable provider refused; the next attempt asks all anew.
            StagedBytesMissing: the source says so; likewise `StagedBytesCorrupt`.
        """
        excluded: set[int] = set()
        while True:
            provider = await self._choose(upload, frozenset(excluded))
            try:
                return provider, await self._upload_to(provider, upload)
            except VibesflowError as error:
                if error.retry is not RetryClass.REPLACE and not isinstance(error, ProviderDown):
                    raise
                metrics.note_provider_fault(provider_id=provider.provider_id, code=error.code)
                log.warning("provider %s (%s): %s", provider.provider_id, provider.name, error)
                self._store.note_fault(provider.provider_id)
                excluded.add(provider.provider_id)

    async def supply(self, provider: ProviderInfo, open_source: OpenSource) -> PieceCid:
        """Bring a piece to just this provider; return which piece it is."""
        return await self._upload_to(provider, Upload(open_source=open_source))

    async def _choose(self, upload: Upload, excluded: frozenset[int]) -> ProviderInfo:
        try:
            return await self._store.choose_provider(preferred=upload.preferred, exclude=excluded)
        except NoProvider as error:
            if excluded:
                raise NoProvider(
                    f"{error}; excluded in this attempt: {sorted(excluded)}", retry_after_s=10
                ) from error
            raise

    async def _upload_to(self, provider: ProviderInfo, upload: Upload) -> PieceCid:
        known = await self._already_there(provider, upload) if upload.tried_before else None
        if known is not None:
            return known
        began, sent = time.monotonic(), 0

        def note(total: int) -> None:
            nonlocal sent
            sent = total
            upload.on_bytes(total)

        piece_cid = await self._store.store(provider, upload.open_source, on_progress=note)
        await self._store.wait_ready(
            provider,
            piece_cid.text,
            timeout_s=self._piece_wait_s,
            on_poll=lambda: upload.on_bytes(sent),
        )
        metrics.note_upload(
            provider_id=provider.provider_id,
            size_bytes=piece_cid.raw_size,
            seconds=time.monotonic() - began,
        )
        return piece_cid

    async def _already_there(self, provider: ProviderInfo, upload: Upload) -> PieceCid | None:
        hasher = PieceHasher()
        async for block in upload.open_source():
            hasher.update(block)
        piece_cid = hasher.piece_cid()
        return piece_cid if await self._store.is_ready(provider, piece_cid.text) else None
