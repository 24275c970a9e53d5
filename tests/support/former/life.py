"""A small, complete life: who is there, what they say by whom, and what is heard of them; each half is played by itself."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID, uuid5

from tests.support.activitystreams import activitystreams_conversation
from tests.support.attachments import attachment, certificate, multipart, part, signature, signed, signing_key, statements_part
from tests.support.discourse import discourse_conversation
from tests.support.github import github_conversation
from tests.support.ingest import Sent
from tests.support.slack import slack, slack_message, slack_reaction
from tests.support.webmention import webmention

NAMES: Final = UUID("7d9a2f0e-6a51-5f0b-9d35-0f6d3c1b2a49")
CHAT: Final = "https://acme.slack.com"
COURSE: Final = "https://lms.acme.example/course/kafka"
LESSON: Final = f"{COURSE}/lesson-1"
AS_OF: Final = "2026-03-31T12:00:00Z"
ERASED: Final = ("eve@acme.example", "Eve Erased", "zanzibar-marmalade")
"""What was stored of a person who was erased, and must never be stored again."""
OBJECTED: Final = "external:HR-4"
PEOPLE: Final = "external_id,name,email,accounts\n" + "".join(
    f"HR-{number},{name.title()},{name}@acme.example,U{number}@{CHAT}\n"
    for number, name in enumerate(("ann", "bob", "cy", "dan"), 1)
)
COURSES: Final = f"iri,title,codes,urls,channels\n{COURSE},Kafka,KAF-1,https://acme.example/kafka,\n"
ENROLMENTS: Final = "external_id,course,role\n" + "".join(f"HR-{number},{COURSE},learner\n" for number in (1, 2, 3, 4))
KNOWN_LATER: Final = f"external_id,name,email,accounts\nHR-9,Fay,fay@acme.example,U9@{CHAT}\n"
"""A person whom an import names only after they have said much, which then has to be relinked."""
LONG: Final = (
    "Drain the broker first, wait until no partition is led by it any more, then stop it, replace the disk, start it again "
    "and let it catch up before the next one is taken; see https://acme.example/kafka for the whole story."
)


def id_of(name: str) -> str:
    """Return the id of the statement that is called *name*."""
    return str(uuid5(NAMES, name))


def said(name: str, who: str = "ann", verb: str = "http://adlnet.gov/expapi/verbs/completed", **more: Any) -> dict[str, Any]:
    """Return a statement."""
    return {
        "id": id_of(name),
        "actor": {"mbox": f"mailto:{who}@acme.example", "name": who.title()},
        "verb": {"id": verb, "display": {"en": verb.rpartition("/")[2]}},
        "object": {"id": LESSON, "definition": {"name": {"en": "The first lesson", "de": "Die erste Lektion"}}},
        "timestamp": "2026-03-03T10:00:00.120+01:00",
        **more,
    }


def reference(name: str) -> dict[str, Any]:
    return {"objectType": "StatementRef", "id": id_of(name)}


BATCH: Final = [
    said("first", result={"score": {"scaled": 0.50, "raw": 5e0}, "success": True, "duration": "PT1H0.5S"}),
    said("second", "bob", context={"registration": id_of("attempt"), "contextActivities": {"parent": {"id": COURSE}}}),
    said("void me", "cy"),
    said("voider", "bob", "http://adlnet.gov/expapi/verbs/voided", object=reference("void me")),
    said("about", "cy", "http://adlnet.gov/expapi/verbs/commented", object=reference("first"), result={"response": "Grüße ✓"}),
    said("of eve", "eve", result={"response": ERASED[2]}, actor={"mbox": f"mailto:{ERASED[0]}", "name": ERASED[1]}),
    said("by eve", "bob", context={"instructor": {"mbox": f"mailto:{ERASED[0]}", "name": ERASED[1]}}),
]
AGAIN_OTHERWISE: Final = said("first", "bob")
"""The first one's id with another content: a conflict."""
ESSAY: Final = b"What I learnt of brokers.\r\n\x00\xff" * 20
WAITING_ESSAY: Final = b"What I learnt since."


def with_essay(name: str, content: bytes) -> bytes:
    """Return a request of a statement with an attachment."""
    return multipart([statements_part([said(name, attachments=[attachment(content)])]), part(content)])


def with_signature() -> tuple[bytes, bytes]:
    """Return a request of a statement that is signed, and its signature."""
    key = signing_key()
    token = signed(said("signed", "bob"), key, x5c=[certificate(key)])
    declared = signature(token)
    return multipart([statements_part(said("signed", "bob") | {"attachments": [declared]}), part(token, declared)]), token


ANN, BOB, CY = (json.dumps({"mbox": f"mailto:{name}@acme.example"}) for name in ("ann", "bob", "cy"))
STATE: Final = {"activityId": LESSON, "agent": ANN, "stateId": "bookmark"}
ATTEMPT: Final = {"activityId": LESSON, "agent": BOB, "stateId": "a b", "registration": id_of("attempt")}
DOCUMENTS: Final = (
    ("activities/state", STATE, b'{"page": 3.0}'),
    ("activities/state", ATTEMPT, b"\x00\x01 octets"),
    ("activities/profile", {"activityId": COURSE, "profileId": "cmi5"}, b'{"launch":  true}'),
    ("agents/profile", {"agent": CY, "profileId": "cmi5LearnerPreferences"}, b"{}"),
)  # fmt: skip


def chat() -> list[Sent]:
    """Play a question on Slack, answers, one of them copied, an acceptance, a message that is taken back, and an edit."""
    asked, answered, copied, gone = (f"1772442{second}.000100" for second in ("000", "060", "120", "180"))
    thread = {"thread_ts": asked}
    deleted = {"type": "message", "subtype": "message_deleted", "channel": "C1", "channel_type": "channel", "hidden": True}
    return [
        slack(slack_message("U1", asked, "How do I replace a broker? <https://acme.example/kafka>")),
        slack(slack_message("U2", answered, LONG, **thread)),
        slack(slack_message("U9", copied, LONG, **thread)),
        slack(slack_message("U4", gone, "Never mind.", **thread)),
        slack(slack_reaction("U1", answered, "white_check_mark", "1772442200.000100", "U2")),
        slack(slack_reaction("U3", answered, "+1", "1772442210.000100", "U2")),
        slack(slack_reaction("U3", copied, "+1", "1772442220.000100", "U9")),
        slack(slack_reaction("U4", answered, "+1", "1772442230.000100", "U2")),
        slack({**deleted, "deleted_ts": gone, "event_ts": "1772442240.000100", "ts": "1772442240.000100"}),
    ]


def heard_first() -> dict[str, list[Sent]]:
    """Return what is delivered and told, by platform."""
    return {"slack": chat(), "discourse": discourse_conversation(), "github": github_conversation()}


def heard_last() -> dict[str, list[Sent]]:
    """Return what is delivered last, and waits: for what is told, for a thread's root, for pages to be asked for."""
    return {
        "slack": [
            slack(slack_message("U3", "1772445600.000100", "Which disks? <https://acme.example/kafka>")),
            slack(slack_message("U2", "1772445660.000100", "Fast ones.", thread_ts="1772445600.000100")),
            slack(slack_message("U2", "1772445720.000100", "Of a thread unseen.", thread_ts="1772445000.000100")),
        ],
        "activitystreams": activitystreams_conversation(),
        "webmention": [webmention("https://page.invalid/reply")],
    }
