from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.filecoin.signing_vectors import SIGNER_ADDRESS
from vibesflow.errors import SettingsInvalid
from vibesflow.filecoin import Signer
from vibesflow.settings import FilecoinSettings

KEY = "01" * 32
CURVE_ORDER = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"


def _settings(key: str | None = None, file: Path | None = None) -> FilecoinSettings:
    secret = None if key is None else SecretStr(key)
    return FilecoinSettings.model_construct(private_key=secret, private_key_file=file)


@pytest.mark.parametrize("key", [KEY, f"0x{KEY}", f" {KEY}\n"])
def test_a_key_is_read_from_text(key: str) -> None:
    assert Signer.load(_settings(key)).address == SIGNER_ADDRESS


def test_a_key_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"0x{KEY}\n")
    assert Signer.load(_settings(file=file)).address == SIGNER_ADDRESS


@pytest.mark.parametrize("key", ["", "secret-words", KEY[:-1], KEY + "00", "zz" * 32, "0" * 64])
def test_a_malformed_key_is_refused_and_never_shown(key: str) -> None:
    with pytest.raises(SettingsInvalid, match="VIBESFLOW_PRIVATE_KEY") as caught:
        Signer.load(_settings(key))
    shown = "".join(traceback.format_exception(caught.value))
    assert not key or key not in shown


def test_a_key_off_the_curve_is_refused_and_never_shown() -> None:
    with pytest.raises(SettingsInvalid, match="not a secp256k1") as caught:
        Signer.load(_settings(CURVE_ORDER))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert CURVE_ORDER not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"none"])
def test_a_bad_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsInvalid, match="VIBESFLOW_PRIVATE_KEY_FILE"):
        Signer.load(_settings(file=file))


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="one is needed"):
        Signer.load(_settings())


def test_a_signer_shows_its_address_only() -> None:
    signer = Signer(bytes.fromhex(KEY))
    assert repr(signer) == f"Signer({SIGNER_ADDRESS})"
    assert not hasattr(signer, "__dict__")
