import os

import pytest

from vibesflow.errors import SettingsInvalid
from vibesflow.settings import StagingSettings, apply_env_file


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())

    def apply(text: str) -> None:
        file = tmp_path / "settings.env"
        file.write_text(text, encoding="utf-8")
        apply_env_file(file)

    return apply


def test_lines_become_variables_and_win(written):
    os.environ["VIBESFLOW_STAGING_URL"] = "s3://before"
    written(
        "# a comment\n\n"
        "VIBESFLOW_STAGING_URL=s3://bucket/prefix\n"
        "export VIBESFLOW_STAGING_S3_REGION = 'eu-west-1'\n"
        'VIBESFLOW_STAGING_S3_ENDPOINT="http://127.0.0.1:1/?a=b#c"\n'
        "EMPTY=\n"
    )
    settings = StagingSettings()
    assert settings.url == "s3://bucket/prefix"
    assert settings.s3_region == "eu-west-1"
    assert settings.s3_endpoint == "http://127.0.0.1:1/?a=b#c"
    assert os.environ["EMPTY"] == ""


@pytest.mark.parametrize("line", ["no equals sign s3cret", "=s3cret", "1A=s3cret", "A B=s3cret"])
def test_another_form_is_told_by_line_without_its_content(written, line):
    before = dict(os.environ)
    with pytest.raises(SettingsInvalid, match="line 2: not of the form KEY=VALUE") as caught:
        written(f"GOOD=1\n{line}\n")
    assert "s3cret" not in str(caught.value)
    assert dict(os.environ) == before


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(SettingsInvalid, match="No such file"):
        apply_env_file(tmp_path / "nowhere.env")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsInvalid, match="not UTF-8"):
        apply_env_file(tmp_path / "binary")
