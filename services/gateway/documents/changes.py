"""Decide what a request makes of the document that is there, or why it is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from services.gateway.documents.merging import is_json, merge
from services.gateway.documents.parameters import Resource
from services.gateway.documents.preconditions import Preconditions, Verdict, judge, judge_put
from services.gateway.documents.store import Decide, Document, Names
from shared.http import Problem
from shared.media_types import JSON_TYPE
from shared.xapi import guard
from shared.xapi.model import Version

_STATUS = {Verdict.FAILED: 412, Verdict.WEAKENED: 412, Verdict.UNGUARDED: 409, Verdict.MISSING: 400}
_DETAIL = {
    Verdict.FAILED: "The document is not as If-Match or If-None-Match requires: GET it, and send its ETag in If-Match",
    Verdict.WEAKENED: "The ETag in If-Match is weak (W/), and so matches nothing; a compressing proxy made it weak",
    Verdict.UNGUARDED: "The document already exists. Check it with GET, then send its ETag in If-Match to replace it",
    Verdict.MISSING: "PUT of a profile needs a precondition: If-None-Match: * for a new document, If-Match for an existing one",
}


def replacing(posted: Document, preconditions: Preconditions, resource: Resource, version: Version) -> Decide:
    """Return what replaces the document that is there by *posted* (PUT)."""

    def decide(standing: Document | None) -> Document:
        _refuse(judge_put(preconditions, _etag(standing), resource, version))
        return posted

    return decide


def merging(posted: Document, preconditions: Preconditions, limits: guard.Limits) -> Decide:
    """Return what merges *posted* into the document that is there (POST), or stores it where there is none."""

    def decide(standing: Document | None) -> Document:
        _refuse(judge(preconditions, _etag(standing)))
        if standing is None:
            return posted
        return Document.of(standing.content_type, _merged(standing, posted, limits), posted.updated_at)

    return decide


def deleting(preconditions: Preconditions) -> Decide:
    """Return what deletes the document that is there (DELETE)."""

    def decide(standing: Document | None) -> None:
        _refuse(judge(preconditions, _etag(standing)))

    return decide


def deleting_all(preconditions: Preconditions, etag_of: Callable[[Names], str]) -> Callable[[Names], None]:
    """Return what allows several documents to be deleted if the list of their names is as the sender knows it."""
    return partial(_allow, preconditions, etag_of)


def _allow(preconditions: Preconditions, etag_of: Callable[[Names], str], standing: Names) -> None:
    if not preconditions.absent:
        _refuse(judge(preconditions, etag_of(standing)))


def _merged(standing: Document, posted: Document, limits: guard.Limits) -> bytes:
    """Merge two JSON objects. Raises Problem 400 where one of them is not an object, 413 where the result is too large."""
    if not is_json(posted.content_type):
        raise Problem(400, f"POST merges {JSON_TYPE} into a document; use PUT to replace it")
    if not is_json(standing.content_type):
        raise Problem(400, f"The stored document is not {JSON_TYPE}, so nothing can be merged into it; use PUT to replace it")
    try:
        merged = merge(standing.content, posted.content)
    except ValueError as error:
        raise Problem(400, "The stored document is not a JSON object; use PUT to replace it") from error
    if len(merged) > limits.size:
        raise Problem(413, f"The merged document is larger than {limits.size} bytes")
    return merged


def _etag(standing: Document | None) -> str | None:
    return None if standing is None else standing.etag


def _refuse(verdict: Verdict) -> None:
    if verdict is not Verdict.PROCEED:
        raise Problem(_STATUS[verdict], _DETAIL[verdict])
