"""The named steps of the recorder, beside those of the loop (`shared.stream.steps.Step`)."""

from __future__ import annotations

from enum import StrEnum


class RecorderStep(StrEnum):
    """A step of the recorder, named for what has just happened, in the order in which it happens."""

    LOCKED = "recorder-locked"
    READ = "recorder-read"
    RULED = "recorder-ruled"
    REDACTED = "recorder-redacted"
    COPIED = "recorder-copied"
    RELATIONS_COPIED = "recorder-relations-copied"
    INHERITED = "recorder-inherited"
    VOIDED = "recorder-voided"
