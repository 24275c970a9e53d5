"""The catalogue: the formal courses, and how an activity, an address or a channel names one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NewType
from urllib.parse import urlsplit

CourseIri = NewType("CourseIri", str)


@dataclass(frozen=True, slots=True)
class Course:
    """A formal course: *iri* identifies it, the rest is how people and platforms name it."""

    iri: CourseIri
    title: str
    description: str = ""
    codes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """The courses by every name that a link can be found by."""

    by_iri: Mapping[str, CourseIri] = field(default_factory=dict)
    by_url: Mapping[str, CourseIri] = field(default_factory=dict)
    by_channel: Mapping[str, tuple[CourseIri, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, courses: Iterable[Course]) -> Catalogue:
        """Index *courses*; where two claim one name, the first by IRI gets it, but a course always keeps its own IRI.

        Imports of enrolments also prefer an IRI to an alias, so that a statement about a course meets the enrolments in it.
        """
        ordered = sorted(courses, key=lambda course: course.iri, reverse=True)
        own = {course.iri: course.iri for course in ordered}
        channels: dict[str, tuple[CourseIri, ...]] = {}
        for course in reversed(ordered):
            for channel in course.channels:
                channels[channel] = (*channels.get(channel, ()), course.iri)
        return cls(
            by_iri={alias: course.iri for course in ordered for alias in course.aliases} | own,
            by_url={normal_url(url): course.iri for course in ordered for url in course.urls if is_url(url)}
            | {normal_url(iri): iri for iri in own if is_url(iri)},
            by_channel=channels,
        )

    def at_url(self, url: str) -> tuple[CourseIri, str] | None:
        """Return the course at *url*, or at an address above it, with the address that matched."""
        for prefix in _prefixes(normal_url(url)):
            if prefix in self.by_url:
                return self.by_url[prefix], prefix
        return None


def is_url(text: str) -> bool:
    """Say whether *text* is a web address."""
    return text.startswith(("http://", "https://"))


def normal_url(url: str) -> str:
    """Return *url* without scheme, `www.`, default port, query, fragment and trailing slash, its host in lower case.

    The parameters `id`, `course` and `courseid` of the query are kept, since many LMSs address courses by them.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    except ValueError:
        return url
    query = "&".join(sorted(pair for pair in parts.query.split("&") if pair.startswith(("id=", "course=", "courseid="))))
    return f"{host}{port}{parts.path.rstrip('/')}" + (f"?{query}" if query else "")


def _prefixes(url: str) -> Iterator[str]:
    """Yield *url* and the addresses above it, the longest first."""
    yield url
    path = url.partition("?")[0]
    while path:
        yield path
        path = path.rpartition("/")[0]
