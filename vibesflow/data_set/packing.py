"""A data set's state as one short text, for the input of its next run."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode

from vibesflow.data_set.state import DataSetState


def pack(state: DataSetState) -> str:
    """Return the state in base64; its many addresses and ids have much in common."""
    return b64encode(zlib.compress(state.model_dump_json().encode(), 9)).decode()


def unpack(text: str) -> DataSetState:
    """Return the state that `pack` was given."""
    return DataSetState.model_validate_json(zlib.decompress(b64decode(text)))
