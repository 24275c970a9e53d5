"""Interactions from files that platforms export: CSV or NDJSON, read with a column map. Shipped maps lie in `maps`.

rows ──▶ column map ──▶ Reading ──▶ `heard`, as what webhooks say
"""
