"""Speaking HTTP to a storage provider, and naming what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urljoin, urlsplit

import httpx
from pydantic_core import from_json

from vibesflow.errors import ProviderBusy, ProviderDown, ProviderFault, ProviderRefused

MAX_WORDS: Final = 500
"""Characters of a provider's own words that an error carries."""

MAX_ANSWER_BYTES: Final = 2**20
"""Longest answer that is read, pieces aside."""

TIMEOUT: Final = httpx.Timeout(connect=10, read=60, write=60, pool=60)
"""Seconds without progress; a transfer as a whole has no limit."""

_GET_PAUSES_S: Final = (0.25, 0.5)
_RETRIED: Final = frozenset({408, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer, read to its end.

    Attributes:
        status: HTTP status.
        headers: header fields.
        body: at most `MAX_ANSWER_BYTES`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def words(self) -> str:
        """What the provider says, on one line and bounded."""
        text = " ".join(self.body.decode("utf-8", "replace").split())
        printable = "".join(char if char.isprintable() else "?" for char in text)
        return printable[:MAX_WORDS] or "no words"

    @property
    def retry_after_s(self) -> float | None:
        """How long the provider asks us to wait, if it says so in seconds."""
        value = self.headers.get("retry-after", "")
        return float(value) if value.isascii() and value.isdigit() else None

    def json(self) -> object:
        """The body as JSON; raises ValueError if it is not."""
        # Not the json module: web3 brings a library that raises the recursion limit beyond what
        # the C stack bears, so a provider could end this process with a row of brackets.
        answer: object = from_json(self.body)
        return answer


class ProviderHttp:
    """Requests to one provider.

    Args:
        http: shared connection pool; not closed here.
        service_url: the provider's base address from the registry.
        get_pauses_s: pauses between the tries of a GET.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        service_url: str,
        *,
        get_pauses_s: tuple[float, ...] = _GET_PAUSES_S,
    ) -> None:
        self._http = http
        self._base = service_url
        self._get_pauses_s = get_pauses_s
        self.host = urlsplit(service_url).netloc.rpartition("@")[2]

    def url(self, path: str) -> str:
        """Resolve a path as browsers do, so that all clients meet at the same address."""
        return urljoin(self._base, path)

    async def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        tries: int = 3,
        pauses_s: tuple[float, ...] | None = None,
    ) -> Answer:
        """GET, repeated when the network or the provider stumbles.

        Args:
            path: relative to the service address.
            params: query.
            tries: how often at most.
            pauses_s: pauses between the tries, if not the usual ones.

        Raises:
            ProviderDown: the last try failed on the way, or was answered 408 or 5xx.
        """
        for pause_s in (pauses_s or self._get_pauses_s)[: tries - 1]:
            try:
                return self._up(await self._exchange("GET", path, params=params), f"GET {path}")
            except ProviderDown:
                await asyncio.sleep(pause_s)
        return self._up(await self._exchange("GET", path, params=params), f"GET {path}")

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content: AsyncIterator[bytes] | None = None,
    ) -> Answer:
        """Send once; any status is an answer.

        Args:
            method: POST or PUT.
            path: relative to the service address.
            body: what to send as JSON.
            content: or raw bytes, of unknown length.

        Raises:
            ProviderDown: no answer came.
        """
        return await self._exchange(method, path, body=body, content=content)

    async def exchange(
        self, method: str, path: str, *, body: object, read_timeout_s: float
    ) -> Answer:
        """Send JSON once and let httpx's errors through: the caller must know what they mean."""
        timeout = httpx.Timeout(TIMEOUT.connect, read=read_timeout_s)
        request = self._http.build_request(method, self.url(path), json=body, timeout=timeout)
        return await self._read(request)

    def refuse(self, answer: Answer, doing: str) -> NoReturn:
        """Raise the error that an unwanted status means (Curio PDP API).

        Raises:
            ProviderBusy: 429.
            ProviderDown: 408 or 5xx.
            ProviderRefused: any other 4xx; it would repeat.
            ProviderFault: a status that makes no sense here.
        """
        message = f"{self.host}: {doing}: {answer.status}: {answer.words}"
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            raise ProviderBusy(message, retry_after_s=answer.retry_after_s)
        if answer.status in _RETRIED or answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ProviderDown(message, retry_after_s=answer.retry_after_s)
        if answer.status >= httpx.codes.BAD_REQUEST:
            raise ProviderRefused(message)
        raise ProviderFault(message)

    def down(self, error: httpx.HTTPError | httpx.InvalidURL, doing: str) -> ProviderDown:
        """Return the error for a request that found no answer."""
        return ProviderDown(f"{self.host}: {doing}: {type(error).__name__}")

    def _up(self, answer: Answer, doing: str) -> Answer:
        if answer.status in _RETRIED:
            self.refuse(answer, doing)
        return answer

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        content: AsyncIterator[bytes] | None = None,
    ) -> Answer:
        headers = {"Content-Type": "application/octet-stream"} if content is not None else None
        try:
            request = self._http.build_request(
                method,
                self.url(path),
                params=params,
                json=body,
                content=content,
                headers=headers,
                timeout=TIMEOUT,
            )
            return await self._read(request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self.down(error, f"{method} {path}") from error

    async def _read(self, request: httpx.Request) -> Answer:
        response = await self._http.send(request, stream=True)
        try:
            return Answer(response.status_code, response.headers, await bounded_body(response))
        finally:
            await response.aclose()


async def bounded_body(response: httpx.Response, limit_bytes: int = MAX_ANSWER_BYTES) -> bytes:
    """Read a response up to a limit; what lies beyond is left unread."""
    body = bytearray()
    async for block in response.aiter_bytes():
        body += block
        if len(body) >= limit_bytes:
            break
    return bytes(body[:limit_bytes])
