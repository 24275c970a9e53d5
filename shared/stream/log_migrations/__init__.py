"""The tables of the log in PostgreSQL, schema `log`."""
