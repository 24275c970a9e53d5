"""The column maps that come with Symposia."""
