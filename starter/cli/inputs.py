"""Reading what the person named: files, or ``-`` for standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vibesflow.errors import InputUnreadable
from vibesflow.media import LivePipe, Readable

STDIN = "-"


@contextmanager
def open_input(name: str) -> Iterator[BinaryIO]:
    """Open a file, or standard input for ``-``, for reading bytes.

    Raises:
        InputUnreadable: there is no such file, it is a folder, or permission is missing.
    """
    if name == STDIN:
        yield sys.stdin.buffer
        return
    try:
        opened = Path(name).open("rb")  # noqa: SIM115 - closed below, outside of this except
    except OSError as error:
        raise InputUnreadable(f"cannot read {name}: {error.strerror}") from error
    with opened:
        yield opened


def input_size(name: str) -> int | None:
    """Return the size of a regular file in bytes; None for a pipe or standard input."""
    path = Path(name)
    return path.stat().st_size if name != STDIN and path.is_file() else None


@contextmanager
def open_audio_input(name: str, stopped: Callable[[], bool]) -> Iterator[Readable]:
    """Open an audio input; a pipe, device or terminal is read live and ends when ``stopped``.

    Raises:
        InputUnreadable: as `open_input`.
    """
    with open_input(name) as opened:
        if opened.seekable():
            yield opened
        else:
            yield LivePipe(opened.fileno(), stopped=stopped)
