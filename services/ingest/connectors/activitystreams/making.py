"""What people make in ActivityStreams 2.0: notes, articles, questions, polls, replies, votes, with whom and what they name."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.activitystreams import objects
from services.ingest.connectors.fields import member
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON

MADE: Final = frozenset(objects.ARTEFACTS) - {"Event", "Group", "Organization", "Person"}
MENTIONED: Final = frozenset({"Mention", "Person"})
"""Tags that name somebody."""
QUOTES: Final = ("quote", "_misskey_quote", "quoteUri", "quoteUrl")
"""Under which names servers say what a note quotes (FEP-044f, and what Misskey, Fedibird and Pleroma write)."""
CREATED_ONES: Final = frozenset({ArtefactType.ARTICLE, ArtefactType.PAGE})


def read_made(source: Source, activity: JSON, thing: JSON, actor: AccountName) -> Reading:
    """Read that *actor* made *thing*; raise Incomplete where it lacks what it needs."""
    if objects.kind_of(thing) not in MADE:
        return ignored(Reason.UNMAPPED)
    made = _made(source, activity, thing, actor)
    parent = _parent(thing)
    if parent is not None and _is_vote(thing):
        return Reading(decided=(_vote(made, parent, objects.optional_words(thing, "name") or ""),))
    known = (Known(made.artefact, made.artefact.native, actor, made.kind is Kind.ASK, made.happened),)
    beside = (*_mentions(source, thing, made), *_attachments(thing, made), *_quotes(thing, made))
    if parent is None:
        return Reading(decided=(made, *beside), known=known)
    reply = replace(made, kind=Kind.REPLY, parent=parent, root=parent)
    return Reading(decided=beside, undecided=(Undecided(Rule.REPLY, parent.native, reply),), known=known)


def _made(source: Source, activity: JSON, thing: JSON, actor: AccountName) -> Interaction:
    artefact, text = objects.artefact(thing), objects.said(thing)
    return Interaction(
        event=Event.CREATED,
        kind=_kind(thing, artefact, text),
        artefact=artefact,
        actor=actor,
        happened=objects.moment(activity, thing),
        place=objects.place(activity, thing),
        text=source.policy.text(text),
        tags=objects.tags(source, thing),
        choices=objects.choices(source, thing) if artefact.type is ArtefactType.POLL else (),
    )


def _kind(thing: JSON, artefact: Artefact, text: str) -> Kind:
    if artefact.type is ArtefactType.POLL:
        return Kind.OPEN_POLL
    if artefact.type in CREATED_ONES:
        return Kind.CREATE
    if artefact.type in (ArtefactType.FILE, ArtefactType.VIDEO):
        return Kind.ATTACH if artefact.type is ArtefactType.FILE else Kind.POST
    asking = objects.kind_of(thing) == "Question" or asks(artefact.title or text)
    return Kind.ASK if asking else Kind.POST


def _parent(thing: JSON) -> Artefact | None:
    """Return what *thing* replies to, the first where there are several; None where it names nothing."""
    found = (each for each in objects.several(member(thing, "inReplyTo")) if objects.optional_iri(each))
    first = next(found, None)
    return objects.artefact(first) if first is not None else None


def _is_vote(thing: JSON) -> bool:
    """Say whether a reply only names a choice, as a vote does (docs.joinmastodon.org, "Poll")."""
    named, content = objects.optional_words(thing, "name"), objects.optional_words(thing, "content")
    return objects.kind_of(thing) == "Note" and named is not None and content is None


def _vote(made: Interaction, poll: Artefact, name: str) -> Interaction:
    chosen = objects.choice_id(name)
    return replace(
        made,
        event=Event.POLL_ANSWERED,
        kind=Kind.ANSWER_POLL,
        artefact=Artefact(poll.native, poll.iri, ArtefactType.POLL),
        revision=f"{made.actor} {chosen}",
        chosen=(chosen,),
        text=None,
    )


def _mentions(source: Source, thing: JSON, made: Interaction) -> tuple[Interaction, ...]:
    """Return that persons were mentioned: whoever names the group in which he or she writes, as Lemmy does, mentions nobody."""
    tagged = [objects.optional_iri(each) for each in objects.several(member(thing, "tag")) if objects.kind_of(each) in MENTIONED]
    mentioned = dict.fromkeys(AccountName(each) for each in tagged if each)
    bare = replace(made, text=None, tags=(), choices=())
    nobody = {made.actor, made.place.id if made.place else NOBODY, *source.policy.excluded}
    return tuple(
        replace(bare, event=Event.MENTIONED, kind=Kind.MENTION, person=each, revision=each)
        for each in mentioned
        if each not in nobody
    )


def _quotes(thing: JSON, made: Interaction) -> tuple[Interaction, ...]:
    """Return that what was made shares what it quotes, however many names that stands under."""
    found = (objects.optional_iri(each) for name in QUOTES for each in objects.several(member(thing, name)))
    quoted = next((each for each in found if each and each != made.artefact.iri), None)
    if quoted is None:
        return ()
    artefact = Artefact(NativeId(quoted), quoted, ArtefactType.NOTE)
    bare = replace(made, text=None, tags=(), choices=())
    return (replace(bare, event=Event.SHARED, kind=Kind.SHARE, artefact=artefact, revision=made.artefact.native),)


def _attachments(thing: JSON, made: Interaction) -> tuple[Interaction, ...]:
    """Return that files came with what was made; they are named by where they stand."""
    attached = [each for each in objects.several(member(thing, "attachment")) if objects.kind_of(each) in objects.FILES]
    places = dict.fromkeys(place for each in attached if (place := objects.optional_iri(each)) and place != made.artefact.iri)
    return tuple(
        replace(
            made,
            kind=Kind.ATTACH,
            artefact=Artefact(NativeId(f"{made.artefact.native} {place}"), place, ArtefactType.FILE),
            parent=made.artefact,
            text=None,
            tags=(),
            choices=(),
        )
        for place in places
    )
