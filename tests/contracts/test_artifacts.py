from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(
    not (ROOT / "node_modules" / "solc").exists(), reason="node_modules is missing: run npm ci"
)
def test_artifacts_are_what_the_sources_compile_to() -> None:
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(  # noqa: S603 - our own script
        [node, "contracts/build.cjs", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == "artifacts match their sources"


def test_lock_names_no_registry() -> None:
    assert "resolved" not in (ROOT / "package-lock.json").read_text()
