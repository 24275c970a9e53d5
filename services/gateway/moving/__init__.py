"""Statements move out into files, and in from files and other LRSs: lot by lot, and through the same admission as the door."""
