"""Staging: where chunk bytes wait until they are confirmed on Filecoin."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from vibesflow.settings import StagingSettings
from vibesflow.staging.files import FileStaging
from vibesflow.staging.port import Staged, StagedEntry, StagedPage, Staging
from vibesflow.staging.s3 import S3Staging

__all__ = [
    "FileStaging",
    "S3Staging",
    "Staged",
    "StagedEntry",
    "StagedPage",
    "Staging",
    "open_staging",
]


def open_staging(settings: StagingSettings) -> Staging:
    """Return the staging that the settings name; nothing is written or asked yet."""
    url = urlsplit(settings.url)
    if url.scheme == "s3":
        return S3Staging.open(
            bucket=url.netloc,
            prefix=url.path.strip("/"),
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
        )
    return FileStaging(Path(unquote(url.path)))
