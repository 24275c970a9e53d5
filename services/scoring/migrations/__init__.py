"""Scoring's tables, and the views and functions that others read."""
