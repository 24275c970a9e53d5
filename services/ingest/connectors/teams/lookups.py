"""What Graph named, asked for: messages, call records, what was missed, and the keys that open what it sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import quote

import orjson
from msgspec.structs import replace

from services.ingest.connectors.fields import Incomplete, member, optional_text, text
from services.ingest.connectors.parsing import answered
from services.ingest.connectors.teams import places
from services.ingest.connectors.teams.calls import Call, read_call, read_sessions
from services.ingest.connectors.teams.members import LIFETIME
from services.ingest.connectors.teams.messages import read_change, read_message, read_messages
from services.ingest.domain.asking import Answer, Circumstances, Request
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Lookup, Reading, Reason, ignored
from services.ingest.domain.source import Source
from services.ingest.verifiers import Message, SignedToken, Verdict, bearer
from services.ingest.verifiers.sealed import NotOpened, SealedContent, opened
from shared.clock import rfc3339
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant

PUBLISHER: Final = "0bf30f3b-4a52-48df-9a82-234910c4a086"
"""The application by which Graph sends change notifications, the same in every tenant."""
KEYS_SECONDS: Final = 3600.0
MISSED: Final = timedelta(days=1)
"""How far back is asked for what was missed; Graph tries to deliver for four hours."""


def ask(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    """Ask for what *lookup* names."""
    graph, reference = places.graph(source), lookup.reference
    match reference["do"]:
        case "open":
            return Request(f"{places.login(source)}/common/discovery/v2.0/keys", keep=KEYS_SECONDS, shown=False)
        case "message":
            return Request(f"{graph}/{reference['path']}")
        case "call":
            return Request(f"{graph}/communications/callRecords/{reference['call']}?$expand=sessions")
        case "renew":
            return renewal(source, reference["subscription"], circumstances)
        case "missed":
            return Request(f"{graph}/subscriptions/{quote(reference['subscription'], safe='')}")
        case _:
            return Request(ours(source, reference["url"]))


def read(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Read what was asked for; raise Incomplete where it lacks what it needs."""
    return READERS[lookup.reference["do"]](source, lookup, answer)


def renewal(source: Source, subscription: str, circumstances: Circumstances) -> Request:
    """Ask that *subscription* lives on; it may be gone."""
    body = orjson.dumps({"expirationDateTime": rfc3339(circumstances.now + LIFETIME)})
    url = f"{places.graph(source)}/subscriptions/{quote(subscription, safe='')}"
    return Request(url, "PATCH", {"Content-Type": "application/json"}, body, bears=frozenset({404}))


def ours(source: Source, url: str) -> str:
    """Return an address that Graph gave for going on; raise Incomplete where it leads elsewhere, and our token with it."""
    if not url.startswith(f"{places.graph(source)}/"):
        raise Incomplete("@odata.nextLink")
    return url


def since(source: Source, resource: str, at: str) -> Lookup:
    """Name what was said, edited or reacted to in the channel *resource* since a time."""
    filtered = quote(f"lastModifiedDateTime gt {at}", safe="")
    url = f"{places.graph(source)}/{resource.strip('/')}/delta?$expand=replies&$filter={filtered}"
    return Lookup(f"since {resource} {at}", {"do": "since", "url": url})


def _read_message(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    return _as_named(source, lookup, answered(answer))


def _as_named(source: Source, lookup: Lookup, document: JSON) -> Reading:
    """Read a message as it was notified: what is only said to have changed was made before."""
    reader = read_message if lookup.reference["change"] == "created" else read_change
    return reader(source, document, lookup.reference["path"])


def _read_call(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    del lookup
    return read_call(source, answered(answer))


def _read_sessions(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    document, reference = answered(answer), lookup.reference
    call = Call(source, reference["call"], ChannelId(reference["thread"]) or None)
    return read_sessions(call, member(document, "value"), optional_text(document, "@odata.nextLink"))


def _read_renewed(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    del source, lookup, answer
    return Reading()


def _read_missed(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Read which resource a subscription is about, and ask for what happened there lately."""
    resource = text(answered(answer), "resource")
    if not resource.endswith("/messages") or "channels" not in places.keys(resource.removesuffix("/messages")):
        return ignored(Reason.NOT_DELIVERED)
    return Reading(lookups=(since(source, resource, rfc3339(instant(lookup.noticed) - MISSED)),))


def _read_since(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    document = answered(answer)
    reading, onward = read_messages(source, document), optional_text(document, "@odata.nextLink")
    if onward is None:
        return reading
    lookup = Lookup(f"since {hashlib.sha256(onward.encode()).hexdigest()}", {"do": "since", "url": onward})
    return replace(reading, lookups=(lookup,))


def _read_sealed(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Open what was sealed, if Graph vouches for it by the keys in *answer*, at the time when it came."""
    reference = lookup.reference
    if not _vouched(source, orjson.loads(reference["tokens"]), answer.body, lookup.noticed):
        return ignored(Reason.FORGED)
    content: Mapping[str, str] = orjson.loads(reference["sealed"])
    try:
        clear = opened(SealedContent(content["data"], content["dataSignature"], content["dataKey"]), source.secrets)
    except NotOpened:
        return ignored(Reason.FORGED)
    document = answered(Answer(200, {}, clear))
    if text(document, "id") != places.named_message(reference["path"]).message:
        return ignored(Reason.FORGED)
    return _as_named(source, lookup, document)


def _vouched(source: Source, tokens: list[str], keys: bytes, noticed: str) -> bool:
    """Say whether every one of *tokens* is Graph's, made for our application, by our tenant, and not yet over when it came."""
    tenant, login = source.options.get("tenant", ""), places.login(source)
    audience = {"aud": source.options.get("client", "")}
    issued = (
        {**audience, "iss": f"https://sts.windows.net/{tenant}/", "appid": PUBLISHER},
        {**audience, "iss": f"{login}/{tenant}/v2.0", "azp": PUBLISHER},
    )
    verifiers = [SignedToken(claims, bearer) for claims in issued]
    shown = (Message({"authorization": f"Bearer {each}"}, b"") for each in tokens)
    return bool(tokens) and all(any(by(each, [keys], instant(noticed)) is Verdict.GENUINE for by in verifiers) for each in shown)


READERS: Final[dict[str, Callable[[Source, Lookup, Answer], Reading]]] = {
    "open": _read_sealed,
    "message": _read_message,
    "call": _read_call,
    "sessions": _read_sessions,
    "renew": _read_renewed,
    "missed": _read_missed,
    "since": _read_since,
}
"""How to read the answer to each kind of lookup."""
