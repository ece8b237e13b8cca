"""What a provider reports of the transactions it sends for us (Curio PDP API)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from vibesflow.filecoin.commit_request import PullState

_PULL_STATES: Final = {
    "pending": PullState.PENDING,
    "inProgress": PullState.IN_PROGRESS,
    "retrying": PullState.RETRYING,
    "complete": PullState.COMPLETE,
    "failed": PullState.FAILED,
}


class TxState(StrEnum):
    """How far a transaction is."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    FAILED = "failed"


class PulledPiece(BaseModel):
    """What a provider says of the copy of one piece.

    Attributes:
        status: one of `PullState`, in camel case.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    piece_cid: str = Field(alias="pieceCid")
    status: str

    @property
    def state(self) -> PullState | None:
        """How far the copy is; None for a word that we do not know."""
        return _PULL_STATES.get(self.status)


class PullStatus(BaseModel):
    """Of a pull; the overall status is left out, since it hides pieces that failed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pieces: tuple[PulledPiece, ...]


class TerminationConflict(BaseModel):
    """Why a request to end a data set was not taken: it ends already.

    Attributes:
        end_epoch: when it ended; None while the end is queued.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: int
    end_epoch: int | None = Field(default=None, alias="serviceTerminationEpoch")


class TerminationStatus(BaseModel):
    """Of a transaction that ends a data set.

    Attributes:
        tx_hash: empty while it is queued, or when somebody else ended the set.
        confirmed_tx_hash: the one that landed, if that is known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    tx_hash: str = Field(default="", alias="terminationTxHash")
    confirmed_tx_hash: str | None = Field(default=None, alias="confirmedTxHash")


class _Status(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    tx_status: str = Field(alias="txStatus")
    confirmed_tx_hash: str | None = Field(default=None, alias="confirmedTxHash")


class CreationStatus(_Status):
    """Of a transaction that creates a data set.

    Attributes:
        data_set_created: the provider has seen the new set; may lag behind ``confirmed``.
        ok: how the transaction ended; None while it has not.
        data_set_id: the new set.
    """

    tx_hash: str = Field(alias="createMessageHash")
    data_set_created: bool = Field(alias="dataSetCreated")
    ok: bool | None = None
    data_set_id: int | None = Field(default=None, alias="dataSetId")

    @property
    def state(self) -> TxState:
        """How far the transaction is."""
        return _state(self.tx_status, self.ok, done=self.data_set_created)


class AdditionStatus(_Status):
    """Of a transaction that adds pieces.

    Attributes:
        pieces_added: the provider has seen the pieces; may lag behind ``confirmed``.
        ok: how the transaction ended; None while it has not.
        confirmed_piece_ids: ids in the order in which the pieces were sent.
    """

    tx_hash: str = Field(alias="txHash")
    data_set_id: int = Field(alias="dataSetId")
    pieces_added: bool = Field(alias="piecesAdded")
    ok: bool | None = Field(default=None, alias="addMessageOk")
    confirmed_piece_ids: tuple[int, ...] | None = Field(default=None, alias="confirmedPieceIds")

    @property
    def state(self) -> TxState:
        """How far the transaction is."""
        return _state(self.tx_status, self.ok, done=self.pieces_added)


def _state(tx_status: str, ok: bool | None, *, done: bool) -> TxState:
    """Providers write ``failed``, other clients expect ``rejected``; a False ok decides as well."""
    if ok is False or tx_status in {"failed", "rejected"}:
        return TxState.FAILED
    return TxState.CONFIRMED if done or tx_status == "confirmed" else TxState.PENDING
