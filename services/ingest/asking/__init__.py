"""Ask the platforms for what they do not deliver.

poll due ──▶ ask ──▶ read ──▶ intake ──▶ cursor moved
named by id ──▶ `noticed` ──▶ ingest.lookup ──▶ ask ──▶ read ──▶ intake ──▶ forgotten
"""
