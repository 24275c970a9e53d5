"""Slack's messages: said, changed, taken back (docs.slack.dev/reference/events/message)."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import identifier, member, optional_identifier, optional_text
from services.ingest.connectors.slack import contents, huddles, places, words
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, ChannelId, Event, Interaction, Kind
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks, from_mrkdwn
from shared.xapi.model import JSON

SAID: Final = frozenset({None, "thread_broadcast", "file_share", "me_message"})
"""Subtypes of what a person says; what is no text is none of them."""
CHANGED: Final = "message_changed"
SLACKBOT: Final = AccountName("USLACKBOT")


def read_message(source: Source, event: JSON) -> Reading:
    """Read an event of type `message`; raise Incomplete where it lacks what it needs."""
    channel = ChannelId(identifier(event, "channel"))
    kind = places.channel_type(channel, event, "channel_type")
    refused = places.refusal(source, channel, kind)
    subtype, inner = member(event, "subtype"), member(event, "message", "subtype")
    if subtype == "message_deleted" or (subtype == CHANGED and inner == "tombstone"):
        return _read_deleted(source, event, channel, refused)
    if refused:
        return Reading(closed=places.closing(channel, kind), ignored=(refused,))
    for message in (event, member(event, "message")):
        if huddles.is_huddle(message):
            return huddles.read_huddle(source, message, channel)
    return _heard(source, event, channel, kind)


def _heard(source: Source, event: JSON, channel: ChannelId, kind: str) -> Reading:
    """Read what is heard; `message_replied` holds another message, and comes without its subtype (docs.slack.dev)."""
    match member(event, "subtype"):
        case None if isinstance(member(event, "message"), dict):
            return ignored(Reason.TOLD_ALREADY)
        case "message_changed":
            return _read_changed(source, event, channel, kind)
        case None | str() as subtype if subtype in SAID or subtype == "bot_message":
            return _read_said(source, event, channel, kind)
        case "message_replied":
            return ignored(Reason.TOLD_ALREADY)
        case _:
            return ignored(Reason.SYSTEM_MESSAGE)


def unheard(source: Source, speaker: JSON) -> Reason | None:
    """Say why what *speaker* (a message or an event with `user`) says is not heard, or None if it is."""
    if member(speaker, "bot_id") or member(speaker, "subtype") == "bot_message" or member(speaker, "user") == SLACKBOT:
        return Reason.BOT
    return Reason.EXCLUDED_ACCOUNT if member_name(speaker) in source.policy.excluded else None


def member_name(speaker: JSON) -> AccountName | None:
    """Return the native id of who speaks."""
    name = optional_identifier(speaker, "user")
    return AccountName(name) if name else None


def _read_said(source: Source, event: JSON, channel: ChannelId, kind: str) -> Reading:
    ts = places.timestamp(event, "ts")
    thread = places.optional_timestamp(event, "thread_ts") or ts
    artefact, root = places.message(source, channel, ts), places.message(source, channel, thread)
    happened = places.moment(ts)
    if reason := unheard(source, event):
        return Reading(known=(Known(artefact, root.native, None, False, happened),), ignored=(reason,))

    actor = AccountName(identifier(event, "user"))
    said = words.said(event)
    question = thread == ts and (asks(said) or channel in source.policy.question_channels)
    interaction = Interaction(
        event=Event.CREATED,
        kind=Kind.ASK if question else Kind.POST,
        artefact=artefact,
        actor=actor,
        happened=happened,
        place=places.place(source, channel),
        text=_kept(source, kind, said),
    )
    known = (Known(artefact, root.native, actor, question, happened),)
    beside = (
        *contents.mentions(source, said, interaction),
        *contents.files(source, event, interaction),
        *contents.shares(source, event, interaction),
    )
    if thread == ts:
        return Reading(decided=(interaction, *beside), known=known)
    reply = Undecided(Rule.REPLY, root.native, _reply(interaction, root))
    return Reading(decided=beside, undecided=(reply,), known=known)


def _kept(source: Source, kind: str, said: str) -> str | None:
    """Return the text that the source's policy keeps: never that of a direct message."""
    return None if kind in places.DIRECT else source.policy.text(from_mrkdwn(said))


def _reply(interaction: Interaction, root: Artefact) -> Interaction:
    return replace(interaction, kind=Kind.REPLY, parent=root, root=root)


def _read_changed(source: Source, event: JSON, channel: ChannelId, kind: str) -> Reading:
    now, before = member(event, "message"), member(event, "previous_message")
    if reason := unheard(source, now):
        return ignored(reason)
    edited = places.optional_timestamp(now, "edited", "ts")
    if edited is None or edited == member(before, "edited", "ts") or _same_text(now, before):
        return ignored(Reason.UNCHANGED)

    ts = places.optional_timestamp(now, "ts") or places.timestamp(before, "ts")
    author = AccountName(identifier(now, "user"))
    editor = optional_identifier(now, "edited", "user")
    interaction = Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=places.message(source, channel, ts),
        actor=AccountName(editor) if editor else author,
        happened=places.moment(edited),
        place=places.place(source, channel),
        revision=edited,
        author=author if editor and editor != author else None,
        text=_kept(source, kind, words.said(now)),
    )
    return Reading(decided=(interaction,))


def _same_text(now: JSON, before: JSON) -> bool:
    return member(before, "text") is not None and words.said(before) == words.said(now)


def _read_deleted(source: Source, event: JSON, channel: ChannelId, refused: Reason | None) -> Reading:
    """Read that a message was taken back: heard even where its channel no longer is, if the message had been."""
    before = member(event, "previous_message")
    if member(before, "bot_id") or member(before, "user") == SLACKBOT:
        return ignored(Reason.BOT)
    ts = places.optional_timestamp(event, "deleted_ts") or places.optional_timestamp(before, "ts")
    ts = ts or places.timestamp(event, "message", "ts")
    taken_back = places.timestamp(event, "event_ts") if member(event, "event_ts") else places.timestamp(event, "ts")
    told = refused is None and optional_text(before, "subtype") in SAID
    author = member_name(before) if told else None
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE,
        artefact=places.message(source, channel, ts),
        actor=author or NOBODY,
        happened=places.moment(taken_back),
        place=None if refused else places.place(source, channel),
        revision=taken_back,
    )
    if author is None or author in source.policy.excluded:
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, interaction.artefact.native, interaction),))
    return Reading(decided=(interaction,))
