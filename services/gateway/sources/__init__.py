"""The door of operators to the platforms that are heard: how each source does, by ingest's contract."""
