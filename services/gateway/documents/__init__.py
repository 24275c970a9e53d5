"""xAPI's documents (state, agent profiles and activity profiles), stored in PostgreSQL and guarded by ETags.

`parameters` reads which document or documents a request means. `store` locks the row, lets a function of `changes` decide by
`preconditions` and `merging` what shall be there, and writes that.
"""
