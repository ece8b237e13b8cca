"""What a reader may ask for: a piece, or content of IPFS."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from vibesflow.errors import InvalidPieceCid
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.reading.ipfs_cid import IpfsCid

Cid: TypeAlias = PieceCid | IpfsCid

MAX_CID_CHARACTERS: Final = 128

_IPFS_STARTS: Final = re.compile(r"Qm|bafy|bafk(?!z)")


def parse_cid(text: str) -> Cid:
    """Read a PieceCID v2, or the CID of a file on IPFS.

    Raises:
        InvalidPieceCid: the text is neither.
    """
    if len(text) > MAX_CID_CHARACTERS:
        raise InvalidPieceCid(f"a CID has at most {MAX_CID_CHARACTERS} characters")
    return IpfsCid.parse(text) if _IPFS_STARTS.match(text) else PieceCid.parse(text)
