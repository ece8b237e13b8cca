"""Which storage providers a person means: by number, or by address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer
from pydantic import ValidationError

from devnet.data_dir import DataDir
from devnet.ready import Ready
from starter.cli.dev import DEFAULT_DATA_DIR
from vibesflow.errors import SettingsInvalid
from vibesflow.filecoin.devnet_info import load_devnet
from vibesflow.settings import load_settings


def named_providers(wanted: str | None, ready_file: Path | None) -> Mapping[str, str]:
    """Return base addresses by number for one provider, or for all when none is named.

    Raises:
        SettingsInvalid: no running devnet is found.
        typer.BadParameter: it has no provider of that number.
    """
    if wanted is not None and wanted.startswith(("http://", "https://")):
        return {wanted: wanted}
    known = _known_providers(ready_file)
    if wanted is None:
        return known
    if wanted not in known:
        raise typer.BadParameter(f"there is no provider {wanted}, only {', '.join(known)}")
    return {wanted: known[wanted]}


def _known_providers(ready_file: Path | None) -> Mapping[str, str]:
    """Look into the file that is named, then the settings, then the usual world's folder."""
    if ready_file is not None:
        return _of_ready_file(ready_file)
    usual = DataDir(DEFAULT_DATA_DIR.resolve()).ready_file
    try:
        devnet_info = load_settings().filecoin.devnet_info
    except SettingsInvalid:
        if usual.exists():
            return _of_ready_file(usual)
        raise
    if devnet_info is None:
        raise SettingsInvalid("VIBESFLOW_DEVNET_INFO: the settings are not those of a devnet")
    providers = load_devnet(devnet_info).info.pdp_sps
    return {str(provider.provider_id): provider.pdp_service_url for provider in providers}


def _of_ready_file(path: Path) -> Mapping[str, str]:
    try:
        facts = Ready.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsInvalid(f"cannot read the ready file {path}: {error.strerror}") from error
    except ValidationError as error:
        raise SettingsInvalid(f"{path} is not the ready file of a world") from error
    return {str(number): url for number, url in enumerate(facts.providers, start=1)}
