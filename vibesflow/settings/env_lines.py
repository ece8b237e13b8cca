"""Settings files: lines of ``KEY=VALUE``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vibesflow.errors import SettingsInvalid

_ENV_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.ASCII)


def parse_env_lines(path: Path, lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield names and values; ``path`` is named in messages.

    Raises:
        SettingsInvalid: a line is of another form; no value is shown.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parsed = _ENV_LINE.fullmatch(line.strip())
        if not parsed:
            raise SettingsInvalid(f"{path}, line {number}: not of the form KEY=VALUE")
        name, value = parsed.groups()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        yield name, value[1:-1] if quoted else value
