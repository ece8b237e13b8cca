"""The command line as a test types it."""

import json
from dataclasses import dataclass

from pydantic import JsonValue
from typer.testing import CliRunner, Result

from starter.cli import app


@dataclass
class CommandLine:
    """Runs commands in this process, with the given variables."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(app, arguments, env=self.environment, input=stdin)

    def json(self, *arguments: str, exit_code: int = 0) -> JsonValue:
        """Run with ``--json`` and return the one document on stdout."""
        result = self(*arguments, "--json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)


def words(text: str) -> str:
    """A terminal's text without its frames and line breaks."""
    return " ".join("".join(" " if char in "│╭╮╰╯─" else char for char in text).split())
