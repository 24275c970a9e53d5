"""Take a person out of a statement: their own words go with them, what others said stays, without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from services.gateway.domain.keys import Key, activity_key, agent_key
from services.gateway.domain.redaction import redact
from shared.xapi import ifi
from shared.xapi.erased import ERASED
from shared.xapi.model import RELATIONS, SIGNATURE, Ifi

IsErased: TypeAlias = Callable[[Key], bool]
"""Say whether a key is of an agent who is erased, or of a thing that such a person wrote."""


class Erased(NamedTuple):
    """What is left of a statement (*body*, JSON); *names_only* says that its own words stayed, as they are somebody else's."""

    body: bytes
    names_only: bool


def erase(body: bytes, is_erased: IsErased) -> Erased | None:
    """Return the statement *body* (JSON, valid) without those who are erased, or None where none of them stands in it.

    Wherever they stand, as agents or in extensions, the erased person stands then. Where one of them is the actor, the text goes
    as in a redaction; elsewhere only the definitions of what they wrote go, and signatures, which repeat the statement as it
    was. What stays keeps its bytes and its order, so that erasing once and twice, before recording and after, gives the same.
    """
    walk = _Walk(is_erased)
    left = walk.statement(body)
    own = walk.is_erased_agent(_actor.decode(body).actor)
    if left is body:
        return None
    return Erased(redact(left), names_only=False) if own else Erased(_unsigned(left), names_only=True)


_Rule: TypeAlias = Callable[[bytes], bytes]
"""Return what a JSON value becomes; the very same object where nothing in it changes."""


class _Actor(msgspec.Struct):
    actor: dict[str, Any]


class _Typed(msgspec.Struct, rename="camel"):
    object_type: str = "Activity"


class _Attachment(msgspec.Struct, rename="camel"):
    usage_type: str


_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array: Final = msgspec.json.Decoder(list[msgspec.Raw])
_any: Final = msgspec.json.Decoder()
_actor: Final = msgspec.json.Decoder(_Actor)
_type: Final = msgspec.json.Decoder(_Typed)
_attachment: Final = msgspec.json.Decoder(_Attachment)
_NOBODY: Final = msgspec.json.encode(ERASED)
_NOBODY_TEXT: Final = msgspec.json.encode(ERASED["account"]["homePage"])
_IDENTIFIERS: Final = ("mbox", "mbox_sha1sum", "openid", "account", "name")


