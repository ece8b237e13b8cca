"""The client of one storage provider: the Curio PDP API, route by route."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from vibesflow.errors import (
    CommitUnknown,
    NotConfirmedYet,
    ProviderDown,
    ProviderFault,
    ProviderLied,
    ProviderRefused,
)
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.provider_http import Answer, ProviderHttp
from vibesflow.filecoin.provider_status import (
    AdditionStatus,
    CreationStatus,
    PulledPiece,
    PullStatus,
    TerminationConflict,
    TerminationStatus,
)
from vibesflow.filecoin.retrieval import piece_path
from vibesflow.filecoin.reverts import find_revert

PING_S: Final = 8.0
"""Longest time that a provider may take to show that it is alive."""

PING_PAUSES_S: Final = (0.5, 1.0)
"""Pauses between the tries of a ping."""

SEND_S: Final = 300.0
"""Longest silence while a provider estimates and sends a transaction."""

UNKNOWN_SET_PAUSE_S: Final = 30.0
"""Providers punish five tries a minute to add to a set that they do not know; two are made."""

_UPLOAD_ID: Final = re.compile(r"[0-9a-zA-Z-]{1,64}")
_TX_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_Model = TypeVar("_Model", bound=BaseModel)


class Provider:
    """One storage provider, over HTTP.

    Every method may raise `ProviderDown` (no answer, 408 or 5xx) and `ProviderBusy` (429, with
    the wait it asks for); refusals that would repeat are `ProviderRefused`. Errors carry the
    provider's own words, bounded.
    """

    def __init__(self, http: ProviderHttp) -> None:
        self._http = http

    async def ping(self) -> None:
        """Return if the provider is alive."""
        try:
            async with asyncio.timeout(PING_S):
                answer = await self._http.get("pdp/ping", pauses_s=PING_PAUSES_S)
        except TimeoutError as error:
            raise ProviderDown(f"{self._http.host}: ping: no answer in {PING_S:g} s") from error
        if not 200 <= answer.status < 300:
            self._http.refuse(answer, "ping")

    async def open_upload(self) -> str:
        """Open an upload session; returns its id."""
        answer = await self._http.send("POST", "pdp/piece/uploads")
        upload_id = _last_part(answer)
        if answer.status != 201:
            self._http.refuse(answer, "open an upload")
        if not _UPLOAD_ID.fullmatch(upload_id):
            raise ProviderFault(f"{self._http.host}: open an upload: no session in Location")
        return upload_id

    async def send_upload(self, upload_id: str, content: AsyncIterator[bytes]) -> None:
        """Send the payload into a session. What ``content`` raises goes through unchanged."""
        answer = await self._http.send("PUT", f"pdp/piece/uploads/{upload_id}", content=content)
        if answer.status != 204:
            self._refuse_session(answer, "send the bytes")

    async def finalize_upload(self, upload_id: str, piece_cid: PieceCid) -> None:
        """Close a session by naming the piece, which the provider has computed as well.

        Raises:
            ProviderLied: the provider computed another PieceCID, or counted other bytes.
        """
        path = f"pdp/piece/uploads/{upload_id}"
        answer = await self._http.send("POST", path, body={"pieceCid": piece_cid.text})
        if answer.status == 400:
            # the session, the size and the CID's form are known to be right by now
            raise ProviderLied(f"{self._http.host}: finalize {piece_cid}: {answer.words}")
        if answer.status != 200:
            self._refuse_session(answer, "finalize")

    def piece_url(self, piece_cid: str) -> str:
        """Return the address under which it serves a piece."""
        return self._http.url(piece_path(piece_cid))

    async def has_piece(self, piece_cid: PieceCid) -> bool:
        """Tell whether the piece is stored and published.

        Raises:
            ProviderLied: the provider answers with another piece.
        """
        answer = await self._http.get("pdp/piece", params={"pieceCid": piece_cid.text})
        if answer.status in {202, 404}:
            return False
        if answer.status != 200:
            self._http.refuse(answer, "find a piece")
        if _field(answer, "pieceCid") != piece_cid.text:
            raise ProviderLied(f"{self._http.host}: asked for {piece_cid}: {answer.words}")
        return True

    async def create_and_add(
        self, record_keeper: str, pieces: Iterable[str], extra_data: bytes
    ) -> str:
        """Ask for one transaction that creates a data set and adds pieces; returns its hash.

        Raises: as `add_pieces`.
        """
        body = _addition(pieces, extra_data) | {"recordKeeper": record_keeper}
        return await self._commit("pdp/data-sets/create-and-add", body, "create a data set")

    async def add_pieces(self, data_set_id: int, pieces: Iterable[str], extra_data: bytes) -> str:
        """Ask for a transaction that adds pieces to a data set; returns its hash.

        Raises:
            ContractReverted: the contracts would refuse it; nothing was sent.
            CommitUnknown: it may or may not have been sent.
            NotConfirmedYet: the provider does not know the data set (yet); nothing was sent.
        """
        path = f"pdp/data-sets/{data_set_id}/pieces"
        return await self._commit(path, _addition(pieces, extra_data), "add pieces")

    async def pull(
        self,
        sources: Iterable[tuple[str, str]],
        extra_data: bytes,
        *,
        record_keeper: str,
        data_set_id: int | None,
    ) -> tuple[PulledPiece, ...]:
        """Ask the provider to fetch pieces, or how far that is: the same request asks again.

        Args:
            sources: PieceCID and address of each piece.
            extra_data: the permission that the commit will send; the provider tries it out.
            record_keeper: the FWSS contract.
            data_set_id: the set that the pieces will be added to; None if it is to be created.

        Raises:
            ContractReverted: the contracts would refuse the commit.
            NotConfirmedYet: the provider does not know the data set (yet).
        """
        body: dict[str, object] = {
            "extraData": f"0x{extra_data.hex()}",
            "recordKeeper": record_keeper,
            "pieces": [{"pieceCid": cid, "sourceUrl": url} for cid, url in sources],
        }
        if data_set_id is not None:
            body["dataSetId"] = data_set_id
        answer = await self._http.send("POST", "pdp/piece/pull", body=body)
        if answer.status != 200:
            self._refuse_pull(answer)
        return self._read(answer, PullStatus).pieces

    async def remove_pieces(
        self, data_set_id: int, piece_ids: Sequence[int], extra_data: bytes
    ) -> str:
        """Ask for a transaction that schedules removals; returns its hash.

        Raises: as `add_pieces`.
        """
        path = f"pdp/data-sets/{data_set_id}/pieces/{piece_ids[0]}"
        body = {"pieceIds": list(piece_ids), "extraData": f"0x{extra_data.hex()}"}
        answer = await self._ask_to_send("DELETE", path, body, "remove pieces")
        if answer.status != 200:
            self._refuse_commit(answer, "remove pieces")
        tx_hash = _field(answer, "txHash")
        if not isinstance(tx_hash, str) or not _TX_HASH.fullmatch(tx_hash):
            raise CommitUnknown(f"{self._http.host}: remove pieces: no transaction in the answer")
        return tx_hash

    async def terminate(self, data_set_id: int, extra_data: bytes) -> int | None:
        """Ask for the end of a data set's service.

        Returns:
            The epoch of its end if it has been ended before; None now that it is queued.

        Raises:
            ProviderRefused: the provider's contracts do not know this.
            NotConfirmedYet: the provider does not know the data set (yet).
        """
        doing = "end a data set"
        path = f"pdp/data-sets/{data_set_id}/terminate"
        body = {"extraData": f"0x{extra_data.hex()}"}
        answer = await self._http.send("POST", path, body=body)
        if answer.status == 503:
            raise ProviderRefused(f"{self._http.host}: {doing}: {answer.words}")
        if answer.status == 404:
            raise NotConfirmedYet(
                f"{self._http.host}: {doing}: {answer.words}", retry_after_s=UNKNOWN_SET_PAUSE_S
            )
        if answer.status == 409:
            return self._read(answer, TerminationConflict).end_epoch
        if answer.status != 202:
            self._http.refuse(answer, doing)
        return None

    async def termination_status(self, data_set_id: int) -> TerminationStatus | None:
        """Ask how far an end is; None if none is under way, or its transaction failed."""
        return await self._status(f"pdp/data-sets/{data_set_id}/terminate", TerminationStatus)

    async def creation_status(self, tx_hash: str) -> CreationStatus | None:
        """Ask how far a creation is; None if the provider does not know it."""
        return await self._status(f"pdp/data-sets/created/{tx_hash}", CreationStatus)

    async def addition_status(self, data_set_id: int, tx_hash: str) -> AdditionStatus | None:
        """Ask how far an addition is; None if the provider does not know it.

        Just after create-and-add that is normal for up to a minute.
        """
        path = f"pdp/data-sets/{data_set_id}/pieces/added/{tx_hash}"
        return await self._status(path, AdditionStatus)

    async def _status(self, path: str, model: type[_Model]) -> _Model | None:
        answer = await self._http.get(path)
        if answer.status == 404:
            return None
        if answer.status != 200:
            self._http.refuse(answer, "ask for a transaction")
        return self._read(answer, model)

    def _read(self, answer: Answer, model: type[_Model]) -> _Model:
        try:
            return model.model_validate_json(answer.body)
        except ValidationError as error:
            message = f"{self._http.host}: unreadable status: {answer.words}"
            raise ProviderFault(message) from error

    async def _commit(self, path: str, body: object, doing: str) -> str:
        answer = await self._ask_to_send("POST", path, body, doing)
        if answer.status != 201:
            self._refuse_commit(answer, doing)
        tx_hash = _last_part(answer)
        if not _TX_HASH.fullmatch(tx_hash):
            raise CommitUnknown(f"{self._http.host}: {doing}: no transaction in Location")
        return tx_hash

    async def _ask_to_send(self, method: str, path: str, body: object, doing: str) -> Answer:
        try:
            return await self._http.exchange(method, path, body=body, read_timeout_s=SEND_S)
        except _NEVER_SENT as error:
            raise self._http.down(error, doing) from error
        except httpx.HTTPError as error:
            message = f"{self._http.host}: {doing}: {type(error).__name__}"
            raise CommitUnknown(message) from error

    def _refuse_commit(self, answer: Answer, doing: str) -> None:
        context = f"{self._http.host}: {doing}"
        if answer.status >= 500 and (revert := find_revert(answer.body.decode(errors="replace"))):
            raise revert.as_error(context)
        if answer.status >= 500 or answer.status == 408:
            raise CommitUnknown(f"{context}: {answer.status}: {answer.words}")
        if answer.status == 404:
            raise NotConfirmedYet(f"{context}: {answer.words}", retry_after_s=UNKNOWN_SET_PAUSE_S)
        self._http.refuse(answer, doing)

    def _refuse_pull(self, answer: Answer) -> None:
        context = f"{self._http.host}: pull"
        if revert := find_revert(answer.body.decode(errors="replace")):
            raise revert.as_error(context)
        if answer.status == 404:
            raise NotConfirmedYet(f"{context}: {answer.words}", retry_after_s=UNKNOWN_SET_PAUSE_S)
        self._http.refuse(answer, "pull")

    def _refuse_session(self, answer: Answer, doing: str) -> None:
        if answer.status == 404:
            raise ProviderFault(f"{self._http.host}: {doing}: session lost: {answer.words}")
        self._http.refuse(answer, doing)


def _last_part(answer: Answer) -> str:
    return answer.headers.get("location", "").rstrip("/").rpartition("/")[2]


def _field(answer: Answer, name: str) -> object:
    try:
        found = answer.json()
    except ValueError:
        return None
    return found.get(name) if isinstance(found, dict) else None


def _addition(pieces: Iterable[str], extra_data: bytes) -> dict[str, object]:
    entries = [{"pieceCid": cid, "subPieces": [{"subPieceCid": cid}]} for cid in pieces]
    return {"pieces": entries, "extraData": f"0x{extra_data.hex()}"}
