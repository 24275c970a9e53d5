"""Examine an LRS from outside, through a client that somebody else wrote: what it does, and what xAPI says it should.

an LRS ◀── tincan ◀── examination ──▶ findings
"""
