import re
import subprocess
from pathlib import Path

from tests.fixtures.order import LONG_FILES

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


def make(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own Makefile
        ["make", "--no-print-directory", *arguments],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def phony() -> set[str]:
    found = re.search(r"^\.PHONY: (.+)$", MAKEFILE, flags=re.MULTILINE)
    assert found
    return set(found[1].split())


def test_every_target_has_a_help_line() -> None:
    helped = set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, flags=re.MULTILINE))
    assert helped == phony()


def test_make_alone_prints_them() -> None:
    printed = make()
    assert printed == make("help")
    assert set(re.findall(r"^  make ([a-z-]+) ", printed, flags=re.MULTILINE)) == phony()


def test_every_folder_of_tests_is_run_and_the_world_comes_last() -> None:
    planned = re.findall(r"tests/[a-z_0-9]+", make("--dry-run", "-o", "check", "test"))
    folders = {f"tests/{path.parent.name}" for path in ROOT.glob("tests/*/test_*.py")}
    folders |= {f"tests/{path.parents[1].name}" for path in ROOT.glob("tests/*/*/test_*.py")}
    assert folders <= set(planned)
    assert len(planned) == len(set(planned))
    order = [planned.index(f"tests/{name}") for name in ("stream", "api", "workflows", "e2e")]
    assert order == sorted(order)


def test_the_long_files_that_begin_first_are_there() -> None:
    assert len(LONG_FILES) == len(set(LONG_FILES))
    assert all((ROOT / "tests" / name).is_file() for name in LONG_FILES)


def test_continuous_integration_runs_the_same_targets() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "set -euo pipefail" in script
    assert re.findall(r"^make (\w+)$", script, flags=re.MULTILINE) == ["install", "test"]
