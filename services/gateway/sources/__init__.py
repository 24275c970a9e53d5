"""The operators' door to the sources: how each of them is doing, by ingest's contract."""
