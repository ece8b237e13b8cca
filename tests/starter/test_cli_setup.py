import asyncio
import uuid

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from devnet.temporal import temporal_program
from starter.cli.exits import ExitCode
from starter.search_attributes import NAMES, register_search_attributes
from tests.fixtures.temporal import patiently
from vibesflow.errors import TemporalDown, WorkIncomplete
from vibesflow.ledger import DynamoLedger
from vibesflow.staging import open_staging


@pytest.fixture
async def bare_client():
    """A Temporal server that nobody has set up."""
    async with await patiently(
        lambda: WorkflowEnvironment.start_local(dev_server_existing_path=temporal_program())
    ) as env:
        yield env.client


async def attributes(client: Client) -> dict[str, int]:
    found = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return dict(found.custom_attributes)


async def test_attributes_are_registered_once(bare_client):
    assert set(NAMES) == {"RtaCreator", "RtaState"}
    assert set(await register_search_attributes(bare_client)) == set(NAMES)
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    assert {name: (await attributes(bare_client))[name] for name in NAMES} == dict.fromkeys(
        NAMES, keyword
    )
    assert await register_search_attributes(bare_client) == ()


async def test_two_set_ups_at_once_do_no_harm(bare_client):
    await asyncio.gather(*(register_search_attributes(bare_client) for _ in range(4)))
    assert set(NAMES) <= set(await attributes(bare_client))


async def test_an_attribute_of_another_type_is_told(bare_client):
    await bare_client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=bare_client.namespace,
            search_attributes={"RtaState": IndexedValueType.INDEXED_VALUE_TYPE_INT},
        )
    )
    with pytest.raises(WorkIncomplete, match="RtaState exists and is not a Keyword"):
        await register_search_attributes(bare_client)


async def test_a_namespace_that_is_not_there_is_told(bare_client):
    lost = Client(bare_client.service_client, namespace=f"lost-{uuid.uuid4()}")
    with pytest.raises(TemporalDown, match="lost-"):
        await register_search_attributes(lost)


async def test_a_server_that_does_not_let_us_is_told(monkeypatch, temporal_client):
    class Forbidding:
        async def list_search_attributes(self, _request):
            raise RPCError("ask your administrator", RPCStatusCode.PERMISSION_DENIED, b"")

    monkeypatch.setattr(type(temporal_client), "operator_service", Forbidding())
    with pytest.raises(WorkIncomplete, match=r"not allowed .* RtaState: ask your administrator"):
        await register_search_attributes(temporal_client)


def test_setup_makes_the_tables_and_may_be_repeated(vibesflow, table_settings):
    first = vibesflow.json("setup")
    assert first["tables"] == [table_settings.metadata_name, table_settings.chunks_name]
    assert set(first["search_attributes_present"]) == set(NAMES)  # the server began with them
    DynamoLedger(table_settings).check()
    assert vibesflow.json("setup") == first
    text = vibesflow("setup").stdout
    assert f"Tables ready: {table_settings.metadata_name}" in text
    assert "Search attributes added: none" in text


def test_setup_names_what_is_down(vibesflow):
    vibesflow.environment["VIBESFLOW_TABLE_ENDPOINT"] = "http://127.0.0.1:9"
    result = vibesflow("setup")
    assert result.exit_code == ExitCode.DEPENDENCY_DOWN
    assert "table_down" in result.stderr


async def test_setup_makes_the_bucket_of_staging(vibesflow, s3_settings, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    vibesflow.environment["VIBESFLOW_STAGING_URL"] = s3_settings.url
    vibesflow.environment["VIBESFLOW_STAGING_S3_ENDPOINT"] = s3_settings.s3_endpoint
    done = await asyncio.to_thread(vibesflow.json, "setup")
    assert done["staging"] == s3_settings.url
    await open_staging(s3_settings).check()
