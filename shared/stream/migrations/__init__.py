"""The stream's tables in the schema of every service that consumes or publishes."""
