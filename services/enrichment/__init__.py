"""Enrichment says who acted, whose artefact it touches, which course it is about, how surely and on what evidence.

`recorded` ──▶ features ──▶ people, artefacts, catalogue (Postgres `records`) ──▶ `enriched`
"""
