"""What the columns of an export mean: each row is told as the acts of the map that fit it.

A template such as `{workspace}/messages/{id}` is filled from the row's cells; `{workspace}`, `{actor}` (the member whose export
it is) and `{digest}` (of the act's native id) are there besides. A template with an empty cell is empty.
"""

from __future__ import annotations

import hashlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.interaction import (
    NOBODY,
    WITHDRAWING,
    AccountName,
    Artefact,
    ArtefactType,
    ChannelId,
    Event,
    Interaction,
    Kind,
    NativeId,
    Place,
    PlaceType,
)
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored, joined
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks, from_html
from services.ingest.filing import templates
from shared.errors import SymposiaError
from shared.spreadsheets import PLACEHOLDER

ANY: Final = "*"
OURS: Final = frozenset({"workspace", "actor", "digest"})
Fits: TypeAlias = dict[str, list[str]]
"""The values, in small letters, that a column may have: `""` is an empty cell, `*` any other, `19:*` what begins so."""


class BadMap(SymposiaError):
    """A column map cannot be used; the message says what to change."""


class Thing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Templates of an artefact."""

    native: str
    iri: str
    type: ArtefactType
    title: str = ""


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Templates of a place."""

    id: str
    iri: str
    type: PlaceType


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a row tells if it fits *when*; *private* and *direct* say of which rows only by the source's leave.

    *closed* says of which rows it is not told who may see them: these are private unless the source names their place. Who
    accepted an answer or took something back may be left out (*actor*): it is then told of who began its thread, or of who is
    known to have made it, if it was heard. Whoever deletes what is another's (*author*) removes it.
    *happened* is a template of a time, ISO 8601 or as *formats* (of `strptime`) say; without a zone it is in UTC. A post that
    asks is told as a question, a reply as an answer where its root is known to ask.
    """

    event: Event
    kind: Kind
    artefact: Thing
    actor: str
    happened: str
    when: Fits = {}
    private: Fits = {}
    direct: Fits = {}
    closed: Fits = {}
    formats: tuple[str, ...] = ()
    revision: str = ""
    parent: Thing | None = None
    root: Thing | None = None
    place: Where | None = None
    text: str = ""
    html: bool = False
    emoji: str = ""
    author: str = ""

    @property
    def columns(self) -> frozenset[str]:
        """Return the columns that this act cannot do without."""
        needed = f"{self.artefact.native} {self.artefact.iri} {self.actor} {self.happened}"
        present = (column for column, allowed in self.when.items() if "" not in allowed)
        return frozenset(PLACEHOLDER.findall(needed)) - OURS | frozenset(present)


class ColumnMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The acts that the rows of an export tell; *rows* is where they stand if it is JSON, which leaves empty cells out.

    A CSV file that has one of the columns *escaped* writes a quote within a cell behind a backslash.
    """

    acts: tuple[Act, ...]
    rows: str = ""
    escaped: tuple[str, ...] = ()

    @property
    def asks_for_actor(self) -> bool:
        """Say whether no row says who acted, so that somebody has to."""
        return all("{actor}" in act.actor for act in self.acts)

    @property
    def spelling(self) -> Mapping[str, str]:
        """Return how the map spells each column that it names, by the name in small letters."""
        filled = (name for text in _texts(msgspec.to_builtins(self.acts)) for name in PLACEHOLDER.findall(text))
        fitted = (column for act in self.acts for fit in (act.when, act.private, act.direct, act.closed) for column in fit)
        return {name.casefold(): name for name in (*filled, *fitted) if name not in OURS}


def _texts(written: object) -> Iterator[str]:
    """Yield every text of a map as it is written."""
    if isinstance(written, str):
        yield written
    elif isinstance(written, dict | list | tuple):
        for each in written.values() if isinstance(written, dict) else written:
            yield from _texts(each)


def spelt(cells: Mapping[str, str], spelling: Mapping[str, str]) -> Mapping[str, str]:
    """Return *cells* under the names that a map knows: tools that export the same table capitalise its header as they like."""
    named = {spelling.get(name.casefold(), name): value for name, value in cells.items()}
    return named if len(named) == len(cells) else cells


def shipped() -> tuple[str, ...]:
    """Return the names of the maps that come with Symposia."""
    found = (each.name for each in files(f"{__package__}.maps").iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in found if name.endswith(".json")))


def load(name: str) -> ColumnMap:
    """Return the map that is shipped as *name*, or that stands in the file *name*; raise BadMap where there is none."""
    if name in shipped():
        content = files(f"{__package__}.maps").joinpath(f"{name}.json").read_bytes()
    else:
        try:
            content = Path(name).read_bytes().removeprefix(BOM_UTF8)
        except OSError as error:
            raise BadMap(
                f"{name} is neither a file nor one of the maps that come with Symposia: {', '.join(shipped())}"
            ) from error
    try:
        return msgspec.json.decode(content, type=ColumnMap)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadMap(f"{name} is not a column map: {error}") from error


