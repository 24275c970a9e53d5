"""Keep Graph delivering: list the channels of the teams, make a subscription for each that is heard, and renew it.

A round is a list of steps, each one request: channels of every team, our subscriptions as Graph lists them (which is the truth,
whatever was made before a crash), then those to renew, to end and to make. Where one had lapsed, what it missed is asked for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, unquote

import orjson

from services.ingest.connectors.fields import Incomplete, member, optional_text, optional_time
from services.ingest.connectors.parsing import answered
from services.ingest.connectors.teams import lookups, places
from services.ingest.connectors.teams.members import LIFETIME
from services.ingest.connectors.teams.notifications import client_state
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from services.ingest.verifiers.sealed import certificate
from shared.clock import rfc3339
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant

EVERY: Final = timedelta(minutes=15)
REFUSALS: Final = frozenset({400, 403, 404, 409})
"""How Graph refuses a subscription, or to list a team's channels: it harms no other."""
CALLS: Final = "communications/callRecords"
JSON_BODY: Final = {"Content-Type": "application/json"}


def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    """Return the request of the next step, or None where the source is told of nothing to subscribe to."""
    steps = _steps(source, cursor)
    if not steps:
        return None
    url = f"{places.graph(source)}/subscriptions"
    match steps[0]:
        case ["renew", str(name), _]:
            return lookups.renewal(source, name, circumstances)
        case ["end", str(name)]:
            return Request(f"{url}/{quote(name, safe='')}", "DELETE", bears=REFUSALS)
        case ["make", str(resource)]:
            body = orjson.dumps(_subscription(source, resource, circumstances))
            return Request(url, "POST", JSON_BODY, body, bears=REFUSALS)
        case ["channels", str(address), _]:
            return Request(lookups.ours(source, address), bears=REFUSALS)
        case [_, str(address), *_]:
            return Request(lookups.ours(source, address))
        case _:
            raise Incomplete("steps")


def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Read the answer to the next step, and go on with those that follow from it."""
    (step, *rest), state = _steps(source, cursor), _State(cursor)
    match step:
        case ["channels", _, str(team)]:
            reading = _read_channels(source, state, answer, team, rest)
        case ["list", _]:
            reading = _read_subscriptions(source, state, answered(answer), rest)
        case ["make", str(resource)]:
            reading = _read_made(source, state, answer, resource)
        case ["renew", _, str(resource)]:
            reading = _read_renewed(state, answer, resource, rest)
        case _:
            reading = Reading()
    return Page(reading, state.cursor(rest), more=bool(rest))


class _State:
    """What a cursor holds besides its steps: this round's heard *channels* and *found* subscriptions, *until* when each lived."""

    def __init__(self, cursor: Cursor) -> None:
        self.channels: list[Any] = list(_listed(cursor.get("channels")))
        self.found: list[Any] = list(_listed(cursor.get("found")))
        until = cursor.get("until")
        self.until: dict[str, Any] = dict(until) if isinstance(until, dict) else {}

    def cursor(self, steps: list[Any]) -> Cursor:
        """Return where to go on; a round that is over leaves only what the next has to know."""
        ended: Cursor = {"until": self.until}
        return {"steps": steps, "channels": self.channels, "found": self.found, **ended} if steps else ended


def _listed(value: JSON) -> list[Any]:
    return value if isinstance(value, list) else []


def _steps(source: Source, cursor: Cursor) -> list[Any]:
    """Return what is left of a round, or a new one."""
    if steps := _listed(cursor.get("steps")):
        return steps
    graph, teams = places.graph(source), [each for each in places.listed(source, "teams") if places.GUID.fullmatch(each)]
    if not teams and not places.listed(source, "chats") and "calls" not in source.options:
        return []
    return [*(["channels", f"{graph}/teams/{each}/channels", each] for each in teams), ["list", f"{graph}/subscriptions"]]


def _read_channels(source: Source, state: _State, answer: Answer, team: str, rest: list[Any]) -> Reading:
    """Learn which channels of a team are heard, and which are private: whatever is not a standard channel is."""
    if answer.status in REFUSALS:
        return ignored(Reason.NOT_DELIVERED)
    document = answered(answer)
    if not isinstance(member(document, "value"), list):
        raise Incomplete("value")
    closed = []
    for channel in _listed(member(document, "value")):
        name = optional_text(channel, "id") or ""
        if not places.THREAD.fullmatch(name):
            continue
        private = member(channel, "membershipType") != "standard"
        if private:
            closed.append(ChannelId(name))
        allowed = not source.policy.channels or name in source.policy.channels
        if allowed and (not private or source.policy.private):
            state.channels.append([team, name])
    if onward := optional_text(document, "@odata.nextLink"):
        rest.insert(0, ["channels", onward, team])
    return Reading(closed=tuple(closed))


