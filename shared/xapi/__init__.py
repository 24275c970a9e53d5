"""Define what an xAPI statement is, in versions 1.0.3 and 2.0.0, and say exactly what is wrong with one that is not valid.

bytes ──▶ guard.parse ──▶ validation.statements ──▶ extract, canonical ──▶ what a service reads, and the bytes it stores
"""
