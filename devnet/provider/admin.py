"""The admin route, for people and tests that disturb a provider: ``/admin/faults``."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from devnet.provider.answers import Refusal, read_body
from devnet.provider.fault_order import FaultOrder, FaultReports
from devnet.provider.faults import FaultName
from devnet.provider.switchboard import Switchboard

ADMIN = "/admin/"
FAULTS_PATH = "/admin/faults"
_MAX_BYTES = 4096


class Admin:
    """Sets, shows and heals faults. Every answer lists the faults there are then."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def routes(self) -> list[Route]:
        """The routes of the switchboard."""
        one = f"{FAULTS_PATH}/{{name}}"
        return [
            Route(FAULTS_PATH, self.show, methods=["GET"]),
            Route(FAULTS_PATH, self.set, methods=["PUT"]),
            Route(FAULTS_PATH, self.heal, methods=["DELETE"]),
            Route(one, self.heal, methods=["DELETE"]),
        ]

    async def show(self, _request: Request) -> Response:
        """All faults: 200."""
        return self._all()

    async def set(self, request: Request) -> Response:
        """Set one fault, in the place of one of the same name and point: 200."""
        _refuse_pages(request)
        self._switchboard.set(await read_body(request, FaultOrder, _MAX_BYTES))
        return self._all()

    async def heal(self, request: Request) -> Response:
        """Heal all faults, or those of the name in the path: 200."""
        _refuse_pages(request)
        self._switchboard.heal(_named(request))
        return self._all()

    def _all(self) -> Response:
        reports = FaultReports(faults=self._switchboard.reports())
        return Response(reports.model_dump_json(), media_type="application/json")


def _named(request: Request) -> FaultName | None:
    name = request.path_params.get("name")
    try:
        return None if name is None else FaultName(str(name))
    except ValueError:
        raise Refusal(404, f"no such fault: {name}") from None


def _refuse_pages(request: Request) -> None:
    """Browsers say where a page comes from; no page has business here."""
    if "origin" in request.headers:
        raise Refusal(403, "web pages may not disturb the provider")
