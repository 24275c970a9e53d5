"""Attachments: multipart/mixed becomes statements and octets, kept once, and answers carry them (1.0.3 Communication §1.5.2)."""
