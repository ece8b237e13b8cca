"""Reading streams: the table, and the running workflow for what is in flight."""

from vibesflow.query.completion import StreamCompleter
from vibesflow.query.live import LiveStreams
from vibesflow.query.reader import StreamReader
from vibesflow.query.uploads import UploadReader
from vibesflow.query.views import CompletedStream, StreamView, UploadView

__all__ = [
    "CompletedStream",
    "LiveStreams",
    "StreamCompleter",
    "StreamReader",
    "StreamView",
    "UploadReader",
    "UploadView",
]
