"""Check the rules that a JSON Schema cannot express, of statements that the schema has accepted."""

from typing import Final, NamedTuple, TypeAlias

from shared.xapi.model import JSON, VOIDED
from shared.xapi.schema import COMPONENTS
from shared.xapi.timestamps import instant

Path: TypeAlias = tuple[str | int, ...]
TIMES: Final = ("timestamp", "stored")
ABOUT_ACTIVITIES: Final = ("revision", "platform")
NOTHING: Final[dict[str, JSON]] = {}


class Breach(NamedTuple):
    """Say which rule is broken at which path of a statement."""

    rule: str
    path: Path


def surely_sound(statement: JSON) -> bool:
    """Return True where a quick look shows that a statement breaks no rule; after False, `check` has to decide.

    Every statement that the schema accepts comes this way, and asking little in one function takes half the time of `check`.
    """
    target = statement["object"]
    if (
        ("objectType" in target and target["objectType"] != "Activity")
        or ("definition" in target and "interactionType" in target["definition"])
        or statement["verb"]["id"] == VOIDED
        or "attachments" in statement
        or "stored" in statement
        or ("result" in statement and "score" in statement["result"] and _score_breaches(statement["result"]["score"]))
    ):
        return False
    if "context" in statement and "contextActivities" in statement["context"]:
        for activities in statement["context"]["contextActivities"].values():
            for activity in (activities,) if activities.__class__ is dict else activities:
                if "definition" in activity and "interactionType" in activity["definition"]:
                    return False
    return "timestamp" not in statement or _exists(statement["timestamp"])


def check(statement: JSON) -> list[Breach]:
    """Return the rules that *statement*, which the schema has accepted, and the SubStatement in it break."""
    found: list[Breach] = []
    _check(statement, (), found)
    if statement["object"].get("objectType") == "SubStatement":
        _check(statement["object"], ("object",), found)
    return found


def _check(statement: JSON, at: Path, found: list[Breach]) -> None:
    """Add the breaches of a statement that lies at the path *at*."""
    for name in TIMES:
        if name in statement and not _exists(statement[name]):
            found += [Breach("timestamp", (*at, name))]
    target = statement["object"]
    kind = target.get("objectType", "Activity")
    if "definition" in target and "interactionType" in target["definition"]:
        _check_components(target["definition"], (*at, "object"), found)
    if kind != "StatementRef" and statement["verb"]["id"] == VOIDED:
        found.append(Breach("voiding-object", (*at, "object")))
    if "result" in statement and "score" in statement["result"]:
        breaches = _score_breaches(statement["result"]["score"])
        found += [Breach(rule, (*at, "result", "score", *path)) for rule, path in breaches]
    if "context" in statement:
        _check_context(statement["context"], kind, at, found)
    if "attachments" in statement:
        _check_attachments(statement["attachments"], (*at, "attachments"), found)


def _check_attachments(attachments: JSON, at: Path, found: list[Breach]) -> None:
    """Refuse 12.0, which a schema calls an integer."""
    for index, attachment in enumerate(attachments):
        if not isinstance(attachment["length"], int):
            found.append(Breach("attachment-length", (*at, index, "length")))


def _exists(timestamp: str) -> bool:
    """Say whether *timestamp* names a day of the calendar, and a moment of the years 1 to 9999 in UTC."""
    try:
        instant(timestamp)
    except ValueError:
        return False
    return True


def _score_breaches(score: JSON) -> list[Breach]:
    """Return the rules that a score breaks, with paths that start in the score."""
    found: list[Breach] = []
    least, most, raw = score.get("min"), score.get("max"), score.get("raw")
    if least is not None and most is not None and least >= most:
        found.append(Breach("score-min-max", ("min",)))
    if raw is not None and ((least is not None and raw < least) or (most is not None and raw > most)):
        found.append(Breach("score-raw", ("raw",)))
    return found


def _check_context(context: JSON, kind: str, at: Path, found: list[Breach]) -> None:
    if kind != "Activity":
        found += [Breach("context-activity-only", (*at, "context", name)) for name in ABOUT_ACTIVITIES if name in context]
    for relation, activities in context.get("contextActivities", NOTHING).items():
        alone = activities.__class__ is dict
        for index, activity in enumerate((activities,) if alone else activities):
            if "definition" in activity and "interactionType" in activity["definition"]:
                place = (relation,) if alone else (relation, index)
                _check_components(activity["definition"], (*at, "context", "contextActivities", *place), found)


def _check_components(definition: JSON, at: Path, found: list[Breach]) -> None:
    """Check that the ids within each list of interaction components are distinct."""
    for name in COMPONENTS:
        seen: set[str] = set()
        for index, component in enumerate(definition.get(name, ())):
            if component["id"] in seen:
                found.append(Breach("interaction-component-ids", (*at, "definition", name, index, "id")))
            seen.add(component["id"])
