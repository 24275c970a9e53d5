"""Webex as the tests play it: webhooks that name things, and what its API says of them."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Lookup
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent


def named(kind: str, name: str) -> str:
    """Return an id as Webex writes it."""
    return base64.b64encode(f"ciscospark://us/{kind}/{uuid5(NAMESPACE_URL, name)}".encode()).decode()


ROOM = named("ROOM", "brokers")
NUMBER = "25501234567"
POLICY = Policy(keeps=Keeps.TEXT, channels=frozenset({ChannelId(ROOM), ChannelId(NUMBER)}))
OPTIONS = {"client": "C1234", "meetings": "yes"}
WEBEX = Source(SourceId("suite"), Platform.WEBEX, "https://acme.webex.com", (SECRET,), POLICY, options=OPTIONS)


def person(number: int) -> str:
    return named("PEOPLE", f"person {number}")


def email(number: int) -> str:
    return f"person{number}@acme.example"


def message(name: str, author: int, clock: str, said: str, above: str = "", **more: Any) -> dict[str, Any]:
    """Return a message of the space, as it is shown when it is asked for."""
    shown: dict[str, Any] = {
        "id": named("MESSAGE", name),
        "roomId": ROOM,
        "roomType": "group",
        "text": said,
        "html": f"<p>{said}</p>",
        "personId": person(author),
        "personEmail": email(author),
        "created": f"2026-03-02T{clock}.203Z",
    }
    return {**shown, **({"parentId": named("MESSAGE", above)} if above else {}), **more}


def webex(resource: str, event: str, data: dict[str, Any], actor: int = 0, answer: Any = None) -> Sent:
    """Return a delivery of a webhook."""
    document = {
        "id": named("WEBHOOK", "1"),
        "name": f"Symposia suite {resource}",
        "targetUrl": "https://symposia.example/hooks/webex/suite",
        "resource": resource,
        "event": event,
        "orgId": named("ORGANIZATION", "acme"),
        "createdBy": person(0),
        "ownedBy": "creator",
        "status": "active",
        "created": "2026-03-01T12:00:00.000Z",
        "actorId": person(actor),
        "data": data,
    }
    return Sent(WEBEX, document, answer=answer)


def about(event: str, shown: dict[str, Any]) -> Sent:
    """Return a delivery that names a message, which is as it is *shown* when it is asked for, caused by its author."""
    told = {name: shown[name] for name in ("id", "roomId", "roomType", "personId", "personEmail", "created")}
    sent = webex("messages", event, told, answer=None if event == "deleted" else shown)
    return replace(sent, document={**sent.document, "actorId": shown["personId"]})


def membership(event: str, number: int) -> Sent:
    data = {"id": named("MEMBERSHIP", str(number)), "roomId": ROOM, "roomType": "group", "personId": person(number)}
    return webex("memberships", event, {**data, "personEmail": email(number), "created": "2026-03-02T11:00:00.000Z"})


def meeting(**more: Any) -> dict[str, Any]:
    """Return a meeting, as it is shown when it is asked for."""
    shown = {"id": "870f51ff_I_14161", "meetingNumber": NUMBER, "title": "Office hour", "hostUserId": person(1), "state": "ended"}
    return {**shown, "start": "2026-03-02T11:00:00Z", "end": "2026-03-02T11:45:00Z", **more}


def participant(number: int, joined: str, left: str | None = None) -> dict[str, Any]:
    shown = {"id": f"870f51ff_I_14161_{number}", "meetingId": "870f51ff_I_14161", "email": email(number), "state": "joined"}
    times = {"joinedTime": f"2026-03-02T{joined}Z", **({"leftTime": f"2026-03-02T{left}Z"} if left else {})}
    return {**shown, "displayName": "x", "host": False, **times}


def presence(event: str, number: int, shown: dict[str, Any]) -> Sent:
    """Return that a participant joined or left, and what is answered of the participant, the meeting and the person."""
    answers = {
        "participant": shown,
        "seat": meeting(),
        "person": {"id": person(number), "emails": [email(number).title()], "type": "person"},
    }

    def answer(lookup: Lookup) -> dict[str, Any]:
        return answers[lookup.reference["do"]]

    return webex("meetingParticipants", event, {"id": shown["id"]}, actor=number, answer=answer)


def webex_conversation() -> list[Sent]:
    """A question, its answer with a mention and a file, an edit, a delete, a bot, members, and a meeting with two who attend."""
    asked = message("asked", 1, "11:31:00", "How do I restart the broker?")
    file = "https://webexapis.com/v1/contents/Y2lzY29zcGFyazovL3VzL0NPTlRFTlQvOTJkYjNiZTAvMA"
    answer = message("answer", 2, "11:32:00", "Ann, drain it.", "asked", mentionedPeople=[person(1)], files=[file])
    thanked = message("thanked", 1, "11:36:00", "Thanks!", "asked")
    machine = message("machine", 9, "11:38:00", "Reminder?", personEmail="reminder@webex.bot")
    return [
        about("created", asked),
        about("created", answer),
        about(
            "updated",
            {
                **answer,
                "text": "Ann, drain it first.",
                "html": "<p>Ann, drain it first.</p>",
                "updated": "2026-03-02T11:35:00.000Z",
            },
        ),
        about("created", thanked),
        about("created", machine),
        about("deleted", thanked),
        membership("created", 4),
        membership("deleted", 5),
        webex("meetings", "started", {"id": "870f51ff_I_14161"}, answer=meeting(state="inProgress")),
        webex("meetings", "ended", {"id": "870f51ff_I_14161"}, answer=meeting()),
        presence("joined", 2, participant(2, "11:01:00")),
        presence("left", 2, participant(2, "11:01:00", "11:40:00")),
        presence("joined", 3, participant(3, "11:05:00")),
    ]