class _Walk:
    """Walks one statement; every method returns the value that it was given where nothing in it changes."""

    def __init__(self, is_erased: IsErased) -> None:
        self._is_erased = is_erased
        related: dict[str, _Rule] = {relation: self._each(self._activity) for relation in RELATIONS}
        context: dict[str, _Rule] = {
            "instructor": self._agent,
            "team": self._agent,
            "contextAgents": self._each(lambda value: _members(value, {"agent": self._agent})),
            "contextGroups": self._each(lambda value: _members(value, {"group": self._agent})),
            "contextActivities": lambda value: _members(value, related),
            "extensions": self._anything,
        }
        self._rules: dict[str, _Rule] = {
            "actor": self._agent,
            "authority": self._agent,
            "object": self._target,
            "context": lambda value: _members(value, context),
            "result": lambda value: _members(value, {"extensions": self._anything}),
        }

    def statement(self, value: bytes) -> bytes:
        """Take out the erased, and the definitions of what they wrote."""
        return _members(value, self._rules)

    def is_erased_agent(self, actor: Mapping[str, Any]) -> bool:
        """Say whether *actor* is identified as somebody who is erased."""
        identifier = _identifier(actor)
        return identifier is not None and self._is_erased(agent_key(identifier))

    def _agent(self, value: bytes) -> bytes:
        """Take the erased out of an agent or group; an erased group keeps its other members."""
        actor = _any.decode(value)
        if not self.is_erased_agent(actor):
            return _members(value, {"member": self._each(self._agent)})
        if not actor.get("member"):
            return _NOBODY if actor.get("objectType") != "Group" else _renamed(value)
        return _renamed(_members(value, {"member": self._each(self._agent)}))

    def _target(self, value: bytes) -> bytes:
        match _type.decode(value).object_type:
            case "Agent" | "Group":
                return self._agent(value)
            case "SubStatement":
                return self.statement(value)
            case "StatementRef":
                return value
            case _:
                return self._activity(value)

    def _activity(self, value: bytes) -> bytes:
        """Take out what the erased wrote of a thing of theirs, and themselves out of what others wrote."""
        if self._is_erased(activity_key(_any.decode(value)["id"])):
            return _members(value, {"definition": _type_alone})
        return _members(value, {"definition": lambda definition: _members(definition, {"extensions": self._anything})})

    def _anything(self, value: bytes) -> bytes:
        """Take the erased out of what may be any JSON: agents wherever they stand, and texts that are their address."""
        match value.lstrip()[:1]:
            case b"{":
                if self.is_erased_agent(_any.decode(value)):
                    return _NOBODY
                return _members(value, dict.fromkeys(_object.decode(value), self._anything))
            case b"[":
                return self._each(self._anything)(value)
            case b'"':
                return _NOBODY_TEXT if any(map(self._is_erased, _keys_of(_any.decode(value)))) else value
            case _:
                return value

    def _each(self, rule: _Rule) -> _Rule:
        """Apply *rule* to the elements of an array; a single value stands for an array of one (as xAPI 0.95 wrote it)."""

        def apply(value: bytes) -> bytes:
            if value.lstrip()[:1] != b"[":
                return rule(value)
            before = [bytes(raw) for raw in _array.decode(value)]
            after = [rule(each) for each in before]
            same = all(one is other for one, other in zip(before, after, strict=True))
            return value if same else msgspec.json.encode([msgspec.Raw(each) for each in after])

        return apply


def _members(value: bytes, rules: Mapping[str, _Rule]) -> bytes:
    """Apply *rules* to the members of an object that they name."""
    before = {key: bytes(raw) for key, raw in _object.decode(value).items()}
    after = {key: rules[key](each) if key in rules else each for key, each in before.items()}
    if all(after[key] is each for key, each in before.items()):
        return value
    return msgspec.json.encode({key: msgspec.Raw(each) for key, each in after.items()})


def _renamed(group: bytes) -> bytes:
    """Return *group* with the erased person's identifier in place of its own, and without its name."""
    kept = {key: raw for key, raw in _object.decode(group).items() if key not in _IDENTIFIERS}
    return msgspec.json.encode({**kept, "account": ERASED["account"]})


def _type_alone(definition: bytes) -> bytes:
    """Keep of a definition its type."""
    members = _object.decode(definition)
    if members.keys() <= {"type"}:
        return definition
    return msgspec.json.encode({key: raw for key, raw in members.items() if key == "type"})


def _unsigned(body: bytes) -> bytes:
    """Return a statement without the attachments that sign it."""
    members = _object.decode(body)
    attachments = _array.decode(members.get("attachments", msgspec.Raw(b"[]")))
    kept = [raw for raw in attachments if _attachment.decode(raw).usage_type != SIGNATURE]
    if len(kept) == len(attachments):
        return body
    left = {key: raw for key, raw in members.items() if key != "attachments"}
    return msgspec.json.encode({**left, "attachments": kept} if kept else left)


def _identifier(actor: Any) -> Ifi | None:
    """Return the canonical IFI of what may be an agent: an extension may hold anything."""
    if not isinstance(actor, dict):
        return None
    try:
        return ifi.canonical(actor)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def _keys_of(text: str) -> tuple[Key, ...]:
    """Return the keys of whom *text* may name: the e-mail address, with or without `mailto:`, its hash, or the OpenID."""
    address = text if text.startswith("mailto:") else f"mailto:{text}"
    named: list[Any] = [{"openid": text}, {"mbox_sha1sum": text}, *([{"mbox": address}] if "@" in text else [])]
    return tuple(agent_key(identifier) for identifier in map(ifi.canonical, named) if identifier)
