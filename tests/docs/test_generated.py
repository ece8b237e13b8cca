from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vibesflow.errors import VibesflowError, all_errors
from vibesflow.settings import Settings, variable

DOCS = Path(__file__).parents[2] / "docs"


def generate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own script
        [sys.executable, folder / "generate.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_generated_pages_are_fresh():
    checked = generate(DOCS, "--check")
    assert checked.returncode == 0, checked.stderr


def test_a_stale_page_is_found_and_mended(tmp_path):
    shutil.copy(DOCS / "generate.py", tmp_path)
    assert generate(tmp_path).returncode == 0
    page = tmp_path / "errors.md"
    fresh = page.read_text()
    page.write_text(fresh.replace("chunk_conflict", "chunk_quarrel"))
    checked = generate(tmp_path, "--check")
    assert (checked.returncode, "errors.md" in checked.stderr) == (1, True)
    assert "configuration.md" not in checked.stderr
    assert generate(tmp_path).returncode == 0
    assert page.read_text() == fresh


def test_every_error_has_words_of_its_own():
    for kind in all_errors():
        if kind is not VibesflowError:
            assert kind.advice != VibesflowError.advice, kind
            assert kind.code != VibesflowError.code, kind


def test_codes_are_unique():
    codes = [kind.code for kind in all_errors()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("group", Settings.groups)
def test_every_setting_is_documented(group):
    page = (DOCS / "configuration.md").read_text()
    for name, field in group.model_fields.items():
        assert f"`{variable(group, name)}`" in page
        assert field.description in page
