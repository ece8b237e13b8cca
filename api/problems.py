"""Errors as JSON: ``{"error", "code", "detail"}`` with the right status, never a traceback."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import challenge
from vibesflow.errors import (
    DependencyDown,
    InvalidInput,
    MethodNotAllowed,
    RateLimited,
    RouteNotFound,
    Unauthorized,
    VibesflowError,
)

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5
"""What we tell a caller to wait when a dependency is down and nobody said for how long."""


class ErrorReply(BaseModel):
    """Every error's body; ``code`` is stable and listed in docs/errors.md."""

    error: str = Field(description="What went wrong, in words")
    code: str = Field(description="Stable identifier")
    detail: dict[str, object] = Field(
        description="Advice, and what is known besides: dependency, incident, limits"
    )


class PieceErrorReply(ErrorReply):
    """Why a piece cannot be given."""

    cid: str = Field(description="What was asked for, as it was spelled")


def documented(
    *kinds: type[VibesflowError], model: type[ErrorReply] = ErrorReply
) -> dict[int | str, dict[str, object]]:
    """Describe the errors of a route for OpenAPI."""
    by_status: dict[int | str, list[str]] = {}
    for kind in kinds:
        by_status.setdefault(kind.http_status, []).append(kind.code)
    return {
        status: {"model": model, "description": ", ".join(codes)}
        for status, codes in by_status.items()
    }


def problem(error: VibesflowError, **more: object) -> JSONResponse:
    """Spell an error as a reply; what is our own fault gets an incident id and a log line.

    Args:
        error: what went wrong.
        more: further fields of the body.
    """
    detail: dict[str, object] = {"advice": error.advice}
    headers: dict[str, str] = {}
    if isinstance(error, DependencyDown):
        detail["dependency"] = error.dependency
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = challenge(error)
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s or RETRY_AFTER_S))
    elif error.http_status == DependencyDown.http_status:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s or RETRY_AFTER_S))
        log.warning("%s: %s", error.code, error.message)
    elif error.http_status >= VibesflowError.http_status:
        detail["incident"] = report_incident(error)
    return _reply(error.http_status, error.message, error.code, detail, headers, more)


def report_incident(error: BaseException) -> str:
    """Log an unexpected error under a fresh id, and return the id."""
    incident = secrets.token_hex(8)
    log.error("incident %s", incident, exc_info=error)
    return incident


def install_problems(app: FastAPI) -> None:
    """Let every error that a route raises leave as JSON."""
    app.add_exception_handler(VibesflowError, _on_named)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)


class Incidents:
    """Turns an error that nobody foresaw into a 500 with an incident id.

    It stands inside the CORS middleware, so that a browser may read this reply too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await _unforeseen(error)(scope, receive, send)


def _unforeseen(error: Exception) -> JSONResponse:
    detail: dict[str, object] = {
        "advice": VibesflowError.advice,
        "incident": report_incident(error),
    }
    return _reply(
        VibesflowError.http_status, "something unforeseen went wrong", VibesflowError.code, detail
    )


async def _on_named(_: Request, error: Exception) -> JSONResponse:
    return problem(error) if isinstance(error, VibesflowError) else _unforeseen(error)


async def _on_validation(_: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    told = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults)
    return problem(InvalidInput(f"the request is not valid: {told}"))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else VibesflowError.http_status
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    where = f"{request.method} {request.url.path[:200]}"
    kinds: dict[int, VibesflowError] = {
        404: RouteNotFound(f"no such route: {where}"),
        405: MethodNotAllowed(f"method not allowed: {where}"),
    }
    known = kinds.get(status)
    if known is None:
        return _unforeseen(error)
    return _reply(status, known.message, known.code, {"advice": known.advice}, headers)


def _reply(
    status: int,
    message: str,
    code: str,
    detail: dict[str, object],
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> JSONResponse:
    body = ErrorReply(error=message, code=code, detail=detail).model_dump() | dict(more or {})
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))
