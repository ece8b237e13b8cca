"""Ids of streams and chunks: what is allowed, and what a chunk id says (design section 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vibesflow.errors import InvalidChunkId, InvalidRtaId

_RTA_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,95}", re.ASCII)
_CHUNK_ID = re.compile(r"(.+)_chunk_([0-9]{1,8})_([0-9]{1,13})(_final)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChunkId:
    """A parsed chunk id.

    Two spellings of one identity (``_chunk_7_`` and ``_chunk_007_``) share their ``key``, so they
    meet in staging and in the table instead of becoming two chunks.
    """

    text: str
    rta_id: str
    sequence: int
    epoch_ms: int
    is_final: bool

    @property
    def key(self) -> str:
        """The table's range key: ``C#{epoch_ms:013d}#{sequence:08d}#{0|1 final}``."""
        return f"C#{self.epoch_ms:013d}#{self.sequence:08d}#{int(self.is_final)}"

    @property
    def staging_key(self) -> str:
        """Where the bytes wait: a relative path of two safe parts."""
        return f"{self.rta_id}/{self.epoch_ms:013d}-{self.sequence:08d}-{int(self.is_final)}"


def check_rta_id(text: str) -> str:
    """Return the stream id unchanged.

    Raises:
        InvalidRtaId: outside the alphabet, empty, or longer than the 96 bytes kept on chain.
    """
    if not _RTA_ID.fullmatch(text):
        raise InvalidRtaId(f"not a stream id: {text[:140]!r}")
    return text


def parse_chunk_id(text: str, rta_id: str | None = None) -> ChunkId:
    """Parse a chunk id from the right: ``{rta_id}_chunk_{sequence}_{epoch ms}[_final]``.

    Args:
        text: the chunk id as the client sent it.
        rta_id: the stream it must belong to, when the caller knows.

    Raises:
        InvalidChunkId: it does not parse, or it names another stream.
        InvalidRtaId: its stream part is not a stream id.
    """
    found = _CHUNK_ID.fullmatch(text)
    if not found:
        raise InvalidChunkId(f"not a chunk id: {text[:180]!r}")
    owner = check_rta_id(found[1])
    if rta_id is not None and owner != rta_id:
        raise InvalidChunkId(f"chunk id {text!r} names stream {owner!r}, the request {rta_id!r}")
    return ChunkId(text, owner, int(found[2]), int(found[3]), found[4] is not None)


def format_chunk_id(rta_id: str, sequence: int, epoch_ms: int, *, is_final: bool = False) -> str:
    """Spell a chunk id the way clients do: at least three digits of sequence."""
    return f"{rta_id}_chunk_{sequence:03d}_{epoch_ms}{'_final' if is_final else ''}"
