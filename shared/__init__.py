"""What every service stands on: xAPI, contracts, the stream, PostgreSQL, HTTP, telemetry, settings and errors."""