def _read_subscriptions(source: Source, state: _State, document: JSON, rest: list[Any]) -> Reading:
    """Learn which subscriptions there are, and plan what is to be done about them."""
    if not isinstance(member(document, "value"), list):
        raise Incomplete("value")
    names = ("id", "resource", "notificationUrl")
    for each in _listed(member(document, "value")):
        found = [optional_text(each, name) or "" for name in names]
        if f"/hooks/{source.platform}/{source.id}?" in found[2] and found[0]:
            state.found.append(found)
    if onward := optional_text(document, "@odata.nextLink"):
        rest.insert(0, ["list", onward])
    else:
        rest.extend(_plan(source, state))
    return Reading()


def _plan(source: Source, state: _State) -> list[list[str]]:
    """Return the steps after which there are the subscriptions that are wanted, each once, under the present secret."""
    wanted = {_plain(each): each for each in _wanted(source, state.channels)}
    ends, renewals = list[list[str]](), dict[str, list[str]]()
    for name, resource, url in state.found:
        about = _plain(resource)
        if about in wanted and about not in renewals and url.endswith(f"?of={_mark(source)}"):
            renewals[about] = ["renew", name, wanted[about]]
        else:
            ends.append(["end", name])
    made = [["make", each] for about, each in wanted.items() if about not in renewals]
    return [*renewals.values(), *ends, *made]


def _plain(resource: str) -> str:
    """Return a resource as it is compared, however Graph writes it."""
    return unquote(resource).strip("/").casefold()


def _wanted(source: Source, channels: list[Any]) -> list[str]:
    """Return the resources that are to be delivered."""
    teams = [each for each in places.listed(source, "teams") if places.GUID.fullmatch(each)]
    chats = [each for each in places.listed(source, "chats") if places.THREAD.fullmatch(each)] if source.policy.direct else []
    heard = dict.fromkeys(f"teams/{team}/channels/{channel}/messages" for team, channel in channels)
    members = [f"teams/{each}/members" for each in teams if not source.policy.channels or each in source.policy.channels]
    calls = [CALLS] if "calls" in source.options else []
    return [*heard, *(f"chats/{each}/messages" for each in chats), *members, *calls]


def _subscription(source: Source, resource: str, circumstances: Circumstances) -> dict[str, JSON]:
    """Return what Graph is asked for (learn.microsoft.com/graph/api/subscription-post-subscriptions)."""
    hook = f"{circumstances.hook}?of={_mark(source)}"
    asked: dict[str, JSON] = {
        "changeType": _changes(resource),
        "notificationUrl": hook,
        "lifecycleNotificationUrl": hook,
        "resource": f"/{resource}",
        "expirationDateTime": rfc3339(circumstances.now + LIFETIME),
        "clientState": client_state(source.secrets[0]),
    }
    sealing = certificate(source.secrets[0]) if resource.endswith("/messages") else None
    if sealing is None:
        return asked
    return {**asked, "includeResourceData": True, "encryptionCertificate": sealing[0], "encryptionCertificateId": sealing[1][:32]}


def _changes(resource: str) -> str:
    if resource.endswith("/members"):
        return "created,deleted"
    return "created,updated" if resource == CALLS else "created,updated,deleted"


def _mark(source: Source) -> str:
    """Return a mark of the present secret: a subscription that was made under another is made anew."""
    return client_state(client_state(source.secrets[0]).encode())[:8]


def _read_made(source: Source, state: _State, answer: Answer, resource: str) -> Reading:
    """Learn that a subscription was made, and ask for what was said while there was none, if there had been one before."""
    if answer.status in REFUSALS:
        return ignored(Reason.NOT_DELIVERED)
    lapsed = state.until.get(resource)
    _lives(state, answer, resource)
    if not isinstance(lapsed, str) or not resource.endswith("/messages") or resource.startswith("chats/"):
        return Reading()
    return Reading(lookups=(lookups.since(source, resource, rfc3339(instant(lapsed) - LIFETIME)),))


def _read_renewed(state: _State, answer: Answer, resource: str, rest: list[Any]) -> Reading:
    """Learn until when a subscription lives, or make it again if it is gone."""
    if answer.status in REFUSALS:
        rest.append(["make", resource])
    else:
        _lives(state, answer, resource)
    return Reading()


def _lives(state: _State, answer: Answer, resource: str) -> None:
    if until := optional_time(answered(answer), "expirationDateTime"):
        state.until[resource] = until
