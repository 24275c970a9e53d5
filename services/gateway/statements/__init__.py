"""xAPI's statement resource: written through the log, read from the record."""
