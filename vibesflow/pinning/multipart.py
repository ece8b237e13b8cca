"""A form with one file whose bytes are not held in memory (RFC 7578)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from uuid import uuid4


class FileForm:
    """The body of an upload: fields, and a file of known size.

    Args:
        fields: plain fields.
        file_name: name of the file, without quotes or line breaks.
        content_type: type of the file.
        size_bytes: how many bytes the file has.
    """

    def __init__(
        self, fields: Mapping[str, str], *, file_name: str, content_type: str, size_bytes: int
    ) -> None:
        boundary = uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{_plain(file_name)}"\r\nContent-Type: {_plain(content_type)}\r\n\r\n'
        )
        self._head = "".join(parts).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(self._head) + size_bytes + len(self._tail)),
        }

    async def body(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the whole body around the file's bytes."""
        yield self._head
        async for block in content:
            yield block
        yield self._tail


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() and c not in '"\\' else "_" for c in text)
