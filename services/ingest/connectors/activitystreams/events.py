"""Read a delivery of ActivityStreams 2.0: an activity, a thing with its author, or a collection of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from services.ingest.connectors.activitystreams import acts, making, objects
from services.ingest.connectors.activitystreams.dialects import in_as2
from services.ingest.connectors.fields import Incomplete, if_whole, member
from services.ingest.domain.interaction import AccountName
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

Reader: TypeAlias = Callable[[Source, JSON, JSON, AccountName], Reading]
COLLECTIONS: Final = frozenset({"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"})
WITHDRAWALS: Final = frozenset({"Delete", "Undo"})


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery holds; of a collection, whatever is whole. Raise Incomplete where it lacks what it needs."""
    document = in_as2(delivery.document)
    if objects.kind_of(document) not in COLLECTIONS:
        return read_one(source, document)
    items = [*objects.several(member(document, "items")), *objects.several(member(document, "orderedItems"))]
    return joined(if_whole(read_one, source, each) for each in items[: objects.MOST_ITEMS])


def read_one(source: Source, activity: JSON) -> Reading:
    """Read one activity, or one thing that names its author: as if he or she had just made it (ActivityPub, section 6.2.1).

    It may be written in a dialect of ActivityStreams.
    """
    activity = in_as2(activity)
    kind = objects.kind_of(activity)
    if kind in making.MADE:
        return _heard(source, activity, activity)
    if kind not in READERS:
        return ignored(Reason.UNMAPPED)
    things = objects.several(member(activity, "object"))
    if not things:
        raise Incomplete("object")
    return joined(_heard(source, activity, thing) for thing in things)


def _heard(source: Source, activity: JSON, thing: JSON) -> Reading:
    if objects.departs(activity, thing):
        return Reading(departed=(AccountName(objects.iri(thing, "object")),))
    actors, kind = _actors(activity, thing), objects.kind_of(activity)
    if not actors and kind != "Delete":
        raise Incomplete("actor")
    unheard = _unheard(source, actors[0]) if actors else Reason.ACTOR_UNKNOWN
    if unheard is not None:
        return acts.withdrawn(activity, thing) if kind == "Delete" else ignored(unheard)
    reason = objects.refusal(source, activity, thing)
    if reason is Reason.DIRECT_MESSAGE and kind == "Update":
        return joined((acts.withdrawn(activity, thing), ignored(reason)))
    if reason is not None and kind not in WITHDRAWALS:
        return ignored(reason)
    return READERS[kind](source, activity, thing, AccountName(objects.iri(actors[0], "actor")))


def _actors(activity: JSON, thing: JSON) -> list[JSON]:
    return objects.several(member(activity, "actor") or member(activity, "attributedTo") or member(thing, "attributedTo"))


def _unheard(source: Source, actor: JSON) -> Reason | None:
    """Say why what *actor* does is not heard, or None if it is; raise Incomplete where it has no name."""
    name = AccountName(objects.iri(actor, "actor"))
    if objects.kind_of(actor) in objects.BOTS:
        return Reason.BOT
    return Reason.EXCLUDED_ACCOUNT if name in source.policy.excluded else None


READERS: Final[dict[str, Reader]] = {
    "Create": making.read_made,
    "Update": acts.read_update,
    "Delete": acts.read_delete,
    "Undo": acts.read_undo,
    **dict.fromkeys(acts.ACTS, acts.read_act),
    **dict.fromkeys(acts.REPLIES_TO_INVITATIONS, acts.read_reply_to_invitation),
    **dict.fromkeys(making.MADE, making.read_made),
}
"""How to read an activity of each type; a thing that stands alone was made."""
