"""Watches every request of a client: no Scan, and no bare attribute name in an expression."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mypy_boto3_dynamodb import DynamoDBClient

_WORD = re.compile(r"[#:]?[A-Za-z_][A-Za-z0-9_.#:]*")
_OWN_WORDS = frozenset(
    {
        "SET",
        "ADD",
        "REMOVE",
        "AND",
        "attribute_exists",
        "attribute_not_exists",
        "begins_with",
        "BETWEEN",
        "if_not_exists",
    }
)


class Watch:
    """Raises inside the request, so that the test that sent it fails."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.operations: list[str] = []
        client.meta.events.register("before-parameter-build.dynamodb.*", self._see)

    def _see(self, params: Mapping[str, object], model: object, **_: object) -> None:
        operation = getattr(model, "name", "")
        self.operations.append(operation)
        assert operation not in ("Scan", "BatchExecuteStatement", "ExecuteStatement")
        for text in _expressions(params):
            bare = [w for w in _WORD.findall(text) if w[0] not in "#:" and w not in _OWN_WORDS]
            assert not bare, f"{operation}: bare {bare} in {text!r}"


def _expressions(params: object) -> Iterator[str]:
    if isinstance(params, Mapping):
        for name, value in params.items():
            if isinstance(value, str) and name.endswith("Expression"):
                yield value
            else:
                yield from _expressions(value)
    elif isinstance(params, list | tuple):
        for value in params:
            yield from _expressions(value)
