"""docs/http.md and the application name the same routes, errors, headers, metrics and fields."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from starlette.routing import Route

from api.app import EXPOSED_HEADERS, create_app
from api.ingest import headers
from api.metrics import ApiMetrics
from api.problems import ErrorReply
from api.routes import filecoin, health, pieces, streams, uploads
from api.services import Services
from tests.api.door import NETWORK, nobody, unreachable_ledger
from tests.fakes.streams import FakeStreams
from vibesflow.access import Admission
from vibesflow.errors import all_errors
from vibesflow.filecoin.reading.reader import PieceReader
from vibesflow.ingest import Receiver
from vibesflow.query import StreamReader
from vibesflow.settings import AccessSettings, ApiSettings, ReadSettings
from vibesflow.staging.files import FileStaging

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
SECTIONS = {
    (method, path): text
    for method, path, text in re.findall(
        r"^### `([A-Z]+) (/\S*)`\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE
    )
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    streams, staging = FakeStreams(), FileStaging(tmp_path_factory.mktemp("staging"))
    reader = StreamReader(unreachable_ledger(), streams)
    pieces = PieceReader(ReadSettings(), nobody)
    yield create_app(
        Services(
            receiver=Receiver(staging, streams, max_bytes=1_000),
            reader=reader,
            live=streams,
            staging=staging,
            network=NETWORK,
            settings=ApiSettings(),
            pieces=pieces,
            admission=Admission(AccessSettings(), ApiSettings()),
        )
    )
    reader.close()
    asyncio.run(pieces.close())


def routes_of(app: FastAPI) -> dict[tuple[str, str], Route]:
    return {
        (method, route.path): route
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def operations_of(app: FastAPI) -> dict[tuple[str, str], dict]:
    return {
        (method.upper(), path): operation
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_documented_and_no_other(app):
    served = set(operations_of(app)) | {("GET", "/openapi.json")}
    assert set(SECTIONS) == served


def test_nothing_is_served_that_openapi_does_not_show(app):
    assert {path for _, path in routes_of(app)} <= {path for _, path in SECTIONS}


def test_every_error_of_a_route_is_named_in_its_section(app):
    for key, operation in operations_of(app).items():
        for status, reply in operation["responses"].items():
            schema = json.dumps(reply)
            if ErrorReply.__name__ in schema:
                for code in reply["description"].split(", "):
                    assert f"`{code}`" in SECTIONS[key], (key, code)
                assert status in SECTIONS[key], (key, status)


def test_the_page_names_no_error_that_does_not_exist():
    known = {kind.code for kind in all_errors()}
    named = {
        code
        for text in SECTIONS.values()
        for line in re.findall(r"^Errors:(.*?)(?:\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
        for code in re.findall(r"`([a-z_]+)`", line)
    }
    assert named
    assert named <= known


def test_every_request_header_is_documented():
    said = [value for name, value in vars(headers).items() if name.isupper()]
    names = {value for value in said if isinstance(value, str) and value.startswith("X-")}
    assert len(names) == 9
    for name in names:
        required = "required" if name in headers.REQUIRED else "optional"
        assert f"| `{name}` | {required} |" in SECTIONS["POST", "/upload"]


def test_every_exposed_header_is_documented():
    for name in EXPOSED_HEADERS:
        assert f"`{name}`" in PAGE


def test_every_metric_is_documented_and_no_other():
    ours = (f for f in ApiMetrics().registry.collect() if f.name.startswith("vibesflow_"))
    shown = {f"{f.name}_total" if f.type == "counter" else f.name for f in ours}
    assert set(re.findall(r"^\| `(vibesflow_\w+)`", PAGE, re.MULTILINE)) == shown


@pytest.mark.parametrize(
    "key", [key for key, text in SECTIONS.items() if "```json" in text], ids=lambda key: key[1]
)
def test_examples_have_exactly_the_fields_of_the_replies(app, key):
    route = next(
        route
        for route in _all_api_routes(app)
        if route.path == key[1] and key[0] in (route.methods or set())
    )
    example = re.findall(r"```json\n(.*?)```", SECTIONS[key], re.DOTALL)[-1]
    value = TypeAdapter(route.response_model).validate_json(example)
    said = TypeAdapter(route.response_model).dump_python(value, mode="json", by_alias=True)
    assert said == json.loads(example)


def test_the_error_example_is_one():
    example = re.search(r"## Errors.*?```json\n(.*?)```", PAGE, re.DOTALL)
    assert example
    assert isinstance(ErrorReply.model_validate_json(example[1], strict=True), BaseModel)


def _all_api_routes(app: FastAPI) -> list[APIRoute]:
    return [
        route
        for module in (uploads, streams, pieces, filecoin, health)
        for route in module.router.routes
        if isinstance(route, APIRoute)
    ]
