"""Pinata's Files API, version 3: upload with ``POST /v3/files``, let go with ``DELETE``."""

from __future__ import annotations

from typing import Final

import httpx
from pydantic import BaseModel, ValidationError

from vibesflow.errors import PinningDown, PinningLied, PinningRefused
from vibesflow.pinning.judging import Witness
from vibesflow.pinning.multipart import FileForm
from vibesflow.pinning.port import OpenSource
from vibesflow.settings import PinningSettings
from vibesflow.stream.pins import Pin

_NETWORK: Final = "public"
_TIMEOUT: Final = httpx.Timeout(connect=10, read=120, write=60, pool=60)
_BUSY: Final = frozenset({408, 425, 429})
_MAX_WORDS: Final = 300


class _File(BaseModel):
    id: str
    cid: str


class _Uploaded(BaseModel):
    data: _File


class PinataClient:
    """Implements `vibesflow.pinning.port.Pinning`.

    Args:
        settings: addresses and the token.
        token: what lets us in; it is never shown.
    """

    def __init__(self, settings: PinningSettings, token: str) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            timeout=_TIMEOUT, trust_env=False, headers={"Authorization": f"Bearer {token}"}
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def pin(
        self, name: str, open_source: OpenSource, *, size_bytes: int, content_type: str
    ) -> Pin:
        """Upload a file and return where it is; see `vibesflow.pinning.port.Pinning`."""
        form = FileForm(
            {"network": _NETWORK, "name": name},
            file_name=name,
            content_type=content_type,
            size_bytes=size_bytes,
        )
        witness = Witness()
        request = self._http.build_request(
            "POST",
            self._settings.url,
            headers=form.headers,
            content=form.body(witness.watch(open_source)),
        )
        answer = await self._exchange(request, "upload a file")
        try:
            file = _Uploaded.model_validate_json(answer.content).data
        except ValidationError as error:
            raise PinningDown(f"upload a file: {_words(answer)} is no answer we know") from error
        if witness.refutes(file.cid):
            raise PinningLied(f"{name} was pinned as {file.cid}, which is another file")
        return Pin(
            ipfs_cid=file.cid,
            pin_id=file.id,
            url=self._settings.gateway_url(file.cid),
            is_verified=witness.knows(file.cid),
        )

    async def unpin(self, pin: Pin) -> None:
        """Let a file go; see `vibesflow.pinning.port.Pinning`."""
        url = f"{self._settings.files_url.rstrip('/')}/{_NETWORK}/{pin.pin_id}"
        request = self._http.build_request("DELETE", url)
        await self._exchange(request, "let a file go", gone_is_well=True)

    async def _exchange(
        self, request: httpx.Request, doing: str, *, gone_is_well: bool = False
    ) -> httpx.Response:
        try:
            answer = await self._http.send(request)
        except httpx.HTTPError as error:
            raise PinningDown(f"{doing}: {type(error).__name__}") from error
        status = answer.status_code
        if answer.is_success or (gone_is_well and status == httpx.codes.NOT_FOUND):
            return answer
        if status in _BUSY or answer.is_server_error:
            raise PinningDown(f"{doing}: {status} {_words(answer)}", retry_after_s=_wait_s(answer))
        raise PinningRefused(f"{doing}: {status} {_words(answer)}")


def _words(answer: httpx.Response) -> str:
    text = " ".join(answer.text.split())
    return "".join(c if c.isprintable() else "?" for c in text)[:_MAX_WORDS] or "no words"


def _wait_s(answer: httpx.Response) -> float | None:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None
