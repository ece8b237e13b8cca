"""The JavaScript client is pinned, and its lock says from nowhere in particular."""

from __future__ import annotations

import json
import re

from tests.conformance.javascript_client import SOURCES


def test_the_lock_holds_hashes_and_no_addresses() -> None:
    lock = (SOURCES / "package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    locked = [package for name, package in packages.items() if name]
    assert len(locked) > 10
    assert all(package["integrity"].startswith("sha512-") for package in locked)
    assert not any("resolved" in package for package in locked)


def test_the_packages_are_pinned_to_the_locked_versions() -> None:
    wanted = json.loads((SOURCES / "package.json").read_text())["dependencies"]
    packages = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert packages[f"node_modules/{name}"]["version"] == version
