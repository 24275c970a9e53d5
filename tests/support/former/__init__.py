"""Installations of former states of Symposia: lives that were lived in them, stored as each state left them, and put back."""
