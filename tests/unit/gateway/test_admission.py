from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.gateway.domain.admission import Admitted, TooMany, Writing, admit, admit_one
from services.gateway.domain.credential import Credential, KeyId, Scope
from services.gateway.domain.enclosed import Enclosed, Sha2, Use
from services.gateway.statements.recording import Confirmed, Conflict, judge
from shared.xapi.guard import Limits
from shared.xapi.model import StatementId, Version
from shared.xapi.validation import Invalid

AUTHORITY = b'{"objectType":"Agent","account":{"homePage":"https://s.example","name":"key"}}'
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
OCTETS = b"here is a simple attachment"
ATTACHMENT: dict[str, Any] = {
    "usageType": "https://example.org/usage",
    "display": {"en": "A test attachment"},
    "contentType": "text/plain",
    "length": len(OCTETS),
    "sha2": sha256(OCTETS).hexdigest(),
}


def writing(*, ids_from_content: bool = False, version: Version = Version.V1_0_3, key: str = "key") -> Writing:
    credential = Credential(
        KeyId(key), "test", frozenset({Scope.ALL}), AUTHORITY, "account::key@https://s.example", (), ids_from_content
    )
    return Writing(version, credential, NOW, Limits(), 3)


def said(**changes: Any) -> dict[str, Any]:
    return {
        "actor": {"mbox": "mailto:ann@example.org"},
        "verb": {"id": "https://example.org/replied"},
        "object": {"id": "https://example.org/thread"},
        "timestamp": "2026-01-31T11:00:00Z",
        **changes,
    }


def without_time(statement: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name != "timestamp"}


def sealed(admitted: Admitted) -> list[dict[str, Any]]:
    return [orjson.loads(bytes(each.body)) for each in admitted.received.statements]


def test_the_message_says_who_vouches_and_when_it_came() -> None:
    received = admit(orjson.dumps(said()), writing()).received

    assert (received.source, received.authority) == ("credential:key", "account::key@https://s.example")
    assert received.received_at == "2026-01-31T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("scopes", "defines"),
    [({Scope.ALL}, True), ({Scope.STATEMENTS_WRITE, Scope.DEFINE}, True), ({Scope.STATEMENTS_WRITE}, False)],
)
def test_communication_4_2_the_message_says_whether_its_sender_may_define(scopes: set[Scope], *, defines: bool) -> None:
    sender = replace(writing(), credential=replace(writing().credential, scopes=frozenset(scopes)))

    assert admit(orjson.dumps(said()), sender).received.defines is defines


@pytest.mark.parametrize(("version", "written"), [(Version.V1_0_3, "1.0.0"), (Version.V2_0_0, "2.0.0")])
def test_a_statement_is_completed_and_nothing_else(version: Version, written: str) -> None:
    (identifier,) = (admitted := admit(orjson.dumps(said()), writing(version=version))).ids

    assert sealed(admitted) == [{**said(), "id": identifier, "authority": orjson.loads(AUTHORITY), "version": written}]


@pytest.mark.parametrize("put", [False, True])
def test_data_2_4_what_a_sender_says_of_authority_and_stored_is_the_records_to_say(*, put: bool) -> None:
    identifier = StatementId(str(uuid4()))
    body = orjson.dumps(said(id=identifier, stored="2020-01-01T00:00:00Z", authority={"mbox": "mailto:eve@example.org"}))

    admitted = admit_one(body, writing(), identifier) if put else admit(body, writing())

    (raw,) = (bytes(each.body) for each in admitted.received.statements)
    assert orjson.loads(raw) == {**said(), "id": identifier, "authority": orjson.loads(AUTHORITY), "version": "1.0.0"}
    assert raw.count(b'"authority"') == 1
    assert b"stored" not in raw


def test_what_is_said_of_version_stays() -> None:
    (left,) = sealed(admit(orjson.dumps(said(version="1.0.2")), writing()))

    assert left["version"] == "1.0.2"


def test_data_2_4_6_2_an_activity_alone_in_the_context_becomes_a_list() -> None:
    (left,) = sealed(admit(orjson.dumps(said(context={"contextActivities": {"parent": {"id": "https://e.org/p"}}})), writing()))

    assert left["context"]["contextActivities"] == {"parent": [{"id": "https://e.org/p"}]}


def test_data_2_4_6_2_so_does_one_in_the_context_of_a_substatement() -> None:
    alone = {"contextActivities": {"category": {"id": "https://e.org/c"}, "other": [{"id": "https://e.org/o"}]}}
    sub = {"objectType": "SubStatement", **without_time(said(context=alone))}

    (left,) = sealed(admit(orjson.dumps(said(object=sub)), writing()))

    listed = {"category": [{"id": "https://e.org/c"}], "other": [{"id": "https://e.org/o"}]}
    assert left["object"] == {**sub, "context": {"contextActivities": listed}}


NEWS = {"contextAgents": [{"objectType": "contextAgent", "agent": {"objectType": "Agent", "mbox": "mailto:bob@example.org"}}]}


def test_a_statement_that_says_it_is_of_1_0_holds_nothing_of_2_0() -> None:
    of_today, of_old = said(context=NEWS, version="2.0.0"), said(context=NEWS, version="1.0.3")
    plain = said(version="1.0.3")

    with pytest.raises(Invalid) as one:
        admit(orjson.dumps(of_old), writing(version=Version.V2_0_0))
    with pytest.raises(Invalid) as many:
        admit(orjson.dumps([of_today, of_old, plain]), writing(version=Version.V2_0_0))

    assert [error.pointer for error in one.value.errors] == ["/context/contextAgents"]
    assert [error.pointer for error in many.value.errors] == ["/1/context/contextAgents"]
    assert len(admit(orjson.dumps([of_today, plain, said(context=NEWS)]), writing(version=Version.V2_0_0)).ids) == 3


