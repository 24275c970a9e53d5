"""Gateway: the doors, and the recorder that makes what was received the record.

LMS, HR, other LRSs ──▶ doors ──▶ received ──▶ recorder ──▶ lrs.statement ──▶ recorded
                          ◀── reads ── lrs, records, impact
"""