def read(source: Source, cells: Mapping[str, str], columns: ColumnMap, actor: str = "") -> Reading:
    """Say what a row tells. Raises Incomplete if it lacks what an act that applies to it needs."""
    if (broken := next((column for column, value in cells.items() if "\0" in value), None)) is not None:
        raise Incomplete(f"{broken[:80]} holds a NUL character")
    given = {**cells, "workspace": source.workspace, "actor": actor}
    present = set(cells)
    told = (act for act in columns.acts if columns.rows or act.columns <= present)
    fitting = [act for act in told if fits(act.when, cells)]
    return joined(_read(source, act, given) for act in fitting)


def fits(values: Fits, cells: Mapping[str, str]) -> bool:
    """Say whether each column has one of its values."""
    return all(_has(cells.get(column, "").casefold(), allowed) for column, allowed in values.items())


def _has(value: str, allowed: list[str]) -> bool:
    begun = (each.removesuffix(ANY) for each in allowed if each.endswith(ANY))
    return value in allowed or (bool(value) and any(value.startswith(each) for each in begun))


def _read(source: Source, act: Act, cells: Mapping[str, str]) -> Reading:
    interaction = _interaction(source, act, cells)
    reason, artefact, root = _refusal(source, act, cells, interaction), interaction.artefact, interaction.root
    if interaction.kind in WITHDRAWING and (reason or not interaction.actor):
        taken_back = replace(interaction, place=None) if reason else interaction
        waiting = (Undecided(Rule.WITHDRAWAL, artefact.native, taken_back),)
        return Reading(undecided=waiting, ignored=(reason,) if reason else ())
    if reason:
        return ignored(reason)
    if not interaction.actor and root is not None:
        return Reading(undecided=(Undecided(Rule.SOLUTION, root.native, interaction),))
    if interaction.event is not Event.CREATED:
        return Reading(decided=(interaction,))
    asking = interaction.kind is Kind.ASK
    of_root = root.native if root is not None else artefact.native
    known = Known(artefact, of_root, interaction.actor, asking, interaction.happened)
    if interaction.kind is not Kind.REPLY or root is None:
        return Reading(decided=(interaction,), known=(known,))
    return Reading(undecided=(Undecided(Rule.REPLY, root.native, interaction),), known=(known,))


def _refusal(source: Source, act: Act, cells: Mapping[str, str], interaction: Interaction) -> Reason | None:
    policy, place = source.policy, interaction.place
    if interaction.actor in policy.excluded:
        return Reason.EXCLUDED_ACCOUNT
    if act.direct and fits(act.direct, cells) and not policy.direct:
        return Reason.DIRECT_MESSAGE
    if act.private and fits(act.private, cells) and not policy.private:
        return Reason.PRIVATE_CHANNEL
    named = place is not None and place.id in policy.channels
    if policy.channels and not named:
        return Reason.CHANNEL_NOT_ALLOWED
    if act.closed and fits(act.closed, cells) and not named and not policy.private:
        return Reason.PRIVATE_CHANNEL
    return None


def _interaction(source: Source, act: Act, cells: Mapping[str, str]) -> Interaction:
    artefact, actor, author = _artefact(act.artefact, cells), _actor(act, cells), templates.filled(act.author, cells)
    said = templates.filled(act.text, cells)
    said = from_html(said) if act.html else said
    kind = act.kind
    if kind is Kind.POST and asks(artefact.title or said):
        kind = Kind.ASK
    if kind is Kind.DELETE and author not in ("", actor):
        kind = Kind.REMOVE
    return Interaction(
        event=act.event,
        kind=kind,
        artefact=artefact,
        actor=actor,
        happened=templates.moment(act.happened, cells, act.formats),
        place=_place(act.place, cells),
        revision=templates.filled(act.revision, cells),
        parent=_optional(act.parent, cells),
        root=_optional(act.root, cells),
        text=None if act.direct and fits(act.direct, cells) else source.policy.text(said),
        emoji=templates.filled(act.emoji, cells).lower() or None,
        author=AccountName(author) if author and kind is not Kind.DELETE else None,
    )


def _actor(act: Act, cells: Mapping[str, str]) -> AccountName:
    """Return who did it; nobody where the map leaves that out, as it may."""
    if not act.actor and act.kind in {Kind.ACCEPT, *WITHDRAWING}:
        return NOBODY
    return AccountName(templates.needed("actor", act.actor, cells))


def _artefact(thing: Thing, cells: Mapping[str, str]) -> Artefact:
    native = templates.needed("artefact.native", thing.native, cells)
    digest = hashlib.blake2b(native.encode(), digest_size=8).hexdigest()
    return Artefact(
        NativeId(native),
        templates.iri(thing.iri, {**cells, "digest": digest}),
        thing.type,
        templates.filled(thing.title, cells) or None,
    )


def _optional(thing: Thing | None, cells: Mapping[str, str]) -> Artefact | None:
    return _artefact(thing, cells) if thing is not None and templates.filled(thing.native, cells) else None


def _place(where: Where | None, cells: Mapping[str, str]) -> Place | None:
    name = templates.filled(where.id, cells) if where is not None else ""
    return Place(ChannelId(name), templates.iri(where.iri, cells), where.type) if where is not None and name else None
