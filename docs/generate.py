"""Writes the pages that follow from the code: ``python docs/generate.py [--check]``.

``errors.md`` comes from `vibesflow.errors` and the contract errors that we decode,
``configuration.md`` from `vibesflow.settings`. With ``--check`` nothing is written, and the exit
code is 1 when a page is not what would be written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from vibesflow.errors import RetryClass, VibesflowError, all_errors
from vibesflow.filecoin.reverts import KNOWN_ERRORS
from vibesflow.settings import Settings, variable

FOLDER = Path(__file__).parent

_DO = {
    RetryClass.RETRY: "try again after a growing pause",
    RetryClass.WAIT: "nothing is wrong: ask again later",
    RetryClass.REPLACE: "take another provider",
    RetryClass.FATAL: "repeating cannot help",
}

_ERRORS_HEAD = """# Errors

Written by `docs/generate.py` from the code; do not edit.

Every error has a stable code. An HTTP reply carries it as
`{"error": "<words>", "code": "<code>", "detail": {...}}` with the status below (`docs/http.md` says
which route gives which); the Temporal Web UI shows it as the failure's type. `detail.advice` is the
advice of this table; `detail.dependency` names what is down; `detail.incident` is the id under
which our log explains an error that is our own fault.
"""

_CONFIGURATION_HEAD = """# Configuration

Written by `docs/generate.py` from the code; do not edit.

Settings are environment variables. A process reads them once, when it starts; if some are missing,
wrong or misspelt it names all of them and ends with exit code 3. Secrets are never printed.
"""


def errors_page() -> str:
    """Return docs/errors.md."""
    rows = [
        (
            f"`{kind.code}`",
            str(kind.http_status),
            _first_line(kind),
            _DO[kind.retry],
            kind.advice,
        )
        for kind in _named_errors()
    ]
    contract_rows = [
        (f"`{error.name}`", f"`{error.code}`", error.meaning) for error in KNOWN_ERRORS.values()
    ]
    return "\n".join(
        [
            _ERRORS_HEAD,
            _table(("Code", "HTTP", "Meaning", "What we do", "Advice"), rows),
            "\n## Reasons that contracts give\n",
            "The contract's name for it opens the reason; the arguments are decoded as well.\n",
            _table(("Contract error", "Code", "Meaning for us"), contract_rows),
        ]
    )


def configuration_page() -> str:
    """Return docs/configuration.md."""
    parts = [_CONFIGURATION_HEAD]
    for group in Settings.groups:
        fields = group.model_json_schema()["properties"]
        rows = [
            (
                f"`{variable(group, name)}`",
                _default(field),
                _allowed(field),
                str(field["description"]),
            )
            for name, field in fields.items()
        ]
        parts += [
            f"## {group.__name__.removesuffix('Settings')}\n",
            f"{(group.__doc__ or '').strip()}\n",
            _table(("Variable", "Default", "Allowed", "Meaning"), rows),
        ]
    return "\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors_page,
    "configuration.md": configuration_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; return the exit code."""
    stale = []
    for name, render in PAGES.items():
        path, text = FOLDER / name, render()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        sys.stderr.write(f"not fresh, run docs/generate.py: {', '.join(stale)}\n")
        return 1
    return 0


def _named_errors() -> Iterable[type[VibesflowError]]:
    ours = (kind for kind in all_errors() if kind.__module__.startswith("vibesflow.errors"))
    return sorted(ours, key=lambda kind: (kind.http_status, kind.code))


def _first_line(kind: type[VibesflowError]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(field: dict[str, object]) -> str:
    value = field.get("default")
    if value is None or value == []:
        return "unset"
    if isinstance(value, list):
        value = ",".join(map(str, value))
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _allowed(field: dict[str, object]) -> str:
    limits = (
        ("minimum", "at least"),
        ("exclusiveMinimum", "above"),
        ("maximum", "at most"),
        ("pattern", "form"),
        ("maxLength", "characters, at most"),
    )
    said = [f"{words} `{field[name]}`" for name, words in limits if name in field]
    if "password" in json.dumps(field):
        said.append("secret")
    return ", ".join(said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
