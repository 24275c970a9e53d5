"""The tables of ingest, step by step."""
