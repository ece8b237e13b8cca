"""The provider as an ASGI application: parts, middleware, the small routes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from devnet.provider.access_log import AccessLog
from devnet.provider.admin import ADMIN, Admin
from devnet.provider.answers import (
    Refusal,
    answer_disconnect,
    answer_http_exception,
    answer_refusal,
)
from devnet.provider.faults import Faults, Point
from devnet.provider.hanging_up import DownMiddleware, HungUp, answer_hung_up
from devnet.provider.options import Options
from devnet.provider.provider import Provider
from devnet.provider.switchboard import Switchboard
from devnet.provider.throttle import ThrottleMiddleware
from vibesflow import __version__


def build_app(options: Options, faults: Faults | None = None) -> Starlette:
    """Build one provider's application; its lifespan starts and stops the background work.

    A `Switchboard` for faults brings the admin route with it.

    Raises:
        SettingsInvalid: another process works in the same data folder.
    """
    faults = faults or Faults()
    provider = Provider(options, faults)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with provider.running():
            yield

    app = Starlette(
        routes=[*_small_routes(options, faults), *provider.routes(), *_admin_routes(faults)],
        middleware=[
            Middleware(AccessLog),
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=["Location"],
            ),
            Middleware(DownMiddleware, faults=faults, spared=ADMIN),
            Middleware(ThrottleMiddleware, throttle=provider.throttle),
        ],
        exception_handlers={
            Refusal: answer_refusal,
            HTTPException: answer_http_exception,
            ClientDisconnect: answer_disconnect,
            HungUp: answer_hung_up,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


def _admin_routes(faults: Faults) -> list[Route]:
    return Admin(faults).routes() if isinstance(faults, Switchboard) else []


def _small_routes(options: Options, faults: Faults) -> list[Route]:
    async def ping(_request: Request) -> Response:
        await faults.reach(Point.PING)
        return PlainTextResponse("curio-pdp")

    async def health(_request: Request) -> Response:
        return PlainTextResponse("Service is up and running")

    async def version(_request: Request) -> Response:
        return PlainTextResponse(f"vibesflow-devnet-provider/{__version__}")

    async def info(_request: Request) -> Response:
        address = str(options.account.address)
        return JSONResponse({"version": __version__, "address": address, "service": "public"})

    return [
        Route("/pdp/ping", ping),
        Route("/health", health),
        Route("/version", version),
        Route("/info", info),
    ]
