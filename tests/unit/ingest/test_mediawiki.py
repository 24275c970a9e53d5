"""What changes of a wiki mean, by its API and by Wikimedia's stream, and what of them is not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.mediawiki import MEDIAWIKI
from services.ingest.connectors.mediawiki.changes import is_anonymous
from services.ingest.domain.asking import Answer, Circumstances, Page
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Reading, Reason
from services.ingest.domain.source import Policy, Source
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.ingest import NOW, Ear, account_names, acts
from tests.support.mediawiki import CHANGES, EVENTS, HEARD, HOME, PEDIA, WIKI, change, event, logged, query, stream
from tests.support.polls import hear, told
from tests.support.profile import faults

HERE = Circumstances(NOW, "https://symposia.example/hooks/mediawiki/wiki")


def changes(*found: Any, source: Source = WIKI) -> Reading:
    return MEDIAWIKI.polls["changes"].read(source, {}, query(*found)).reading


def listened(body: bytes, source: Source = PEDIA) -> Page:
    return MEDIAWIKI.polls["stream"].read(source, {"last": "before"}, Answer(200, {}, body))


async def test_a_wikis_changes_are_told() -> None:
    reading = changes(*CHANGES)

    statements = await told(WIKI, reading)

    assert acts(statements) == [
        ("11", "create", "wiki.acme.example/wiki/Restarting_brokers"),
        ("11", "edited", "wiki.acme.example/wiki/Spam"),
        ("11", "remove", "wiki.acme.example/wiki/Spam"),
        ("12", "attach", "wiki.acme.example/wiki/File:Broker.png"),
        ("12", "edited", "wiki.acme.example/wiki/Restarting_brokers"),
        ("13", "create", "wiki.acme.example/wiki/Spam"),
    ]
    assert reading.ignored == (Reason.ACTOR_UNKNOWN, Reason.BOT, Reason.UNMAPPED)
    for each in statements:
        validate({name: value for name, value in each.items() if name != "authority"}, Version.V1_0_3)
        assert faults(each) == []


async def test_a_stream_is_told_and_no_address_of_anybody_is_in_it() -> None:
    page, ear = listened(stream(*HEARD)), Ear()

    await hear(ear, PEDIA, page.reading)

    assert acts(ear.statements()) == [
        ("Ann", "create", "en.wikipedia.org/wiki/Broker"),
        ("Ann", "remove", "en.wikipedia.org/wiki/Broker"),
        ("Bea", "edited", "en.wikipedia.org/wiki/Broker"),
    ]
    assert page.reading.ignored == (*[Reason.ACTOR_UNKNOWN] * 3, Reason.UNMAPPED, Reason.ACTOR_UNKNOWN)
    for kept in (orjson.dumps(ear.statements()), repr(page).encode(), repr(ear.store.known).encode()):
        assert b"192.0.2.7" not in kept
        assert b"2001:DB8" not in kept


def thanked(title: str, user: str = "Ann", **more: Any) -> Reading:
    thanks = {"namespace": 2, "log_id": 88, "log_type": "thanks", "log_action": "thank", "revision": None, **more}
    return listened(stream(event(10, "log", title, user, "12:10:00", **thanks))).reading


def test_thanks_are_told_of_whom_they_are_to() -> None:
    (thanks,) = thanked("Benutzer:Bea B").decided

    assert (thanks.kind, thanks.actor, thanks.person, thanks.happened) == (
        Kind.PRAISE,
        "Ann",
        "Bea B",
        "2026-03-02T12:10:00.000Z",
    )


@pytest.mark.parametrize(
    ("title", "more", "reason"),
    [
        ("User:192.0.2.7", {}, Reason.ACTOR_UNKNOWN),
        ("User:~2026-1234-56", {}, Reason.ACTOR_UNKNOWN),
        ("User:Bea", {"user": "192.0.2.7"}, Reason.ACTOR_UNKNOWN),
        ("User:Bea", {"bot": True}, Reason.BOT),
        ("Bea", {"namespace": 0}, Reason.INCOMPLETE),
    ],
)
def test_thanks_to_or_by_nobody_who_has_an_account_are_not_told(title: str, more: dict[str, Any], reason: Reason) -> None:
    assert thanked(title, **more).ignored == (reason,)


async def test_every_order_and_repetition_of_changes_tells_the_same() -> None:
    readings, tellings = [changes(each) for each in CHANGES], []
    for each in (readings, readings[::-1], readings * 2):
        ear = Ear()
        await hear(ear, WIKI, *each)
        tellings.append(ear.told())

    assert all(each == tellings[0] for each in tellings)


@pytest.mark.parametrize(
    ("name", "anonymous"),
    [
        ("192.0.2.7", True),
        ("192.0.2.xxx", True),
        ("2001:db8::1", True),
        ("2001:DB8:0:0:0:0:0:0/64", True),
        ("~2026-1234-56", True),
        ("~2026", True),
        ("Ann", False),
        ("7of9", False),
        ("1.2.3", False),
        ("", False),
    ],
)
def test_who_has_no_account_is_known_by_the_name(name: str, anonymous: bool) -> None:  # noqa: FBT001  a table's column
    assert is_anonymous(name) is anonymous


def test_names_are_not_asked_for_and_so_no_addresses() -> None:
    request = MEDIAWIKI.polls["changes"].ask(WIKI, {"rcstart": "2026-03-02T12:00:00Z", "rccontinue": "x|1"}, HERE)

    assert request is not None
    query_ = {name: value for name, (value,) in parse_qs(urlsplit(request.url).query).items()}
    assert "user" not in query_["rcprop"].split("|")
    assert (query_["rcstart"], query_["rccontinue"], query_["rcdir"]) == ("2026-03-02T12:00:00Z", "x|1", "newer")
    assert request.url.startswith(f"{HOME}/w/api.php?")


def test_pages_are_turned_and_the_next_round_goes_on_a_little_before() -> None:
    poll = MEDIAWIKI.polls["changes"]
    first = poll.read(WIKI, {"rcstart": "2026-03-01T00:00:00Z"}, query(*CHANGES[:2], onward="20260302120600|3"))
    second = poll.read(WIKI, first.cursor, query(*CHANGES[2:]))
    again = poll.read(WIKI, second.cursor, query(*CHANGES))

    assert (first.more, first.cursor["rccontinue"], first.cursor["rcstart"]) == (True, "20260302120600|3", "2026-03-01T00:00:00Z")
    assert (second.more, second.cursor["rcstart"]) == (False, "2026-03-02T12:11:00Z")
    assert "rccontinue" not in second.cursor
    assert again.reading == Reading()


def test_a_wiki_with_a_stream_is_not_asked_and_one_without_is_not_listened_to() -> None:
    polls = MEDIAWIKI.polls

    assert polls["changes"].ask(PEDIA, {}, HERE) is None
    assert polls["stream"].ask(WIKI, {}, HERE) is None


def test_the_stream_is_taken_up_where_it_was_left() -> None:
    first = MEDIAWIKI.polls["stream"].ask(PEDIA, {}, HERE)
    page = listened(stream(*HEARD))
    then = MEDIAWIKI.polls["stream"].ask(PEDIA, page.cursor, HERE)

    assert first is not None
    assert then is not None
    assert (first.url, first.listen, first.shown) == (EVENTS, 20.0, False)
    assert "Last-Event-ID" not in first.headers
    assert then.headers["Last-Event-ID"] == '[{"topic":"eqiad.mediawiki.recentchange","partition":0,"timestamp":8}]'


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_an_event_that_was_cut_is_heard_the_next_time(cut: int) -> None:
    page = listened(stream(*HEARD[:2])[:-cut])

    assert [each.actor for each in page.reading.decided] == ["Ann"]
    assert str(page.cursor["last"]).endswith('"timestamp":0}]')


@pytest.mark.parametrize("body", [b"", b":ok\n\n", b"<html>", b"data: {\n\n", b"data: null\n\ndata: []\n\n", b"\xff\xfe\n\n"])
def test_silence_and_noise_move_nothing(body: bytes) -> None:
    assert listened(body) == Page(Reading(), {"last": "before"})


def test_a_bad_event_keeps_no_other_from_being_told() -> None:
    bad = [{**HEARD[0], "title": None}, {**HEARD[0], "revision": None, "type": "edit"}, {**HEARD[0], "timestamp": -1, "meta": {}}]

    page = listened(stream(*bad, HEARD[1]))

    assert [each.actor for each in page.reading.decided] == ["Bea"]
    assert page.reading.ignored == (Reason.INCOMPLETE,) * 3


@pytest.mark.parametrize(("channel", "reasons"), [("0", ()), ("Broker", ()), ("1", (Reason.CHANNEL_NOT_ALLOWED,))])
def test_only_namespaces_and_pages_of_the_allow_list_are_heard(channel: str, reasons: tuple[Reason, ...]) -> None:
    source = replace(PEDIA, policy=Policy(channels=frozenset({ChannelId(channel)})))

    assert listened(stream(HEARD[0]), source).reading.ignored == reasons


@pytest.mark.parametrize(("user", "source"), [(12, WIKI), ("Bea", PEDIA)])
def test_an_excluded_account_is_not_heard(user: int | str, source: Source) -> None:
    excluding = replace(source, policy=Policy(excluded=account_names(str(user))))
    reading = (
        changes(change(1, "edit", "A", user, "12:00:00"), source=excluding)
        if isinstance(user, int)
        else listened(stream(event(1, "edit", "A", user, "12:00:00")), excluding).reading
    )

    assert reading.ignored == (Reason.EXCLUDED_ACCOUNT,)


@pytest.mark.parametrize("flags", [{"temp": True}, {"temp": ""}, {"anon": True}, {"userid": None, "userhidden": True}])
def test_who_has_no_account_is_nobody_though_numbered(flags: dict[str, Any]) -> None:
    reading = changes(change(1, "edit", "A", 20001, "12:00:00", **flags))

    assert (reading.decided, reading.ignored) == ((), (Reason.ACTOR_UNKNOWN,))


@pytest.mark.parametrize("deleting", [{"bot": True}, {"userid": 0, "anon": True}, {"ns": 1}])
async def test_a_delete_is_heard_whoever_made_it_of_what_was_told(deleting: dict[str, Any]) -> None:
    source = replace(WIKI, policy=Policy(channels=frozenset({ChannelId("0")})))
    gone = {**logged(8, "delete/delete", "Spam", 11, "12:11:00"), **deleting}

    heard = await told(source, changes(CHANGES[6], source=source), changes(gone, source=source))
    unheard = await told(source, changes(gone, source=source))

    assert [verb for _, verb, _ in acts(heard)] == ["create", "delete"]
    assert unheard == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"error":{"code":"readapidenied"}}', b"<html>", b'{"query":{"recentchanges":{}}}']
)
def test_what_are_no_changes_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(Incomplete):
        MEDIAWIKI.polls["changes"].read(WIKI, {}, Answer(200, {}, body))


def test_a_bad_change_keeps_no_other_from_being_told() -> None:
    bad: list[Any] = [None, {}, {**CHANGES[0], "timestamp": "then"}, {**CHANGES[0], "title": "x" * 300}]

    reading = changes(*bad, CHANGES[1])

    assert [each.actor for each in reading.decided] == ["12"]
    assert reading.ignored == (Reason.INCOMPLETE,) * 4


def test_a_title_is_written_as_the_wiki_writes_it() -> None:
    (interaction,) = changes(change(1, "new", "Wie geht's? 100 %", 11, "12:00:00")).decided

    assert interaction.artefact.iri == f"{HOME}/wiki/Wie_geht%27s%3F_100_%25"
    assert interaction.artefact.title == "Wie geht's? 100 %"
