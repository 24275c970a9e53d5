"""Microsoft Teams' channels, chats, messages and people: how they are named, and whether they may be heard.

Microsoft Graph names a resource by a path of keys: `teams('…')/channels('19:…')/messages('1616989510408')/replies('…')`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from services.ingest.connectors.fields import Incomplete, Unheard, member, moment, optional_text
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant

KEYED: Final = re.compile(r"([A-Za-z]{1,40})(?:\('([^']{1,500})'\)|/([^/'()]{1,500}))(?:/|$)")
GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
THREAD: Final = re.compile(r"19:[A-Za-z0-9_.@-]{1,200}")
MESSAGE: Final = re.compile(r"1[0-9]{12}")
"""A message's id is the time at which it was sent, in milliseconds since 1970."""
OWN: Final = frozenset({"aadUser", "onPremiseAadUser"})
"""Kinds of identities that are accounts of the tenant; a guest who was invited has one, too."""
APPLICATIONS: Final = ("application", "device", "conversation")
GRAPH: Final = "https://graph.microsoft.com"
LOGIN: Final = "https://login.microsoftonline.com"


@dataclass(frozen=True, slots=True)
class Thread:
    """A channel of a team, or a chat, which belongs to none."""

    id: ChannelId
    team: str | None

    @property
    def is_chat(self) -> bool:
        """Say whether only those who take part can read it."""
        return self.team is None


@dataclass(frozen=True, slots=True)
class Named:
    """A message as its path names it; *root* begins its thread, and is itself where it replies to nothing."""

    thread: Thread
    message: str
    root: str


def keys(resource: str) -> dict[str, str]:
    """Return the keys of a resource by the names of their collections, in the order of its path; empty where it is no path."""
    path, found, at = resource.strip("/").removeprefix("communications/"), dict[str, str](), 0
    while at < len(path):
        keyed = KEYED.match(path, at)
        if keyed is None:
            return {}
        found[keyed[1].lower()] = keyed[2] or keyed[3]
        at = keyed.end()
    return found


def thread_of(named: dict[str, str]) -> Thread:
    """Return the channel or chat of a resource; raise Incomplete where it has none."""
    if THREAD.fullmatch(named.get("chats", "")):
        return Thread(ChannelId(named["chats"]), None)
    if THREAD.fullmatch(named.get("channels", "")) and GUID.fullmatch(named.get("teams", "")):
        return Thread(ChannelId(named["channels"]), named["teams"])
    raise Incomplete("resource")


def named_message(resource: str) -> Named:
    """Return the message that a path names; raise Incomplete where it names none."""
    named = keys(resource)
    root = named.get("messages", "")
    message = named.get("replies", root)
    if not MESSAGE.fullmatch(root) or not MESSAGE.fullmatch(message):
        raise Incomplete("resource")
    return Named(thread_of(named), message, root)


def path_of(named: Named) -> str:
    """Return where Graph tells the message."""
    thread = named.thread
    begin = f"chats/{thread.id}" if thread.team is None else f"teams/{thread.team}/channels/{thread.id}"
    reply = f"/replies/{named.message}" if named.message != named.root else ""
    return f"{begin}/messages/{named.root}{reply}"


def quoted(text: str) -> str:
    """Write an id as Teams does in the addresses that it shows."""
    return quote(text, safe="")


def graph(source: Source) -> str:
    """Return where Graph is asked: national clouds have their own."""
    return f"{source.options.get('graph', GRAPH).rstrip('/')}/v1.0"


def login(source: Source) -> str:
    """Return where tokens are granted."""
    return source.options.get("login", LOGIN).rstrip("/")


def listed(source: Source, option: str) -> list[str]:
    """Return the ids that an option lists, with blanks or commas between them."""
    return list(dict.fromkeys(source.options.get(option, "").replace(",", " ").split()))


def artefact(source: Source, named: Named, title: str | None = None) -> Artefact:
    """Return a message; its IRI is the address by which Teams shows it."""
    thread, tenant = named.thread, source.options.get("tenant", "")
    iri = f"{source.workspace}/l/message/{quoted(thread.id)}/{named.message}"
    within = f"groupId={thread.team}&tenantId={tenant}&createdTime={named.message}&parentMessageId={named.root}"
    native = NativeId(f"{thread.id}/{named.message}")
    return Artefact(native, f"{iri}?{within if thread.team else f'tenantId={tenant}'}", ArtefactType.CHAT_MESSAGE, title)


def place(source: Source, thread: ChannelId) -> Place:
    """Return a channel or a chat as a place."""
    return Place(thread, f"{source.workspace}/l/channel/{quoted(thread)}", PlaceType.CHANNEL)


def team(source: Source, name: str) -> Place:
    """Return a team as a place."""
    return Place(ChannelId(name), f"{source.workspace}/l/team?groupId={name}", PlaceType.GROUP)


def refusal(source: Source, thread: Thread) -> Reason | None:
    """Say why what is said in *thread* is not ours to hear, or None if it is."""
    policy = source.policy
    if thread.is_chat and not policy.direct:
        return Reason.DIRECT_MESSAGE
    if thread.id in source.closed and not policy.private:
        return Reason.PRIVATE_CHANNEL
    if policy.channels and thread.id not in policy.channels:
        return Reason.CHANNEL_NOT_ALLOWED
    return None


def person(source: Source, identities: JSON) -> AccountName:
    """Return the account that an identity set names; raise Unheard where it is none of the tenant's people, else Incomplete."""
    user = member(identities, "user")
    if user is None and any(member(identities, each) is not None for each in APPLICATIONS):
        raise Unheard(Reason.BOT)
    others = isinstance(identities, dict) and any(isinstance(each, dict) for each in identities.values())
    if (user is None and others) or optional_text(user, "userIdentityType") not in (None, *OWN) or _is_foreign(source, user):
        raise Unheard(Reason.GUEST)
    return account(source, optional_text(user, "id") or "")


def account(source: Source, name: str) -> AccountName:
    """Return the account *name*; raise Unheard where it is excluded, and Incomplete where it is none."""
    if not GUID.fullmatch(name):
        raise Incomplete("user/id")
    if name in source.policy.excluded:
        raise Unheard(Reason.EXCLUDED_ACCOUNT)
    return AccountName(name)


def heard(source: Source, identities: JSON) -> AccountName | None:
    """Return the account that an identity set names, if that is a person who is heard."""
    try:
        return person(source, identities)
    except (Incomplete, Unheard):
        return None


def _is_foreign(source: Source, user: JSON) -> bool:
    tenant = optional_text(user, "tenantId")
    return tenant is not None and "tenant" in source.options and tenant != source.options["tenant"]


def sent(message: str) -> str:
    """Return when a message was sent, as its id says: to the millisecond, which notifications leave out."""
    return moment({"id": message}, "id")


def later(one: str, other: str) -> str:
    """Return the later of two times."""
    return max(one, other, key=instant)
