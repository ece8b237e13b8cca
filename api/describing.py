"""The OpenAPI document's word on who may do what."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api.access import SCHEMES


def describe_access(app: FastAPI, *, is_open: bool) -> None:
    """Let the document name the security schemes; where nobody needs one, they are optional."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        known = app.openapi_schema is not None
        document = plain()
        if not known:
            document.setdefault("components", {})["securitySchemes"] = SCHEMES
            if is_open:
                _make_optional(document)
        return document

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _make_optional(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            if "security" in operation:
                operation["security"] = [*operation["security"], {}]
