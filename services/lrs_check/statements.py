"""What is checked of statements (1.0.3 Communication §2.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import orjson

from services.lrs_check.examination import HOST, Check, Examination, Failed, Skipped, expect

OK: Final = 200
NO_CONTENT: Final = 204
CONFLICT: Final = 409
JSON: Final = {"Content-Type": "application/json"}


def save_one(exam: Examination) -> str | None:
    """Save a statement, and read it again as it was."""
    sent = exam.statement(result={"score": {"scaled": 0.5}, "success": True, "duration": "PT1M"})
    expect(exam.client.save(sent), NO_CONTENT, what="PUT of a statement")
    remark = exam.eventually(lambda: exam.client.retrieve(sent["id"])[1] is not None, "the statement cannot be retrieved")
    said, read = exam.client.retrieve(sent["id"])
    stored = said.json()
    if read is None or (str(read.id), read.actor.mbox, read.verb.id, read.object.id) != (sent["id"], exam.mbox, *_about(sent)):
        raise Failed("the statement comes back with another actor, verb or object")
    lost = [name for name in ("stored", "authority", "timestamp", "version") if name not in stored]
    if lost:
        raise Failed(f"the statement comes back without {', '.join(lost)}")
    if stored.get("result", {}).get("score") != {"scaled": 0.5} or stored["result"].get("success") is not True:
        raise Failed("the statement comes back with another result")
    return remark


def save_several(exam: Examination) -> str | None:
    """Save three statements at once; the answer names them in order."""
    sent = [exam.statement() for _ in range(3)]
    said = exam.client.save_all(sent)
    expect(said, OK, what="POST of three statements")
    if said.json() != [each["id"] for each in sent]:
        raise Failed("the answer is not the list of their ids in order")
    return exam.eventually(
        lambda: all(exam.client.retrieve(each["id"])[1] is not None for each in sent), "not all three can be retrieved"
    )


def id_given(exam: Examination) -> None:
    """Give an id to a statement that comes without."""
    sent = exam.statement()
    exam.saved.remove(sent.pop("id"))
    said = exam.client.ask("POST", "statements", headers=JSON, body=orjson.dumps(sent))
    expect(said, OK, what="POST of a statement without an id")
    given = said.json()
    if not isinstance(given, list) or len(given) != 1:
        raise Failed("the answer is not a list of one id")
    exam.saved.append(str(given[0]))


def never_overwrite(exam: Examination) -> str | None:
    """Take a repetition in silence, and never another content under a known id."""
    sent = exam.statement()
    expect(exam.client.save(sent), NO_CONTENT, what="PUT of a statement")
    again = exam.client.save(sent)
    expect(again, NO_CONTENT, CONFLICT, what="PUT of the same statement again")
    other = exam.client.save({**sent, "result": {"response": "something else"}})
    exam.eventually(lambda: exam.client.retrieve(sent["id"])[1] is not None, "the statement cannot be retrieved")
    if "something else" in exam.client.retrieve(sent["id"])[0].text:
        raise Failed("a statement was overwritten by another one with the same id")
    expect(other, CONFLICT, NO_CONTENT, what="another statement under a known id")
    remarks = ["a repetition is answered 409"] if again.status == CONFLICT else []
    remarks += ["other content is ignored without a 409"] if other.status == NO_CONTENT else []
    return "; ".join(remarks) or None


def all_or_none(exam: Examination) -> None:
    """Take nothing of a batch in which one statement is bad."""
    good, bad = exam.statement(), exam.statement(verb={"display": {"en": "no id"}})
    said = exam.client.ask("POST", "statements", headers=JSON, body=orjson.dumps([good, bad]))
    expect(said, 400, what="A batch with a bad statement")
    if exam.client.ask("GET", "statements", {"statementId": good["id"]}).status == OK:
        raise Failed("the good statement of a refused batch was stored")


def find_by(name: str, value: Callable[[Examination], str], changes: Callable[[str], dict[str, Any]]) -> Check:
    """Return the check of a filter: what has *value* is found by it, what has not is not."""

    def run(exam: Examination) -> str | None:
        wanted = value(exam)
        hit, miss = exam.statement(**changes(wanted)), exam.statement(**_OTHERS[name](exam))
        expect(exam.client.save_all([hit, miss]), OK, what="POST of two statements")
        remark = exam.eventually(
            lambda: hit["id"] in exam.client.query(**{name: wanted}), f"what has this {name} is not found by it"
        )
        if miss["id"] in exam.client.query(**{name: wanted}):
            raise Failed(f"a statement with another {name} is found, too")
        return remark

    return Check(f"statements are found by {name}", "Communication §2.1.3", run)


def since_until_and_order(exam: Examination) -> str | None:
    """Find by the time of storing, in both orders, page by page."""
    sent = [exam.statement() for _ in range(3)]
    for each in sent:
        expect(exam.client.save(each), NO_CONTENT, what="PUT of a statement")
    ids = [each["id"] for each in sent]
    remark = exam.eventually(lambda: set(ids) <= set(exam.client.query(agent=exam.mbox)), "not all are found by their agent")
    stored = [exam.client.retrieve(each)[0].json()["stored"] for each in ids]
    ours: Callable[..., list[str]] = lambda **more: [each for each in exam.client.query(agent=exam.mbox, **more) if each in ids]  # noqa: E731
    _same("ascending, one on each page", ours(ascending="true", limit=1), ids)
    _same("descending", ours(), ids[::-1])
    _same("since the first", ours(since=stored[0], ascending="true"), ids[1:])
    _same("until the second", ours(until=stored[1], ascending="true"), ids[:2])
    return remark


def void(exam: Examination) -> str | None:
    """Show a voided statement only to who asks for it as such."""
    sent = exam.statement()
    expect(exam.client.save(sent), NO_CONTENT, what="PUT of a statement")
    voiding = exam.voiding(sent["id"])
    expect(exam.client.save(voiding), NO_CONTENT, what="PUT of a voiding statement")
    remark = exam.eventually(
        lambda: exam.client.retrieve_voided(sent["id"])[1] is not None, "the voided statement is not found by voidedStatementId"
    )
    expect(exam.client.retrieve(sent["id"])[0], 404, what="GET of a voided statement by statementId")
    if sent["id"] in (found := exam.client.query(agent=exam.mbox)):
        raise Failed("a voided statement is found by its agent")
    if voiding["id"] not in found:
        raise Failed("the voiding statement is not found")
    return remark


def attachments(exam: Examination) -> str | None:
    """Take the octets of an attachment, and give them back (Communication §1.5.2)."""
    octets, boundary = b"an attachment of an LRS check", f"check-{exam.run}"
    sha2 = hashlib.sha256(octets).hexdigest()
    described = {"usageType": f"{exam.activity}/usage", "display": {"en": "a file"}, "contentType": "text/plain"}
    sent = exam.statement(attachments=[{**described, "length": len(octets), "sha2": sha2}])
    parts = (
        (b"Content-Type: application/json", orjson.dumps(sent)),
        (f"Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}".encode(), octets),
    )
    body = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary.encode(), head, content) for head, content in parts)
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    said = exam.client.ask("POST", "statements", headers=headers, body=body + f"--{boundary}--\r\n".encode())
    expect(said, OK, what="POST of a statement with an attachment")
    asked = {"statementId": sent["id"], "attachments": "true"}
    return exam.eventually(
        lambda: octets.decode() in exam.client.ask("GET", "statements", asked).text,
        "the attachment does not come back with its statement",
    )


def version_two(exam: Examination) -> str | None:
    """Speak xAPI 2.0.0, where the LRS says it does."""
    if not any(str(version).startswith("2.0") for version in exam.client.ask("GET", "about").json().get("version", ())):
        raise Skipped("the LRS does not say that it speaks 2.0.0")
    headers = {**JSON, "X-Experience-API-Version": "2.0.0"}
    context = {"contextAgents": [{"objectType": "contextAgent", "agent": {"mbox": exam.mbox}}]}
    sent = exam.statement(context=context)
    said = exam.client.ask("PUT", "statements", {"statementId": sent["id"]}, headers=headers, body=orjson.dumps(sent))
    expect(said, NO_CONTENT, what="PUT of a statement of 2.0.0")
    asked = {"statementId": sent["id"]}
    return exam.eventually(
        lambda: (
            exam.client.ask("GET", "statements", asked, headers=headers).json().get("context", {}).get("contextAgents")
            is not None
        ),
        "the statement of 2.0.0 cannot be retrieved with its contextAgents",
    )


def _about(statement: dict[str, Any]) -> tuple[str, str]:
    return statement["verb"]["id"], statement["object"]["id"]


def _same(how: str, found: list[str], wanted: list[str]) -> None:
    if found != wanted:
        raise Failed(f"{how}: {len(found)} statements in another order or number than the {len(wanted)} expected")


_OTHERS: Final[dict[str, Callable[[Examination], dict[str, Any]]]] = {
    "agent": lambda exam: {"actor": {"mbox": f"mailto:other-{exam.run}@{HOST}"}},
    "verb": lambda _: {},
    "activity": lambda exam: {"object": {"id": f"{exam.activity}/other"}},
    "registration": lambda _: {"context": {"registration": str(uuid4())}},
}

CHECKS: Final = (
    Check("a statement is saved and retrieved", "Communication §2.1.1", save_one),
    Check("several statements are saved at once", "Communication §2.1.2", save_several),
    Check("a statement without an id gets one", "Data §2.4.1", id_given),
    Check("a known id is never overwritten", "Communication §2.1.1", never_overwrite),
    Check("a batch is taken whole or not at all", "Communication §2.1.2", all_or_none),
    find_by("agent", lambda exam: exam.mbox, lambda _: {}),
    find_by("verb", lambda exam: f"{exam.activity}/verb", lambda iri: {"verb": {"id": iri, "display": {"en": "checked"}}}),
    find_by("activity", lambda exam: f"{exam.activity}/wanted", lambda iri: {"object": {"objectType": "Activity", "id": iri}}),
    find_by("registration", lambda _: str(uuid4()), lambda attempt: {"context": {"registration": attempt}}),
    Check("since, until, order and pages", "Communication §2.1.3", since_until_and_order),
    Check("a voided statement is hidden", "Data §2.3.2", void),
    Check("attachments come back", "Communication §1.5.2", attachments),
    Check("xAPI 2.0.0 is spoken", "2.0.0 §4.1.6", version_two),
)
