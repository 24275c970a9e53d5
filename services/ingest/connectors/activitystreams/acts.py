"""What people do in ActivityStreams 2.0 to what is there: like, share, follow, join, answer an invitation, edit, delete, undo."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.activitystreams import objects
from services.ingest.connectors.fields import Incomplete, member, optional_text, optional_time
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason, Rule, Undecided, ignored, withdrawal
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

LONGEST_EMOJI: Final = 60
ACTS: Final = {
    "Like": (Event.LIKED, Kind.LIKE),
    "Dislike": (Event.DISLIKED, Kind.DISLIKE),
    "EmojiReact": (Event.REACTION_ADDED, Kind.REACT),
    "Announce": (Event.SHARED, Kind.SHARE),
    "View": (Event.VIEWED, Kind.VIEW),
    "Read": (Event.VIEWED, Kind.VIEW),
    "Listen": (Event.VIEWED, Kind.VIEW),
    "Bookmark": (Event.BOOKMARKED, Kind.BOOKMARK),
    "Flag": (Event.FLAGGED, Kind.FLAG),
    "Follow": (Event.FOLLOWED, Kind.FOLLOW),
    "Join": (Event.JOINED, Kind.JOIN),
    "Leave": (Event.LEFT, Kind.LEAVE),
}
UNDONE: Final = {
    "Like": (Event.UNLIKED, Kind.UNLIKE),
    "Dislike": (Event.UNVOTED, Kind.UNVOTE),
    "EmojiReact": (Event.REACTION_REMOVED, Kind.UNREACT),
    "Announce": (Event.UNSHARED, Kind.UNSHARE),
    "Follow": (Event.UNFOLLOWED, Kind.UNFOLLOW),
    "Join": (Event.LEFT, Kind.LEAVE),
}
REPLIES_TO_INVITATIONS: Final = {
    "Accept": Kind.RSVP_YES,
    "TentativeAccept": Kind.RSVP_MAYBE,
    "Reject": Kind.RSVP_NO,
    "TentativeReject": Kind.RSVP_MAYBE,
}
OTHERWISE: Final = {Kind.JOIN: ArtefactType.GROUP, Kind.LEAVE: ArtefactType.GROUP, Kind.FOLLOW: ArtefactType.PROFILE}
"""What a thing is taken for that is only named by its IRI."""


def read_act(source: Source, activity: JSON, thing: JSON, actor: AccountName) -> Reading:
    """Read what *actor* did to *thing*; raise Incomplete where it lacks what it needs.

    Whoever shares that something was made shares what was made; shares of other activities are no act of their own.
    """
    kind = objects.kind_of(activity)
    if kind != "Announce" or member(thing, "actor") is None or member(thing, "object") is None:
        return Reading(decided=(_act(source, activity, thing, actor, ACTS[kind]),))
    if objects.kind_of(thing) != "Create":
        return ignored(Reason.UNMAPPED)
    made = objects.several(member(thing, "object"))
    return Reading(decided=tuple(_act(source, activity, each, actor, ACTS[kind]) for each in made))


def read_undo(source: Source, activity: JSON, undone: JSON, actor: AccountName) -> Reading:
    """Read that *actor* took back what he or she did; one that is only named by its IRI says nothing."""
    if isinstance(undone, str):
        raise Incomplete("object/type")
    found = UNDONE.get(objects.kind_of(undone))
    things = objects.several(member(undone, "object"))
    if found is None or not things:
        return ignored(Reason.UNMAPPED)
    undoing = {**_plain(activity), **_emoji(undone)}
    return Reading(decided=tuple(_act(source, undoing, each, actor, found) for each in things))


def read_reply_to_invitation(source: Source, activity: JSON, thing: JSON, actor: AccountName) -> Reading:
    """Read whether *actor* will attend an event, or an invitation to one; any other acceptance means nothing here.

    Who accepts that somebody else joins will not be there for it.
    """
    if objects.kind_of(thing) == "Join":
        return ignored(Reason.UNMAPPED)
    invited = thing if objects.kind_of(thing) == "Event" else next(iter(objects.several(member(thing, "object"))), None)
    if objects.kind_of(invited) != "Event":
        return ignored(Reason.UNMAPPED)
    kind = REPLIES_TO_INVITATIONS[objects.kind_of(activity)]
    return Reading(decided=(_act(source, activity, invited, actor, (Event.RSVPED, kind)),))


def read_update(source: Source, activity: JSON, thing: JSON, actor: AccountName) -> Reading:
    """Read that *actor* changed *thing*; its revision is when it was changed.

    A poll that is told anew without a time of its change has only got votes (Mastodon's UpdatePollSerializer).
    """
    artefact = objects.artefact(thing)
    if artefact.type in (ArtefactType.PROFILE, ArtefactType.GROUP) or objects.kind_of(thing) not in objects.ARTEFACTS:
        return ignored(Reason.UNMAPPED)
    told = (thing, "updated"), (activity, "published"), (activity, "updated")
    if artefact.type is ArtefactType.POLL and not any(optional_time(*each) for each in told):
        return ignored(Reason.UNCHANGED)
    changed = optional_time(thing, "updated") or objects.moment(activity, thing)
    interaction = Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=artefact,
        actor=actor,
        happened=changed,
        place=objects.place(activity, thing),
        revision=changed,
        author=objects.author_of(source, thing, actor),
        text=source.policy.text(objects.said(thing)),
    )
    return Reading(decided=(interaction,))


def read_delete(source: Source, activity: JSON, thing: JSON, actor: AccountName) -> Reading:
    """Read that *actor* took back *thing*, by name, as it was, or as its tombstone.

    Whether that was its author, or whoever keeps order, is known by whose it is, if the delivery does not say it.
    """
    deleted = optional_time(thing, "deleted") or objects.optional_moment(activity, None)
    if deleted is None:
        return withdrawn(activity, thing)
    author = objects.author_of(source, thing, actor)
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE if author is None else Kind.REMOVE,
        artefact=Artefact(objects.artefact(thing).native, objects.iri(thing, "object"), _former(thing)),
        actor=actor,
        happened=deleted,
        place=None,
        revision=deleted,
        author=author,
    )
    if next(objects.people(thing), None) is not None:
        return Reading(decided=(interaction,))
    return Reading(undecided=(Undecided(Rule.DELETION, interaction.artefact.native, interaction),))


def withdrawn(activity: JSON, thing: JSON) -> Reading:
    """Take back *thing*, if it was heard: whoever says so is nobody who is heard, or says no time."""
    at = optional_time(thing, "deleted") or objects.optional_moment(activity, None) or ""
    artefact = Artefact(objects.artefact(thing).native, objects.iri(thing, "object"), _former(thing))
    return Reading(undecided=(withdrawal(artefact, at, kind=Kind.REMOVE, revision=at),))


def _former(thing: JSON) -> ArtefactType:
    kinds = (objects.kind_of(thing), objects.kind_of({"type": member(thing, "formerType")}))
    return next((objects.ARTEFACTS[each] for each in kinds if each in objects.ARTEFACTS), ArtefactType.NOTE)


def _act(source: Source, activity: JSON, thing: JSON, actor: AccountName, meaning: tuple[Event, Kind]) -> Interaction:
    event, kind = meaning
    happened = objects.moment(activity, None)
    artefact = objects.artefact(thing, _otherwise(activity, kind))
    emoji = _reaction(activity) if kind in (Kind.LIKE, Kind.REACT, Kind.UNREACT) else None
    reacts = kind is Kind.LIKE and emoji is not None
    upon_person = kind in (Kind.FOLLOW, Kind.UNFOLLOW) and artefact.type is not ArtefactType.GROUP
    name = optional_text(activity, "id")
    return Interaction(
        event=Event.REACTION_ADDED if reacts else event,
        kind=Kind.REACT if reacts else kind,
        artefact=artefact,
        actor=actor,
        happened=happened,
        place=objects.place(activity, thing),
        revision=name[: objects.LONGEST_IRI] if name else f"{actor} {happened}",
        author=None if upon_person else objects.author_of(source, thing, actor),
        emoji=emoji or (":unknown:" if kind in (Kind.REACT, Kind.UNREACT) else None),
        person=AccountName(artefact.native) if upon_person else None,
    )


def _otherwise(activity: JSON, kind: Kind) -> ArtefactType:
    """Return what a thing is taken for that is only named: one who takes part in an event on Mobilizon says why, or nothing."""
    takes_part = kind is Kind.JOIN and isinstance(activity, dict) and "participationMessage" in activity
    return ArtefactType.EVENT if takes_part else OTHERWISE.get(kind, ArtefactType.NOTE)


def _reaction(activity: JSON) -> str | None:
    """Return the emoji of a reaction as code points, or as its name between colons."""
    content = (optional_text(activity, "content") or "").strip()
    if not content or len(content) > LONGEST_EMOJI or any(each.isspace() for each in content):
        return None
    named = content.startswith(":") and content.endswith(":") and content.isascii()
    if named:
        return content
    return " ".join(f"U+{ord(each):04X}" for each in content) if not any(each.isalnum() for each in content) else None


def _plain(activity: JSON) -> dict[str, JSON]:
    return activity if isinstance(activity, dict) else {}


def _emoji(undone: JSON) -> dict[str, JSON]:
    content = member(undone, "content")
    return {"content": content} if isinstance(content, str) else {}
