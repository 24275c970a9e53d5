"""The schema `lrs`: the record and the credentials."""
