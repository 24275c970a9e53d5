"""Turn a verified body into JSON, as a connector reads it; raises Malformed for what is not of the platform's kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from services.ingest.connectors.fields import Incomplete, member
from services.ingest.domain.asking import Answer
from services.ingest.verifiers import Message
from shared.forms import fields
from shared.media_types import FORM_TYPE, media_type
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import JSON

Parse: TypeAlias = Callable[[Message, Limits], JSON]

MOST_FIELDS: Final = 200
HALF: Final = "surrogate"
MOST_MENDED: Final = 1024 * 1024
"""Bytes that are looked through for halves of characters, in a third of a second at worst."""
ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""An escape of JSON: a pair of halves, a half alone, or any other."""
LINES: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})


def parsed(body: bytes, limits: Limits) -> JSON:
    """Parse JSON; where a text was cut within a character (UTF-16 has halves of them), the half becomes U+FFFD."""
    try:
        return parse(body, limits)
    except Malformed as error:
        if error.rule != HALF or len(body) > MOST_MENDED:
            raise
    return parse(whole(body), limits)


def whole(body: bytes) -> bytes:
    """Return JSON with U+FFFD in place of each half of a character."""
    return ESCAPE.sub(lambda escape: rb"\ufffd" if escape["half"] else escape[0], body)


def json_object(message: Message, limits: Limits) -> JSON:
    """Parse a JSON object."""
    document = parsed(message.body, limits)
    if not isinstance(document, dict):
        raise Malformed("object", "A delivery is a JSON object.")
    return document


def json_objects(message: Message, limits: Limits) -> JSON:
    """Parse a JSON object, or an array of them; an array always comes of it."""
    document = parsed(message.body, limits)
    objects = document if isinstance(document, list) else [document]
    if not all(isinstance(each, dict) for each in objects):
        raise Malformed("object", "A delivery is a JSON object, or an array of them.")
    return objects


def json_objects_or_lines(message: Message, limits: Limits) -> JSON:
    """Parse what `json_objects` does, or one object on each line where the delivery says that it is NDJSON."""
    kind = media_type(message.headers.get("content-type", ""))
    if kind not in LINES:
        return json_objects(message, limits)
    lines = [line for line in message.body.splitlines() if line.strip()]
    if len(lines) > limits.nodes:
        raise Malformed("nodes", f"A delivery has at most {limits.nodes} values.")
    return [each for line in lines for each in json_objects(replace(message, body=line), limits)]


def form(message: Message, limits: Limits) -> JSON:
    """Parse a form (application/x-www-form-urlencoded) into an object of texts; of a repeated field the first counts."""
    try:
        read = list(fields(message.body, min(MOST_FIELDS, limits.nodes)))
    except ValueError as error:
        raise Malformed("form", "A delivery is a form in UTF-8, of not too many fields.") from error
    return dict(reversed(read))


def object_or_form(message: Message, limits: Limits) -> JSON:
    """Parse a form where the delivery says that it is one, and else a JSON object."""
    return (form if _is_form(message) else json_object)(message, limits)


def object_or_payload(message: Message, limits: Limits) -> JSON:
    """Parse a JSON object, or the one that stands in the field `payload` of a form."""
    if not _is_form(message):
        return json_object(message, limits)
    payload = member(form(message, limits), "payload")
    if not isinstance(payload, str):
        raise Malformed("form", "A delivery that is a form has its JSON in the field payload.")
    return json_object(replace(message, body=payload.encode()), limits)


def _is_form(message: Message) -> bool:
    return media_type(message.headers.get("content-type", "")) == FORM_TYPE


def text(message: Message, limits: Limits) -> JSON:
    """Take the body as text: what it is written in (XML, say) is its connector's to read."""
    del limits
    try:
        return message.body.decode()
    except UnicodeDecodeError as error:
        raise Malformed("text", "A delivery is text in UTF-8.") from error


def answered(answer: Answer) -> JSON:
    """Parse what a platform answered as JSON; raise Incomplete where it is none."""
    try:
        return parse(answer.body, Limits())
    except Malformed as error:
        raise Incomplete("JSON") from error
