"""Which courses a statement is about: rules first, then the thread; each link with method, confidence and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice
from typing import Final

import msgspec

from services.enrichment.domain.catalogue import Catalogue, CourseIri
from services.enrichment.domain.features import Features


class Method(StrEnum):
    """How a link is known, the surest first."""

    EXPLICIT = "explicit"
    URL = "url"
    CHANNEL = "channel"
    THREAD = "thread"


CONFIDENCE: Final = {Method.EXPLICIT: 1_000_000, Method.URL: 980_000, Method.CHANNEL: 950_000}
"""Confidence of the rules, in millionths (starting values; precision of explicit mentions measured at 0.99)."""

INHERITED: Final = 99
"""Percent of its confidence that a link keeps when a reply inherits it (a parent has the same course in 99.3 % of cases)."""

MOST_EVIDENCE: Final = 500

MOST_LINKS: Final = 50
"""Links that a statement keeps: it may name a hundred thousand courses, and every reply to it would inherit them all."""


class Link(msgspec.Struct, frozen=True, order=True):
    """A course, how we know (*method*), how surely (*confidence*, millionths), and on what *evidence*."""

    course: CourseIri
    method: Method
    confidence: int
    evidence: str


def own_links(features: Features, catalogue: Catalogue) -> tuple[Link, ...]:
    """Return the links that a statement has by itself: explicit context, addresses in its text, the channel it stands in."""
    return best([*_explicit(features, catalogue), *_by_url(features, catalogue), *_by_channel(features, catalogue)])


def inherit(links: Iterable[Link]) -> tuple[Link, ...]:
    """Return what a reply to, or an act upon, an artefact with *links* takes over."""
    return tuple(
        Link(
            link.course,
            Method.THREAD,
            link.confidence * INHERITED // 100,
            link.evidence if link.method is Method.THREAD else f"{link.method}: {link.evidence}"[:MOST_EVIDENCE],
        )
        for link in links
    )


def best(links: Iterable[Link]) -> tuple[Link, ...]:
    """Keep the surest link to each course, and of these the MOST_LINKS surest, in the order of the courses' IRIs."""
    surest: dict[CourseIri, Link] = {}
    for link in sorted(links, key=lambda link: (-link.confidence, link.method, link.evidence)):
        surest.setdefault(link.course, link)
    return tuple(surest[course] for course in sorted(islice(surest, MOST_LINKS)))


def _explicit(features: Features, catalogue: Catalogue) -> Iterator[Link]:
    for iri in features.courses:
        yield _link(catalogue.by_iri.get(iri, CourseIri(iri)), Method.EXPLICIT, iri)
    for context in (features.object, features.parent, *features.threads):
        if context is not None and context in catalogue.by_iri:
            yield _link(catalogue.by_iri[context], Method.EXPLICIT, context)


def _by_url(features: Features, catalogue: Catalogue) -> Iterator[Link]:
    for url in features.urls:
        if found := catalogue.at_url(url):
            course, address = found
            yield _link(course, Method.URL, address)


def _by_channel(features: Features, catalogue: Catalogue) -> Iterator[Link]:
    channels = [features.team.removeprefix("account::")] if features.team else []
    for channel in dict.fromkeys([*channels, *features.threads, *([features.parent] if features.parent else [])]):
        for course in catalogue.by_channel.get(channel, ()):
            yield _link(course, Method.CHANNEL, channel)


def _link(course: CourseIri, method: Method, evidence: str) -> Link:
    return Link(course, method, CONFIDENCE[method], evidence[:MOST_EVIDENCE])
