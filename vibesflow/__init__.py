"""A durable archive for live audio: the library under the workflows, the API and the commands."""

__version__ = "0.1.0"
