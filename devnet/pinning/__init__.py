"""A pinning service in the shapes of Pinata's Files API, with real bytes and real CIDs on disk."""
