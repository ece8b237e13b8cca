"""The service's routes: upload, list, let go, and the gateway."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from devnet.pinning.form import parse_form
from devnet.pinning.store import PinnedFile, PinStore

_RAW_BLOCK = "application/vnd.ipld.raw"

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


def build_app(store: PinStore, token: str) -> Starlette:
    """Return the service as an ASGI application; the gateway is open, the rest wants the token."""

    def guarded(handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            shown = request.headers.get("authorization", "")
            if not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
                return _refusal(401, "Not Authorized")
            return await handler(request)

        return handle

    async def upload(request: Request) -> Response:
        parts = parse_form(request.headers.get("content-type", ""), await request.body())
        file, network, name = parts.get("file"), parts.get("network"), parts.get("name")
        if file is None:
            return _refusal(400, "no file in the form")
        if network is None or network.content != b"public":
            return _refusal(400, "this service has the public network only")
        title = name.content.decode("utf-8", "replace") if name else file.file_name
        kept, again = await run_in_threadpool(store.add, title, file.content_type, file.content)
        return JSONResponse({"data": _facts(kept) | {"is_duplicate": again}})

    async def files(request: Request) -> Response:
        cid = request.query_params.get("cid")
        found = [_facts(file) for file in store.files() if cid in (None, file.cid)]
        return JSONResponse({"data": {"files": found, "next_page_token": ""}})

    async def remove(request: Request) -> Response:
        if not await run_in_threadpool(store.remove, request.path_params["file_id"]):
            return _refusal(404, "file not found")
        return JSONResponse({"data": None})

    return Starlette(
        routes=[
            Route("/v3/files", guarded(upload), methods=["POST"]),
            Route("/v3/files/public", guarded(files)),
            Route("/v3/files/public/{file_id}", guarded(remove), methods=["DELETE"]),
            Route("/ipfs/{cid}", _gateway(store)),
            Route("/health", _health),
        ]
    )


def _gateway(store: PinStore) -> Handler:
    async def serve(request: Request) -> Response:
        cid = request.path_params["cid"]
        wants_block = request.query_params.get("format") == "raw"
        if wants_block or _RAW_BLOCK in request.headers.get("accept", ""):
            block = await run_in_threadpool(store.block, cid)
            return Response(block, media_type=_RAW_BLOCK) if block is not None else _absent(cid)
        found = await run_in_threadpool(store.content, cid)
        if found is None:
            return _absent(cid)
        file, content = found
        return Response(content, media_type=file.mime_type)

    return serve


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


def _absent(cid: str) -> Response:
    return PlainTextResponse(f"no such content: {cid}", status_code=404)


def _refusal(status: int, words: str) -> Response:
    return JSONResponse({"error": {"code": status, "message": words}}, status_code=status)


def _facts(file: PinnedFile) -> dict[str, object]:
    return {
        "id": file.id,
        "name": file.name,
        "cid": file.cid,
        "size": file.size,
        "number_of_files": 1,
        "mime_type": file.mime_type,
        "created_at": file.created_at,
        "keyvalues": {},
        "network": "public",
    }
