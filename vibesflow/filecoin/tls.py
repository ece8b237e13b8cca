"""Whom HTTPS clients trust, read once a process."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trust() -> ssl.SSLContext:
    """Return a context that all clients share; reading the certificates takes 40 ms each time."""
    return httpx.create_ssl_context(trust_env=False)
