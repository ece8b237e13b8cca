"""The application: routes, errors, CORS and metrics around the services it is given."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api.describing import describe_access
from api.facts import RememberedFacts
from api.heads import HeadAsGet
from api.metrics import ApiMetrics, CountRequests
from api.pieces.reply import EXPOSED_HEADERS as PIECE_HEADERS
from api.problems import Incidents, install_problems
from api.routes import filecoin, health, pieces, streams, uploads
from api.services import Services
from vibesflow import __version__

EXPOSED_HEADERS = (
    *("Content-Length", "Content-Type", "Link", "Location", "Retry-After", "WWW-Authenticate"),
    *PIECE_HEADERS,
)
PREFLIGHT_AGE_S = 86_400


def create_app(services: Services) -> FastAPI:
    """Build the application. It opens and closes nothing: that is for who made the services."""
    app = FastAPI(
        title="VibesFlow archive",
        version=__version__,
        description="Takes live audio in, chunk by chunk, and shows what became of it.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.metrics = ApiMetrics()
    app.state.facts = RememberedFacts(services.reader, services.live)
    install_problems(app)
    for module in (uploads, streams, pieces, filecoin, health):
        app.include_router(module.router)
    _wrap(app, services)
    describe_access(app, is_open=services.admission.guard.is_open)
    return app


def _wrap(app: FastAPI, services: Services) -> None:
    # The last one added is the outermost.
    app.add_middleware(Incidents)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=services.settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=EXPOSED_HEADERS,
        max_age=PREFLIGHT_AGE_S,
    )
    app.add_middleware(CountRequests, metrics=app.state.metrics)
    app.add_middleware(HeadAsGet)
