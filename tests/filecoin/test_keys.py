from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest
from eth_account import Account
from pydantic import SecretStr

from tests.filecoin.signing_vectors import SIGNER_ADDRESS
from vibesflow.errors import KeyMalformed, RetryClass, SettingsInvalid
from vibesflow.filecoin import Signer, key_sources
from vibesflow.settings import FilecoinSettings

KEY = "01" * 32
OTHER_KEY = "02" * 32
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
    with pytest.raises(KeyMalformed, match="VIBESFLOW_PRIVATE_KEY") as caught:
        Signer.load(_settings(key))
    assert caught.value.retry is RetryClass.FATAL
    shown = "".join(traceback.format_exception(caught.value))
    assert not key or key not in shown


def test_a_key_off_the_curve_is_refused_and_never_shown() -> None:
    with pytest.raises(KeyMalformed, match="not a secp256k1") as caught:
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


def test_a_signer_shows_addresses_only() -> None:
    signer = Signer(bytes.fromhex(KEY))
    assert repr(signer) == f"Signer({SIGNER_ADDRESS})"
    assert not hasattr(signer, "__dict__")
    delegated = Signer(bytes.fromhex(OTHER_KEY), payer=SIGNER_ADDRESS)
    assert repr(delegated) == f"Signer({delegated.address} for {SIGNER_ADDRESS})"


def test_two_keys_for_the_same_purpose_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    with pytest.raises(SettingsInvalid, match="KEY and VIBESFLOW_PRIVATE_KEY_FILE: give one"):
        Signer.load(_settings(KEY, file))


@pytest.mark.parametrize("given", ["payer", "wallet key", "both"])
def test_a_session_key_signs_for_the_payer(given: str) -> None:
    settings = _settings(KEY if given != "payer" else None).model_copy(
        update={
            "session_key": SecretStr(OTHER_KEY),
            "payer": SIGNER_ADDRESS.lower() if given != "wallet key" else None,
        }
    )
    signer = Signer.load(settings)
    assert signer.delegated
    assert signer.payer == SIGNER_ADDRESS
    assert signer.address == Signer(bytes.fromhex(OTHER_KEY)).address
    with pytest.raises(SettingsInvalid, match="session key cannot send"):
        signer.sign_transaction({"to": SIGNER_ADDRESS})


def test_a_session_key_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "session.key"
    file.write_text(f"{OTHER_KEY}\n")
    settings = _settings().model_copy(
        update={"session_key_file": file, "payer": SIGNER_ADDRESS.lower()}
    )
    assert Signer.load(settings).payer == SIGNER_ADDRESS


def test_a_session_key_needs_a_payer() -> None:
    settings = _settings().model_copy(update={"session_key": SecretStr(OTHER_KEY)})
    with pytest.raises(SettingsInvalid, match="VIBESFLOW_PAYER: needed"):
        Signer.load(settings)
    with pytest.raises(SettingsInvalid, match="one is needed"):
        Signer.load_wallet(settings)


def test_the_wallets_key_is_the_wallets(tmp_path: Path) -> None:
    both = _settings(KEY).model_copy(update={"session_key": SecretStr(OTHER_KEY)})
    assert not Signer.load_wallet(both).delegated
    wrong = _settings(OTHER_KEY).model_copy(update={"payer": SIGNER_ADDRESS})
    for load in (Signer.load, Signer.load_wallet):
        with pytest.raises(SettingsInvalid, match=r"VIBESFLOW_PAYER: .* another account"):
            load(wrong)


PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A keystore as wallets write it, with a cheap key derivation."""
    file = tmp_path_factory.mktemp("keystore") / "UTC--2026"
    file.write_text(json.dumps(Account.encrypt(KEY, PASSWORD, kdf="pbkdf2", iterations=1000)))
    return file


def _keystore_settings(keystore: Path, password_file: Path | None) -> FilecoinSettings:
    return _settings().model_copy(
        update={"private_keystore": keystore, "keystore_password_file": password_file}
    )


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_key_is_read_from_a_keystore(keystore: Path, tmp_path: Path, ending: str) -> None:
    password = tmp_path / "password"
    password.write_bytes(f"{PASSWORD}{ending}".encode())
    settings = _keystore_settings(keystore, password)
    assert Signer.load(settings).address == SIGNER_ADDRESS
    assert KEY not in repr(key_sources.wallet_key_of(settings))


def test_a_keystore_needs_its_password(keystore: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="VIBESFLOW_KEYSTORE_PASSWORD_FILE: needed"):
        Signer.load(_keystore_settings(keystore, None))
    with pytest.raises(SettingsInvalid, match="VIBESFLOW_KEYSTORE_PASSWORD_FILE: No such file"):
        Signer.load(_keystore_settings(keystore, tmp_path / "nothing"))
    password = tmp_path / "password"
    password.write_text("wrong-password")
    with pytest.raises(KeyMalformed, match="PASSWORD_FILE is wrong") as caught:
        Signer.load(_keystore_settings(keystore, password))
    shown = "".join(traceback.format_exception(caught.value))
    assert "wrong-password" not in shown


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"version": 9}', KEY])
def test_what_is_no_keystore(tmp_path: Path, content: str | None) -> None:
    file, password = tmp_path / "keystore", tmp_path / "password"
    password.write_text(PASSWORD)
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsInvalid, match="VIBESFLOW_PRIVATE_KEYSTORE") as caught:
        Signer.load(_keystore_settings(file, password))
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown
    assert PASSWORD not in shown
