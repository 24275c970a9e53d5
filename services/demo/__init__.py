"""The demo: a community of fictional people, played through the same doors that real platforms use.

script (data/) ──▶ scenes ──▶ signed deliveries ──▶ ingest, xAPI ──▶ gateway ──▶ what it was worth, and why
"""
