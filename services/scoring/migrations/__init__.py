"""Scoring's tables, and the views and functions that other services read."""
