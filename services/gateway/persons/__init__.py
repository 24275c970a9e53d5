"""Find everything that is held on a person by their identifiers, and erase it or export it.

whom an operator names ──▶ person.Person ──▶ erasing: the record, the outbox and dead letters, documents and names
                                        └──▶ exporting: the same, for the person
"""
