"""The search attributes by which operators find streams in Temporal's lists."""

from __future__ import annotations

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from vibesflow.errors import TemporalDown, WorkIncomplete
from workflows.messages import CREATOR_KEY, STATE_KEY

KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
NAMES = (CREATOR_KEY.name, STATE_KEY.name)


async def register_search_attributes(client: Client) -> tuple[str, ...]:
    """Make the attributes that the namespace does not have yet; return their names.

    Raises:
        WorkIncomplete: an attribute has another type, or we may not make attributes. On Temporal
            Cloud they are made with its own tools.
        TemporalDown: the server does not answer.
    """
    try:
        missing = await _missing(client)
        if missing:
            await _add(client, missing)
    except RPCError as error:
        if error.status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED):
            raise WorkIncomplete(
                f"not allowed to make the search attributes {', '.join(NAMES)}: {error.message}"
            ) from error
        raise TemporalDown(f"the Temporal server does not answer: {error.message}") from error
    return missing


async def _missing(client: Client) -> tuple[str, ...]:
    found = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    for name in NAMES:
        if found.custom_attributes.get(name, KEYWORD) != KEYWORD:
            raise WorkIncomplete(f"search attribute {name} exists and is not a Keyword")
    return tuple(name for name in NAMES if name not in found.custom_attributes)


async def _add(client: Client, names: tuple[str, ...]) -> None:
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace, search_attributes=dict.fromkeys(names, KEYWORD)
            )
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:  # another set-up was quicker
            raise
