import os
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.starter.terminal import CommandLine
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.settings import TableSettings
from vibesflow.staging import FileStaging


@pytest.fixture
def environment(
    temporal_env: WorkflowEnvironment, table_settings: TableSettings, tmp_path: Path
) -> dict[str, str]:
    """The variables of a command that finds a real Temporal, a real table and real staging."""
    client = temporal_env.client
    return {
        "VIBESFLOW_TEMPORAL_ADDRESS": client.service_client.config.target_host,
        "VIBESFLOW_TEMPORAL_NAMESPACE": client.namespace,
        "VIBESFLOW_TEMPORAL_UI_URL": "http://127.0.0.1:8233",
        "VIBESFLOW_TABLE_ENDPOINT": table_settings.endpoint or "",
        "VIBESFLOW_TABLE_METADATA_NAME": table_settings.metadata_name,
        "VIBESFLOW_TABLE_CHUNKS_NAME": table_settings.chunks_name,
        "VIBESFLOW_STAGING_URL": (tmp_path / "staging").as_uri(),
        "VIBESFLOW_DEVNET_INFO": str(tmp_path / "devnet.json"),
    }


@pytest.fixture
def vibesflow(environment: dict[str, str]) -> CommandLine:
    """The command line in this process, beside real services."""
    return CommandLine(environment)


@pytest.fixture
def ledger(table_settings: TableSettings) -> DynamoLedger:
    create_tables(table_settings)
    return DynamoLedger(table_settings)


@pytest.fixture
def staging(tmp_path: Path) -> FileStaging:
    return FileStaging(tmp_path / "staging")


@pytest.fixture
def spawn(environment: dict[str, str]):
    """Start the command line as a process of its own; what still runs at the end is killed."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [str(Path(sys.executable).with_name("vibesflow")), *arguments],
            env=os.environ | environment,
            stdin=options.pop("stdin", subprocess.PIPE),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