def test_communication_2_1_1_put_takes_no_list() -> None:
    named = StatementId(str(uuid4()))

    with pytest.raises(Invalid) as refused:
        admit_one(orjson.dumps([said(id=named)]), writing(), named)

    assert [error.rule for error in refused.value.errors] == ["single-statement"]


def test_communication_2_1_1_put_names_a_statement_that_has_no_id() -> None:
    named = StatementId(str(uuid4()))

    admitted = admit_one(orjson.dumps(said()), writing(), named)

    assert (admitted.ids, sealed(admitted)[0]["id"]) == ((named,), named)


@pytest.mark.parametrize("in_the_object", [False, True])
@pytest.mark.parametrize("many", [False, True])
def test_data_2_4_11_an_attachment_without_address_comes_with_its_octets(*, many: bool, in_the_object: bool) -> None:
    attached = {"attachments": [ATTACHMENT]}
    sub = {"objectType": "SubStatement", **without_time(said()), **attached}
    statement = said(object=sub) if in_the_object else said(**attached)

    with pytest.raises(Invalid) as refused:
        admit(orjson.dumps([statement] if many else statement), writing())

    place = f"{'/0' if many else ''}{'/object' if in_the_object else ''}/attachments/0"
    assert [(error.pointer, error.rule) for error in refused.value.errors] == [(place, "attachment-part")]


def test_data_2_4_11_an_attachment_with_an_address_comes_without_its_octets() -> None:
    attached = said(attachments=[{**ATTACHMENT, "fileUrl": "https://example.org/1.txt"}])

    assert admit(orjson.dumps(attached), writing()).uses == ()


def test_octets_are_told_with_the_statements_that_use_them_each_once() -> None:
    enclosed = {Sha2(ATTACHMENT["sha2"]): Enclosed(1, OCTETS, None, None)}
    twice, once, none = said(attachments=[ATTACHMENT, ATTACHMENT]), said(attachments=[ATTACHMENT]), said()

    admitted = admit(orjson.dumps([twice, once, none]), replace(writing(), enclosed=enclosed))

    assert admitted.uses == tuple(Use(identifier, Sha2(ATTACHMENT["sha2"]), OCTETS) for identifier in admitted.ids[:2])


def test_octets_that_no_statement_declares_are_refused() -> None:
    enclosed = {Sha2(ATTACHMENT["sha2"]): Enclosed(1, OCTETS, None, None)}

    with pytest.raises(Invalid):
        admit(orjson.dumps(said()), replace(writing(), enclosed=enclosed))


def test_the_digest_is_of_what_was_said() -> None:
    identifier = str(uuid4())
    one = admit(orjson.dumps(said(id=identifier)), writing())
    again = admit_one(orjson.dumps(dict(reversed(said().items()))), writing(key="other"), StatementId(identifier))
    other = admit(orjson.dumps(said(id=identifier, result={"success": True})), writing())

    assert one.digests == again.digests
    assert one.digests != other.digests


def test_ids_from_content_depend_on_content_and_key() -> None:
    body = orjson.dumps(said())

    ids = [admit(body, writing(ids_from_content=True, key=key)).ids[0] for key in ("key", "key", "other")]

    assert ids[0] == ids[1] != ids[2]


def test_equal_statements_without_ids_are_one_where_ids_come_from_content() -> None:
    admitted = admit(orjson.dumps([said(), said(), said(result={"success": True})]), writing(ids_from_content=True))

    assert admitted.ids[0] == admitted.ids[1] != admitted.ids[2]
    assert (len(admitted.received.statements), admitted.collapsed) == (2, 1)


def test_a_statement_without_time_of_its_own_is_never_taken_for_a_repetition() -> None:
    untimed = without_time(said())

    first, second = (admit(orjson.dumps(untimed), writing(ids_from_content=True)).ids[0] for _ in range(2))

    assert first != second


def test_more_than_the_limit_is_too_many() -> None:
    with pytest.raises(TooMany):
        admit(orjson.dumps([said()] * 4), writing())


def test_the_whole_batch_is_told_what_is_wrong() -> None:
    with pytest.raises(Invalid) as refused:
        admit(orjson.dumps([said(), said(actor={}), said(id="1")]), writing())

    assert {error.pointer.split("/")[1] for error in refused.value.errors} == {"1", "2"}


def test_an_id_that_is_not_the_one_named_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        admit_one(orjson.dumps(said(id=str(uuid4()))), writing(), StatementId(str(uuid4())))

    assert [error.rule for error in refused.value.errors] == ["statement-id"]


def test_a_verdict_needs_every_statement_with_its_content() -> None:
    admitted = admit(orjson.dumps([said(), said()]), writing())
    first, second = admitted.ids

    assert judge(admitted, admitted.digests) == Confirmed()
    assert judge(admitted, {first: b"other", second: admitted.digests[second]}) == Conflict((first,), ())
    assert judge(admitted, {first: b"other"}) == Conflict((first,), (second,))
    assert judge(admitted, {}) == Conflict((), (first, second))
