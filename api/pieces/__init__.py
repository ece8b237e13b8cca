"""Giving pieces to players over HTTP: media types, ranges, caching."""
