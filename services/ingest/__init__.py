"""Ingest hears the platforms where people learn from each other, and says in xAPI what happened there.

signed webhook ──▶ connector ──▶ Interaction ──▶ statement ──▶ `received`
                                    ▲
                     ingest.artefact, ingest.pending: what its meaning depends on
"""
