"""What is checked beside statements: about, headers, refusals, documents, activities and agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from uuid import uuid4

import orjson

from services.lrs_check.examination import Check, Examination, Failed, expect

OK: Final = 200
NO_CONTENT: Final = 204
JSON: Final = {"Content-Type": "application/json"}
VERSION_HEADER: Final = "X-Experience-API-Version"
NOBODY: Final = "Basic bm9ib2R5OndoYXRldmVy"


def about(exam: Examination) -> str:
    """Say without a key which versions are spoken."""
    said = exam.client.ask("GET", "about", stranger=True)
    expect(said, OK, what="GET of about without a key")
    versions = said.json().get("version")
    if not isinstance(versions, list) or not any(str(each).startswith("1.0") for each in versions):
        raise Failed(f"about does not name a version 1.0.x: {versions!r}")
    return ", ".join(map(str, versions))


def headers(exam: Examination) -> None:
    """Name the version on every answer, and up to when a query is whole."""
    answers = {
        "about": exam.client.ask("GET", "about"),
        "a query": exam.client.ask("GET", "statements", {"limit": "1"}),
        "a refusal": exam.client.ask("GET", "statements", {"statementId": "no id"}),
    }
    bare = [name for name, said in answers.items() if VERSION_HEADER.lower() not in said.headers]
    if bare:
        raise Failed(f"{VERSION_HEADER} is missing from {', '.join(bare)}")
    if "x-experience-api-consistent-through" not in answers["a query"].headers:
        raise Failed("X-Experience-API-Consistent-Through is missing from a query")


def strangers(exam: Examination) -> None:
    """Refuse who shows no key, or a wrong one."""
    expect(exam.client.ask("GET", "statements", stranger=True), 401, what="A query without a key")
    wrong = exam.client.ask("GET", "statements", headers={"Authorization": NOBODY}, stranger=True)
    expect(wrong, 401, 403, what="A query with a wrong key")


def unknown_version(exam: Examination) -> None:
    """Refuse a version that is not spoken."""
    said = exam.client.ask("GET", "statements", {"limit": "1"}, headers={VERSION_HEADER: "9.9.9"})
    expect(said, 400, what="A version that does not exist")


def bad_requests(exam: Examination) -> None:
    """Refuse what is no statement, and what is no query."""
    unparseable = exam.client.ask("POST", "statements", headers=JSON, body=b'{"actor": ')
    expect(unparseable, 400, what="A statement that is no JSON")
    empty = exam.client.ask("POST", "statements", headers=JSON, body=b'{"actor": {}, "verb": {}, "object": {}}')
    expect(empty, 400, what="A statement without any content")
    both = {"statementId": str(uuid4()), "voidedStatementId": str(uuid4())}
    expect(exam.client.ask("GET", "statements", both), 400, what="A query by statementId and voidedStatementId at once")
    expect(exam.client.ask("GET", "statements", {"statementId": str(uuid4())}), 404, what="A statement that nobody sent")
    unknown = exam.client.ask("GET", "statements", {"no_such_parameter": "1"})
    expect(unknown, 400, what="A parameter that does not exist")


def documents(resource: str, place: Callable[[Examination], Mapping[str, str]], name: str) -> Callable[[Examination], None]:
    """Return the check of a document resource: kept, listed, guarded by its ETag, merged, deleted."""

    def run(exam: Examination) -> None:
        where = {**place(exam), name: f"check-{exam.run}"}
        exam.document(resource, where)
        first, merged = b'{"a": 1, "b": 2}', {"a": 1, "b": 3}
        expect(
            exam.client.ask("PUT", resource, where, headers={**JSON, "If-None-Match": "*"}, body=first),
            NO_CONTENT,
            what="PUT of a new document",
        )
        read = exam.client.ask("GET", resource, where)
        expect(read, OK, what="GET of a document")
        if read.json() != orjson.loads(first) or not read.headers.get("content-type", "").startswith("application/json"):
            raise Failed("the document comes back with other content, or another content type")
        etag = _etag(read.headers)
        stale = {**JSON, "If-Match": '"0000000000000000000000000000000000000000"'}
        expect(
            exam.client.ask("PUT", resource, where, headers=stale, body=first),
            412,
            what="PUT with an ETag that is not the document's",
        )
        expect(
            exam.client.ask("POST", resource, where, headers={**JSON, "If-Match": etag}, body=b'{"b": 3}'),
            NO_CONTENT,
            what="POST to a document",
        )
        if exam.client.ask("GET", resource, where).json() != merged:
            raise Failed("POST does not merge the members of JSON documents")
        if where[name] not in exam.client.ask("GET", resource, place(exam)).json():
            raise Failed("the document is not in the list of ids")
        _delete(exam, resource, where)

    return run


def _delete(exam: Examination, resource: str, where: Mapping[str, str]) -> None:
    etag = _etag(exam.client.ask("GET", resource, where).headers)
    expect(exam.client.ask("DELETE", resource, where, headers={"If-Match": etag}), NO_CONTENT, what="DELETE of a document")
    expect(exam.client.ask("GET", resource, where), 404, what="GET of a deleted document")


def _etag(headers_: Mapping[str, str]) -> str:
    etag = headers_.get("etag")
    if not etag:
        raise Failed("a document comes without an ETag")
    return etag


def things(exam: Examination) -> str | None:
    """Tell of an activity and of a person whom a statement was about."""
    expect(exam.client.save(exam.statement()), NO_CONTENT, what="PUT of a statement")
    asked = {"activityId": exam.activity}
    remark = exam.eventually(
        lambda: exam.client.ask("GET", "activities", asked).json().get("id") == exam.activity,
        "the activities resource does not know it",
    )
    person = exam.client.ask("GET", "agents", {"agent": exam.agent})
    expect(person, OK, what="GET of an agent")
    if person.json().get("objectType") != "Person" or exam.mbox not in person.json().get("mbox", ()):
        raise Failed("the agents resource does not answer with the Person")
    return remark


def _state(exam: Examination) -> Mapping[str, str]:
    return {"activityId": exam.activity, "agent": exam.agent, "registration": exam.registration}


CHECKS: Final = (
    Check("about names the versions", "Communication §2.8", about),
    Check("headers on every answer", "Communication §3.3", headers),
    Check("strangers are refused", "Communication §4", strangers),
    Check("an unknown version is refused", "Communication §3.3", unknown_version),
    Check("bad requests are refused", "Communication §3.2", bad_requests),
    Check("state documents", "Communication §2.3", documents("activities/state", _state, "stateId")),
    Check(
        "activity profiles",
        "Communication §2.7",
        documents("activities/profile", lambda exam: {"activityId": exam.activity}, "profileId"),
    ),
    Check("agent profiles", "Communication §2.6", documents("agents/profile", lambda exam: {"agent": exam.agent}, "profileId")),
    Check("activities and agents", "Communication §2.4, §2.5", things),
)
