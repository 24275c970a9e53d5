"""Everything that is held on a person: found by their identifiers, erased for good, or handed over.

whom an operator names ──▶ person.Person ──▶ erasing: the record, what waits in outbox and dead letters, what lies beside it
                                        └──▶ exporting: the same, for the person to have
"""
