"""What a caller sent, or asked for, that cannot be."""

from __future__ import annotations

from vibesflow.errors.base import VibesflowError


class InvalidInput(VibesflowError):
    """The caller sent something that can never work."""

    code = "invalid_input"
    http_status = 400
    advice = "Correct the request; sending it again unchanged gives the same answer."


class InvalidRtaId(InvalidInput):
    """The stream id is outside the allowed alphabet or length."""

    code = "invalid_rta_id"
    advice = "Use 1 to 96 letters, digits, '.', '_', ':' or '-', beginning with a letter or digit."


class InvalidChunkId(InvalidInput):
    """The chunk id does not parse, or names another stream."""

    code = "invalid_chunk_id"
    advice = "Chunk ids read {rta_id}_chunk_{sequence}_{epoch ms}, with _final on the last one."


class InvalidHeader(InvalidInput):
    """A required header is missing, or one cannot be read."""

    code = "invalid_header"


class InvalidBody(InvalidInput):
    """The body is empty, not JSON, or not base64."""

    code = "invalid_body"
    advice = 'Send the raw bytes as audio/*, or JSON {"audioData": "<base64>"}.'


class InvalidPieceCid(InvalidInput):
    """The text or bytes are not a PieceCID v2 (FRC-0069)."""

    code = "invalid_piece_cid"
    advice = "A PieceCID v2 begins with bafkzcib."


class InvalidCursor(InvalidInput):
    """A paging cursor that this service did not issue, or not for this query."""

    code = "invalid_cursor"
    advice = "Follow the Link header of the previous page, or begin without a cursor."


class InputUnreadable(InvalidInput):
    """A file that was named does not exist or cannot be read."""

    code = "input_unreadable"
    advice = "Check the path and its permissions; '-' reads standard input."


class InvalidAudio(InvalidInput):
    """The input holds no audio, or cannot be decoded."""

    code = "invalid_audio"
    advice = "Give a file, or a pipe, that FFmpeg can decode and that has an audio track."


class ChunkTooSmall(InvalidInput):
    """Fewer bytes than Filecoin takes as a piece (127)."""

    code = "chunk_too_small"
    advice = "A piece holds at least 127 bytes; join this audio with the next chunk."


class ChunkTooLarge(InvalidInput):
    """More bytes than the configured limit."""

    code = "chunk_too_large"
    http_status = 413
    advice = "Cut the audio into shorter chunks, or raise VIBESFLOW_API_MAX_CHUNK_BYTES."


class PieceTooLarge(InvalidInput):
    """The piece is longer than this service serves."""

    code = "piece_too_large"
    http_status = 413
    advice = "Fetch it from a provider, or raise VIBESFLOW_READ_MAX_BYTES."


class RangeNotSatisfiable(InvalidInput):
    """The range begins behind the end of the piece.

    Attributes:
        size_bytes: length of the piece.
    """

    code = "range_not_satisfiable"
    http_status = 416
    advice = "The reply's Content-Range header has the length."

    def __init__(self, message: str, *, size_bytes: int) -> None:
        super().__init__(message)
        self.size_bytes = size_bytes


class FundingTooLarge(InvalidInput):
    """A deposit would exceed the ceiling that the settings put on one call; nothing was sent."""

    code = "funding_too_large"
    advice = "Ask for less, or raise VIBESFLOW_FUND_CEILING_USDFC."


class MethodNotAllowed(InvalidInput):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    http_status = 405
    advice = "See the Allow header of the reply, or docs/http.md."


class BodyTimeout(InvalidInput):
    """The body stopped coming."""

    code = "body_timeout"
    http_status = 408
    advice = "Send the chunk again; nothing of it was kept."


class Conflict(VibesflowError):
    """The request contradicts something that already stands."""

    code = "conflict"
    http_status = 409
    advice = "What stands first stays; ask for something else."


class ChunkConflict(Conflict):
    """The chunk id is known with other bytes."""

    code = "chunk_conflict"
    advice = "The first bytes under a chunk id stand; send new audio under a new chunk id."


class TablesOccupied(Conflict):
    """The tables that are to be rebuilt hold something else."""

    code = "tables_occupied"
    advice = "Check payer and table names; --into-prefix takes new tables, --among-others these."


class NotFound(VibesflowError):
    """What was asked for does not exist."""

    code = "not_found"
    http_status = 404
    advice = "Check the id or address."


class StreamNotFound(NotFound):
    """No stream has this id."""

    code = "stream_not_found"
    advice = "Check the id; a stream exists from its first accepted chunk on."


class UploadNotFound(NotFound):
    """No upload has this id."""

    code = "upload_not_found"
    advice = "Use the upload_id of the reply to POST /upload."


class PieceNotFound(NotFound):
    """No source holds this piece."""

    code = "piece_not_found"
    advice = "Check the PieceCID; a piece can be read some seconds after it was stored."


class RouteNotFound(NotFound):
    """No route has this address."""

    code = "route_not_found"
    advice = "docs/http.md lists every route."


class NothingToComplete(NotFound):
    """The stream has no chunk with a PieceCID."""

    code = "nothing_to_complete"
    http_status = 400
    advice = "Wait until a chunk is stored, or retry the failed ones."
