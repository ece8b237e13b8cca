"""Whose credentials a client takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.credentials import Credentials

from vibesflow.aws import open_client


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def credentials(endpoint: str | None) -> Credentials | None:
    client = open_client("dynamodb", endpoint=endpoint, region="eu-west-1", read_timeout_s=1)
    found: Credentials | None = client._get_credentials()  # type: ignore[attr-defined]
    return found


def test_a_local_engine_gets_made_up_ones() -> None:
    found = credentials("http://127.0.0.1:8000")
    assert found is not None
    assert (found.access_key, found.secret_key) == ("local", "local")


def test_a_local_engine_gets_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-env")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    found = credentials("http://127.0.0.1:8000")
    assert found is not None
    assert found.access_key == "from-env"


@pytest.mark.parametrize("endpoint", [None, "https://dynamodb.example"])
def test_aws_gets_no_made_up_ones(endpoint: str | None) -> None:
    assert credentials(endpoint) is None


def test_patience_is_ours_and_not_the_default_of_a_release() -> None:
    config = open_client("s3", endpoint=None, region="eu-west-1", read_timeout_s=30).meta.config
    assert config.retries["total_max_attempts"] == 3
    assert config.retries["mode"] == "standard"
    assert (config.connect_timeout, config.read_timeout) == (2, 30)
    assert config.max_pool_connections >= 256
