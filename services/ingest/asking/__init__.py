"""Ask the platforms for what they do not deliver.

poll due ──▶ ask ──▶ read ──▶ `heard` ──▶ cursor moved
named by id ──▶ `noticed` ──▶ ingest.lookup ──▶ ask ──▶ read ──▶ `heard` ──▶ forgotten
"""
