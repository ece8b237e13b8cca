"""Reply to "where does my upload stand?"."""

from __future__ import annotations

from api.legacy.words import CamelReply, number, piece_url
from api.services import NetworkFacts
from vibesflow.query import UploadView
from vibesflow.query.views import UploadState


class SynapseResult(CamelReply):
    """What storing the chunk came to; absent while it is on its way."""

    success: bool
    cid: str | None
    provider: str | None
    confirmed: bool
    error: str | None


class UploadStatusReply(CamelReply):
    """One upload as it stands."""

    status: UploadState
    upload_id: str
    chunk_id: str
    rta_id: str
    size: int
    cid: str | None
    root_id: int | str | None
    proof_set_id: int | str | None
    url: str | None
    used_fallback: bool = False
    error: str | None
    synapse_result: SynapseResult | None


def upload_status_reply(view: UploadView, network: NetworkFacts) -> UploadStatusReply:
    """Spell where an upload stands; what staging alone knows has no PieceCID to show."""
    entry = view.entry
    cid = (entry.piece_cid or entry.ipfs_cid) if entry else None
    return UploadStatusReply(
        status=view.state,
        upload_id=view.chunk_id,
        chunk_id=view.chunk_id,
        rta_id=view.rta_id,
        size=view.size,
        cid=cid,
        root_id=number(entry.piece_id) if entry else None,
        proof_set_id=number(entry.data_set_id) if entry else None,
        url=piece_url(network, entry.piece_cid, entry.retrieval_url) if entry else None,
        used_fallback=bool(entry and entry.ipfs_cid),
        error=entry.error if entry else None,
        synapse_result=_result(view),
    )


def _result(view: UploadView) -> SynapseResult | None:
    entry = view.entry
    if view.state is UploadState.PROCESSING or entry is None:
        return None
    done = view.state is UploadState.COMPLETED
    return SynapseResult(
        success=done,
        cid=entry.piece_cid,
        provider=None if entry.provider_id is None else str(entry.provider_id),
        confirmed=done,
        error=entry.error,
    )
