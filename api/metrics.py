"""What the door counts, for Prometheus. Every label has a bounded set of values."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
CONTENT_TYPE = CONTENT_TYPE_LATEST

_MIB = 2**20
_SIZE_BUCKETS = tuple(_MIB * size for size in (0.01, 0.1, 0.5, 1, 2, 4, 8, 16, 32, 64, 256))
_SECONDS_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class ApiMetrics:
    """The metrics of one application, in a registry of its own.

    Attributes:
        chunks: uploads by outcome: ``created``, ``known``, or the code of the error.
        chunk_bytes: sizes of the chunks that were acknowledged for the first time.
        requests: requests by method, route template and status.
        seconds: how long they took, by method and route template.
        in_progress: requests that are being served.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.chunks = Counter(
            "vibesflow_api_chunks",
            "Uploads by outcome: created, known, or an error code",
            ["outcome"],
            registry=self.registry,
        )
        self.chunk_bytes = Histogram(
            "vibesflow_api_chunk_bytes",
            "Sizes of the chunks acknowledged for the first time",
            buckets=_SIZE_BUCKETS,
            registry=self.registry,
        )
        self.requests = Counter(
            "vibesflow_api_requests",
            "Requests by method, route template and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "vibesflow_api_request_seconds",
            "Time from the request's head to the end of the reply",
            ["method", "route"],
            buckets=_SECONDS_BUCKETS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "vibesflow_api_requests_in_progress",
            "Requests that are being served",
            registry=self.registry,
        )

    def render(self) -> bytes:
        """Return everything in the text format."""
        return generate_latest(self.registry)


class CountRequests:
    """Counts and times every request, whatever becomes of it."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = "aborted"

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        began = time.perf_counter()
        with self._metrics.in_progress.track_inprogress():
            try:
                await self._app(scope, receive, watch)
            finally:
                self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: str, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = _template(scope.get("route"))
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)


def _template(route: BaseRoute | None) -> str:
    return route.path if isinstance(route, Route) else "unmatched"
