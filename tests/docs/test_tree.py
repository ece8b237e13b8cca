"""What must not be in any committed file, and lines between the rooms that grep can see."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("vibesflow", "workflows", "activities", "starter", "api", "devnet")
PYTHON_LOCKS = sorted(ROOT.glob("requirements/*.txt"))
REGISTRIES = tuple(
    ".".join(labels) for labels in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))
)
MACHINE_PATH = re.compile(r"(?<![\w./:~$}-])/(?:work|root|home|Users|opt)/\w")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="ignore")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git work tree")
    return {str(path.relative_to(ROOT)): text_of(path) for path in tracked()}


def test_no_tracked_file_names_a_registry(texts: dict[str, str]) -> None:
    found = [name for name, text in texts.items() if any(host in text for host in REGISTRIES)]
    assert found == []


def test_no_tracked_file_names_a_path_of_somebodys_machine(texts: dict[str, str]) -> None:
    found = {name: MACHINE_PATH.findall(text) for name, text in texts.items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize("path", PYTHON_LOCKS, ids=lambda path: path.name)
def test_python_locks_hold_hashes_and_no_addresses(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\w+://|--find-links|--(extra-)?index.url", text)
    pins = re.findall(r"^[\w.\[\],-]+==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert pins
    assert all("--hash=sha256:" in pin for pin in pins)


def test_the_node_lock_holds_hashes_and_no_addresses() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    locked = [package for name, package in packages.items() if name]
    assert locked
    assert all(package["integrity"].startswith("sha512-") for package in locked)
    assert not any("resolved" in package for package in locked)


def sources() -> Iterator[tuple[str, ast.Module]]:
    files = [ROOT / "worker.py", *(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))]
    for path in files:
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(  # noqa: S603 - our own tool
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_nobody_imports_the_worker() -> None:
    importers = [name for name, tree in sources() if "worker" in imported(tree)]
    assert importers == []


def test_the_environment_is_read_in_one_place() -> None:
    """The devnet hands an environment to its processes; everybody else asks the settings."""
    readers = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers <= {"vibesflow/settings/__init__.py", "devnet/environment.py"}


def test_files_and_functions_stay_small() -> None:
    for name, tree in sources():
        assert len(text_of(ROOT / name).splitlines()) <= 400, name
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 50, f"{name}: {node.name} has {length} lines"
