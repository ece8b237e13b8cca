"""The streaming upload flow: open a session, send bytes, finalize with the PieceCID."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from devnet.provider.answers import (
    Body,
    Refusal,
    internal_error,
    parse_cid,
    read_body,
    too_large,
    too_small,
)
from devnet.provider.faults import Faults, Point
from devnet.provider.options import Clock, Limits
from devnet.provider.pieces import PieceStore
from devnet.provider.spool import PayloadTooLarge, move, spool
from devnet.provider.state import Database
from vibesflow.filecoin import PieceCid

_SESSION = "SELECT file, cid FROM uploads WHERE id = ?"
_OPEN = "INSERT INTO uploads (id, opened_at) VALUES (?, ?)"
_RECEIVED = "UPDATE uploads SET file = ?, cid = ?, received_at = ? WHERE id = ?"
_FORGET = "DELETE FROM uploads WHERE id = ?"
_SWEEP = "DELETE FROM uploads WHERE coalesce(received_at, opened_at) < ? RETURNING file"
_NOTIFY = "INSERT INTO notifications (url, cid, due_at) VALUES (?, ?, ?)"


class PieceBody(Body):
    """Which piece the bytes are, and whom to tell when it is published."""

    piece_cid: str
    notify: str | None = None


class Uploads:
    """Sessions of the streaming flow. A session outlives the process, its bytes do as well."""

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
        folder.mkdir(parents=True, exist_ok=True)

    def routes(self) -> list[Route]:
        """The routes of this flow."""
        one = "/pdp/piece/uploads/{upload_id}"
        return [
            Route("/pdp/piece/uploads", self.open, methods=["POST"]),
            Route(one, self.receive, methods=["PUT"]),
            Route(one, self.finalize, methods=["POST"]),
        ]

    async def open(self, _request: Request) -> Response:
        """Open a session: 201 and its place."""
        await self._faults.reach(Point.OPEN)
        upload_id = str(uuid.uuid4())
        await self._database.execute(_OPEN, upload_id, self._clock())
        return Response(status_code=201, headers={"Location": f"/pdp/piece/uploads/{upload_id}"})

    async def receive(self, request: Request) -> Response:
        """Take the bytes: 204 once they are durable and their PieceCID is known."""
        upload_id = upload_id_of(request)
        await self._session(upload_id)
        await admit(request, self._faults)
        part = self._folder / f"{upload_id}.{uuid.uuid4().hex}.part"
        cid = await receive_payload(request, part, self._limits)
        if cid.raw_size < self._limits.min_piece_bytes:
            await asyncio.to_thread(part.unlink)
            raise too_small(cid.raw_size, self._limits.min_piece_bytes)
        await self._keep(upload_id, part, cid)
        return Response(status_code=204)

    async def finalize(self, request: Request) -> Response:
        """Check what was received against the PieceCID and park it: 200."""
        upload_id = upload_id_of(request)
        body = await read_body(request, PieceBody, self._limits.max_json_bytes)
        cid = parse_cid(body.piece_cid, self._limits.min_piece_bytes, self._limits.max_piece_bytes)
        check_notify(body.notify)
        session = await self._session(upload_id)
        await self._faults.reach(Point.FINALIZE)
        if session["cid"] is None:
            raise internal_error("Failed to finalize: the upload is not complete")
        check_received(cid, PieceCid.parse(session["cid"]))
        await self._park(upload_id, self._folder / session["file"], cid, body.notify)
        return Response(status_code=200)

    async def sweep(self) -> int:
        """Drop sessions that nobody finalized in time; returns how many."""
        before = self._clock() - self._limits.unfinalized_age_s
        rows = await self._database.rows(_SWEEP, before)
        files = [self._folder / row["file"] for row in rows if row["file"] is not None]
        await asyncio.to_thread(_unlink_all, files)
        return len(rows)

    async def drop_strays(self) -> None:
        """Remove files of no session: what a dead process was in the middle of receiving."""
        rows = await self._database.rows("SELECT file FROM uploads WHERE file IS NOT NULL")
        known = {row["file"] for row in rows}
        files = await asyncio.to_thread(lambda: list(self._folder.iterdir()))
        await asyncio.to_thread(_unlink_all, [file for file in files if file.name not in known])

    async def _session(self, upload_id: str) -> sqlite3.Row:
        row = await self._database.row(_SESSION, upload_id)
        if row is None:
            raise Refusal(404, "Upload not found")
        return row

    async def _keep(self, upload_id: str, part: Path, cid: PieceCid) -> None:
        """Replace what the session held before; a later PUT wins."""
        held = await self._session_or_discard(upload_id, part)
        final = part.with_suffix(".payload")
        await asyncio.to_thread(move, part, final)
        values = (final.name, cid.text, self._clock(), upload_id)
        if not await self._database.execute(_RECEIVED, *values):
            await asyncio.to_thread(final.unlink)
            raise Refusal(404, "Upload not found")
        if held["file"] is not None:
            await asyncio.to_thread(_unlink_all, [self._folder / held["file"]])

    async def _session_or_discard(self, upload_id: str, part: Path) -> sqlite3.Row:
        try:
            return await self._session(upload_id)
        except Refusal:
            await asyncio.to_thread(part.unlink)
            raise

    async def _park(self, upload_id: str, file: Path, cid: PieceCid, notify: str | None) -> None:
        due_at = self._clock() + self._pieces.publish_delay_s

        def close(db: sqlite3.Connection) -> None:
            if not db.execute(_FORGET, (upload_id,)).rowcount:
                raise Refusal(404, "Upload not found")
            if notify:
                db.execute(_NOTIFY, (notify, cid.text, due_at))

        try:
            await self._pieces.park(file, cid, close)
        except FileNotFoundError:
            raise internal_error("Failed to finalize: the received bytes are gone") from None


def upload_id_of(request: Request) -> str:
    """Read the upload id of the path, or refuse with 400."""
    text = str(request.path_params["upload_id"])
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Refusal(400, "Invalid upload UUID") from None


async def admit(request: Request, faults: Faults) -> None:
    """Ask whether the bytes may come; a refusal is told once they are through, so it is heard."""
    try:
        await faults.reach(Point.RECEIVE)
    except Refusal:
        async for _ in request.stream():
            pass
        raise


async def receive_payload(request: Request, part: Path, limits: Limits) -> PieceCid:
    """Spool a request's body into a new file.

    Raises:
        Refusal: 413, too large; 500, it did not come in time or could not be written.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limits.max_piece_bytes:
        raise too_large(limits.max_piece_bytes)
    try:
        async with asyncio.timeout(limits.upload_timeout_s):
            return await spool(request.stream(), part, max_bytes=limits.max_piece_bytes)
    except PayloadTooLarge:
        raise too_large(limits.max_piece_bytes) from None
    except ClientDisconnect:
        raise
    except OSError as error:
        raise internal_error(f"Failed to stash the upload: {type(error).__name__}") from error


def check_received(declared: PieceCid, received: PieceCid) -> None:
    """Refuse with 400 unless the bytes are what was declared."""
    if declared.raw_size != received.raw_size:
        raise Refusal(
            400,
            f"declared size {declared.raw_size} does not match received size {received.raw_size}",
        )
    if declared != received:
        raise Refusal(400, f"provided piece CID {declared} does not match computed {received}")


def check_notify(url: str | None) -> None:
    """Refuse with 400 a notification address that cannot be called."""
    if url and urlsplit(url).scheme not in {"http", "https"}:
        raise Refusal(400, "Invalid notify URL")


def _unlink_all(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
