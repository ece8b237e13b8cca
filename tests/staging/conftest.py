from __future__ import annotations

from pathlib import Path

import pytest

from vibesflow.settings import StagingSettings
from vibesflow.staging import Staging, open_staging
from vibesflow.staging.s3 import S3Staging


@pytest.fixture(params=["files", "s3"])
async def staging(
    request: pytest.FixtureRequest, tmp_path: Path, s3_settings: StagingSettings
) -> Staging:
    if request.param == "files":
        return open_staging(StagingSettings(url=f"file://{tmp_path / 'deep' / 'staging'}"))
    found = open_staging(s3_settings)
    assert isinstance(found, S3Staging)
    await found.create_bucket()
    return found
