"""Reply to an upload."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from pydantic import Field

from api.facts import StorageFacts
from api.legacy.wallet import PandoraStatus, WalletStatus, pandora_reply, wallet_reply
from api.legacy.words import CamelReply, number
from api.services import NetworkFacts
from vibesflow.filecoin import WalletStatus as Wallet
from vibesflow.ingest import Receipt


class SynapseStatus(CamelReply):
    """What becomes of the chunk on its way to Filecoin."""

    success: bool = True
    message: str
    upload_id: str
    queue_position: int = 1
    estimated_process_time: str = "1-5 minutes"
    wallet_status: WalletStatus
    pandora_status: PandoraStatus
    proof_set_id: int | str | None
    proof_set_status: Literal["active", "pending"]
    storage_provider: str | None
    status_endpoint: str
    is_async: bool = Field(default=True, alias="async")


class UploadReply(CamelReply):
    """A chunk is acknowledged: its bytes are durable and its stream knows of it."""

    success: bool = True
    upload_id: str = Field(alias="upload_id")
    chunk_id: str
    rta_id: str
    size: int
    participants: int
    is_final: bool
    message: str
    upload_status: Literal["processing_async"] = Field(
        default="processing_async", alias="upload_status"
    )
    status_url: str = Field(alias="status_url")
    synapse_status: SynapseStatus


def upload_reply(
    receipt: Receipt, facts: StorageFacts, network: NetworkFacts, wallet: Wallet | None
) -> UploadReply:
    """Spell a receipt; of storage and wallet it says what is known without asking."""
    chunk = receipt.chunk
    return UploadReply(
        upload_id=chunk.chunk_id,
        chunk_id=chunk.chunk_id,
        rta_id=chunk.rta_id,
        size=chunk.size,
        participants=chunk.participants,
        is_final=chunk.is_final,
        message=f"Chunk {chunk.chunk_id} is safe and on its way to Filecoin",
        status_url=f"/upload/status/{quote(chunk.chunk_id)}",
        synapse_status=SynapseStatus(
            message=f"Chunk {chunk.chunk_id} is queued for Filecoin",
            upload_id=chunk.chunk_id,
            wallet_status=wallet_reply(wallet),
            pandora_status=pandora_reply(network.warm_storage, wallet),
            proof_set_id=number(facts.data_set_id),
            proof_set_status="pending" if facts.data_set_id is None else "active",
            storage_provider=facts.storage_provider,
            status_endpoint=f"/filecoin/status/{quote(chunk.rta_id)}",
        ),
    )
