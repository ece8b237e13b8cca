"""A storage provider for development and tests.

It speaks the Curio PDP HTTP API, keeps pieces on disk, recomputes every PieceCID and sends the real
transactions from a key of its own. What it leaves out of a full provider: proving, IPNI, CAR
indexing, replacing a transaction by fee.
"""
