"""xAPI's documents: state, agent profiles, activity profiles; read and written in PostgreSQL, guarded by ETags.

A request means one document or several (`parameters`); `store` locks the row, shows it to what `changes` says of the request,
which asks `preconditions` and `merging`, and writes what is decided.
"""
