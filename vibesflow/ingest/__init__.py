"""Receiving chunks: stage the bytes, then tell the stream (design rule 1)."""

from vibesflow.ingest.receiver import ChunkOffer, ChunkSubmitter, Receipt, Receiver

__all__ = ["ChunkOffer", "ChunkSubmitter", "Receipt", "Receiver"]
