"""Reading the nodes of a file's tree on IPFS: dag-pb outside, UnixFS inside, both protobuf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vibesflow.errors import InvalidPieceCid
from vibesflow.filecoin.reading.ipfs_cid import IpfsCid

_VARINT: Final = 0
_BYTES: Final = 2
_MAX_VARINT_BYTES: Final = 10

_NODE_DATA: Final = 1
_NODE_LINK: Final = 2
_LINK_CID: Final = 1
_UNIXFS_TYPE: Final = 1
_UNIXFS_DATA: Final = 2
_FILE_TYPES: Final = frozenset({0, 2})


class NotAFile(Exception):
    """The block is no node of a file."""


@dataclass(frozen=True, slots=True)
class FileNode:
    """One node of a file's tree.

    Attributes:
        data: bytes of the file that the node itself holds, before those of its links.
        links: its children, from left to right.
    """

    data: bytes
    links: tuple[IpfsCid, ...]


def parse_node(block: bytes) -> FileNode:
    """Read a dag-pb block.

    Raises:
        NotAFile: it is malformed, or a directory or a link.
    """
    unixfs, links = b"", []
    for number, value in _fields(block):
        if number == _NODE_DATA and isinstance(value, bytes):
            unixfs = value
        elif number == _NODE_LINK and isinstance(value, bytes):
            links.append(_linked(value))
    kind, data = 0, b""
    for number, value in _fields(unixfs):
        if number == _UNIXFS_TYPE and isinstance(value, int):
            kind = value
        elif number == _UNIXFS_DATA and isinstance(value, bytes):
            data = value
    if kind not in _FILE_TYPES:
        raise NotAFile("it is no file but a directory or the like")
    return FileNode(data, tuple(links))


def _linked(link: bytes) -> IpfsCid:
    for number, value in _fields(link):
        if number == _LINK_CID and isinstance(value, bytes):
            try:
                return IpfsCid.from_bytes(value)
            except InvalidPieceCid as error:
                raise NotAFile(f"a part of it cannot be read: {error.message}") from error
    raise NotAFile("a link leads nowhere")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protobuf message that are numbers or bytes; others do not occur."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value, at = _varint(message, at)
        if key & 7 == _VARINT:
            yield key >> 3, value
        elif key & 7 == _BYTES and at + value <= len(message):
            yield key >> 3, message[at : at + value]
            at += value
        else:
            raise NotAFile("a block is malformed")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(message[at : at + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    raise NotAFile("a block is malformed")
