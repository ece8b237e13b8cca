"""The older upload flow: declare the PieceCID first, then send all bytes at once."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devnet.provider.answers import Refusal, parse_cid, read_body
from devnet.provider.faults import Faults, Point
from devnet.provider.options import Clock, Limits
from devnet.provider.pieces import AlsoRecord, PieceStore
from devnet.provider.state import Database
from devnet.provider.uploads import (
    PieceBody,
    admit,
    check_notify,
    check_received,
    receive_payload,
    upload_id_of,
)
from vibesflow.filecoin import PieceCid

_OPEN = "INSERT INTO declared_uploads (id, opened_at, cid, notify) VALUES (?, ?, ?, ?)"
_SESSION = "SELECT cid, notify, received_at FROM declared_uploads WHERE id = ?"
_RECEIVED = "UPDATE declared_uploads SET received_at = ? WHERE id = ?"
_SWEEP = "DELETE FROM declared_uploads WHERE coalesce(received_at, opened_at) < ?"
_NOTIFY = "INSERT INTO notifications (url, cid, due_at) VALUES (?, ?, ?)"


class DeclaredUploads:
    """Sessions of the older flow. A mismatch leaves the session open for the right bytes."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        pieces: PieceStore,
        limits: Limits,
        clock: Clock,
        faults: Faults,
    ) -> None:
        self._folder = folder
        self._database = database
        self._pieces = pieces
        self._limits = limits
        self._clock = clock
        self._faults = faults

    def routes(self) -> list[Route]:
        """The routes of this flow."""
        return [
            Route("/pdp/piece", self.declare, methods=["POST"]),
            Route("/pdp/piece/upload/{upload_id}", self.receive, methods=["PUT"]),
        ]

    async def declare(self, request: Request) -> Response:
        """Say which piece will come: 201 and the place, or 200 if it is here already."""
        await self._faults.reach(Point.OPEN)
        body = await read_body(request, PieceBody, self._limits.max_json_bytes)
        cid = parse_cid(body.piece_cid, self._limits.min_piece_bytes, self._limits.max_piece_bytes)
        check_notify(body.notify)
        held = await self._pieces.find(cid)
        if held is not None and self._pieces.is_published(held):
            return JSONResponse({"pieceCid": cid.text})
        upload_id = str(uuid.uuid4())
        await self._database.execute(_OPEN, upload_id, self._clock(), cid.text, body.notify)
        return Response(status_code=201, headers={"Location": f"/pdp/piece/upload/{upload_id}"})

    async def receive(self, request: Request) -> Response:
        """Take the bytes, check and park them: 204."""
        upload_id = upload_id_of(request)
        session = await self._database.row(_SESSION, upload_id)
        if session is None:
            raise Refusal(404, "Upload not found")
        if session["received_at"] is not None:
            raise Refusal(409, "data has already been uploaded")
        await admit(request, self._faults)
        part = self._folder / f"{upload_id}.{uuid.uuid4().hex}.part"
        cid = await receive_payload(request, part, self._limits)
        try:
            check_received(PieceCid.parse(session["cid"]), cid)
            await self._pieces.park(part, cid, self._closing(upload_id, cid, session["notify"]))
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return Response(status_code=204)

    async def sweep(self) -> int:
        """Drop old sessions; returns how many."""
        return await self._database.execute(_SWEEP, self._clock() - self._limits.unfinalized_age_s)

    def _closing(self, upload_id: str, cid: PieceCid, notify: str | None) -> AlsoRecord:
        now = self._clock()
        due_at = now + self._pieces.publish_delay_s

        def close(db: sqlite3.Connection) -> None:
            db.execute(_RECEIVED, (now, upload_id))
            if notify:
                db.execute(_NOTIFY, (notify, cid.text, due_at))

        return close
