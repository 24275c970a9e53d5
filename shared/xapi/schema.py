"""Write each version's statement as a strict JSON Schema (draft 2020-12).

Sections in comments are those of 1.0.3's part two, Data. Every schema that can fail for a reason of xAPI's own carries
`x-rule`, the slug of that reason (see shared.xapi.rules): one for all its keywords, or one for each keyword.
"""

from typing import Any, Final, TypeAlias

from shared.xapi import grammar
from shared.xapi.model import RELATIONS, Version

Schema: TypeAlias = dict[str, Any]
Rule: TypeAlias = str | dict[str, str]

TEXT: Final[Schema] = {"type": "string"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
NUMBER: Final[Schema] = {"type": "number"}
IRI: Final[Schema] = {"type": "string", "format": "iri", "x-rule": "iri"}
URI: Final[Schema] = {"type": "string", "format": "uri", "x-rule": "uri"}
UUID: Final[Schema] = {"type": "string", "format": "uuid", "x-rule": "uuid"}
IFIS: Final = ("mbox", "mbox_sha1sum", "openid", "account")
COMPONENTS: Final = {
    "choices": ["choice", "sequencing"],
    "scale": ["likert"],
    "source": ["matching"],
    "target": ["matching"],
    "steps": ["performance"],
}
INTERACTIONS: Final = [
    "true-false",
    "choice",
    "fill-in",
    "long-fill-in",
    "matching",
    "performance",
    "sequencing",
    "likert",
    "numeric",
    "other",
]


def statement_schema(version: Version) -> Schema:
    """Return the schema of one statement in *version*."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/statement",
        "$defs": {
            **_strings(version),
            **_actors(),
            **_activities(),
            **_parts(version),
            **_statements(),
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(item: Schema, *, rule: Rule = "", **more: Any) -> Schema:
    return {"type": "array", "items": item, **more, "x-rule": rule or {}}


def _closed(properties: Schema, *, required: tuple[str, ...] = (), rule: Rule = "", **more: Any) -> Schema:
    """Return an object that has no properties but these."""
    only = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {**only, **more, "x-rule": rule or {}}


def _pattern(pattern: str, rule: str) -> Schema:
    return {"type": "string", "pattern": pattern, "x-rule": rule}


def _kind(name: str) -> Schema:
    return {"const": name, "x-rule": "object-type"}


def _never(rule: str) -> Schema:
    return {"not": {}, "x-rule": rule}


def _is(kind: str) -> Schema:
    """Match an object that says it is of *kind*."""
    return {"type": "object", "properties": {"objectType": {"const": kind}}, "required": ["objectType"]}


def _strings(version: Version) -> Schema:
    """Return the special strings and maps (§4.1, §4.2, §4.5, §4.6)."""
    timestamp = grammar.TIMESTAMP_1_0 if version is Version.V1_0_3 else grammar.TIMESTAMP_2_0
    return {
        "languageMap": {
            "type": "object",
            "patternProperties": {grammar.LANGUAGE_TAG: TEXT},
            "additionalProperties": False,
            "x-rule": {"additionalProperties": "language-tag"},
        },
        "extensions": {
            "type": "object",
            "propertyNames": {"format": "iri"},
            "x-rule": {"propertyNames": "extension-key"},
        },
        "timestamp": {**_pattern(timestamp, "timestamp"), "maxLength": 100},
        "version": _pattern(grammar.VERSION_1_0 if version is Version.V1_0_3 else grammar.VERSION_2_0, "version"),
    }


def _actors() -> Schema:
    """Return agents and groups (§2.4.2)."""
    identifiers = {
        "mbox": _pattern(grammar.MAILTO, "mbox"),
        "mbox_sha1sum": _pattern(grammar.SHA1, "mbox-sha1sum"),
        "openid": URI,
        "account": _closed({"homePage": IRI, "name": TEXT}, required=("homePage", "name")),
    }
    one_ifi = [{"required": [ifi]} for ifi in IFIS]
    anonymous = {"required": ["member"], "properties": dict.fromkeys(IFIS, False)}
    return {
        "agent": _closed(
            {"objectType": _kind("Agent"), "name": TEXT, **identifiers},
            oneOf=one_ifi,
            rule={"oneOf": "actor-one-ifi"},
        ),
        "group": _closed(
            {"objectType": _kind("Group"), "name": TEXT, "member": _list(_ref("agent")), **identifiers},
            required=("objectType",),
            oneOf=[*one_ifi, anonymous],
            rule={"oneOf": "group-ifi-or-member"},
        ),
        "actor": {"if": _is("Group"), "then": _ref("group"), "else": _ref("agent")},
        "authority": {"if": _is("Group"), "then": _oauth(), "else": _ref("agent")},
    }


def _oauth() -> Schema:
    """Return the authority of three-legged OAuth: an application, known by its account, and a user (§2.4.9)."""
    application = {"type": "object", "required": ["account"]}
    return _closed(
        {
            "objectType": _kind("Group"),
            "name": TEXT,
            "member": _list(
                _ref("agent"),
                minItems=2,
                maxItems=2,
                contains=application,
                rule={"minItems": "authority-group", "maxItems": "authority-group", "contains": "authority-group"},
            ),
            **dict.fromkeys(IFIS, _never("authority-anonymous")),
        },
        required=("objectType", "member"),
    )


def _activities() -> Schema:
    """Return activities with their definitions and interactions (§2.4.4.1)."""
    component = _closed({"id": TEXT, "description": _ref("languageMap")}, required=("id",))
    definition = _closed(
        {
            "name": _ref("languageMap"),
            "description": _ref("languageMap"),
            "type": IRI,
            "moreInfo": IRI,
            "interactionType": {"enum": INTERACTIONS, "x-rule": "interaction-type"},
            "correctResponsesPattern": _list(TEXT),
            **dict.fromkeys(COMPONENTS, _list(_ref("component"))),
            "extensions": _ref("extensions"),
        },
        dependentSchemas={
            "correctResponsesPattern": _only_for(INTERACTIONS),
            **{name: _only_for(types) for name, types in COMPONENTS.items()},
        },
    )
    return {
        "component": component,
        "activity": _closed({"objectType": _kind("Activity"), "id": IRI, "definition": definition}, required=("id",)),
        "oneOrMoreActivities": {"if": {"type": "array"}, "then": _list(_ref("activity")), "else": _ref("activity")},
    }


def _only_for(types: list[str]) -> Schema:
    """Require one of the interaction *types* that a property belongs to."""
    return {
        "properties": {"interactionType": {"enum": types, "x-rule": "interaction-components"}},
        "required": ["interactionType"],
        "x-rule": {"required": "interaction-type"},
    }


def _parts(version: Version) -> Schema:
    """Return verb, reference, result, context and attachment (§2.4.3, §2.4.4.3, §2.4.5, §2.4.6, §2.4.11)."""
    score = {
        "scaled": {**NUMBER, "minimum": -1, "maximum": 1, "x-rule": "score-scaled"},
        "raw": NUMBER,
        "min": NUMBER,
        "max": NUMBER,
    }
    return {
        "verb": _closed({"id": IRI, "display": _ref("languageMap")}, required=("id",)),
        "statementRef": _closed({"objectType": _kind("StatementRef"), "id": UUID}, required=("objectType", "id")),
        "result": _closed(
            {
                "score": _closed(score),
                "success": BOOLEAN,
                "completion": BOOLEAN,
                "response": TEXT,
                "duration": _pattern(grammar.DURATION, "duration"),
                "extensions": _ref("extensions"),
            }
        ),
        "context": _context(version),
        "attachment": _closed(
            {
                "usageType": IRI,
                "display": _ref("languageMap"),
                "description": _ref("languageMap"),
                "contentType": _pattern(grammar.MEDIA_TYPE, "media-type"),
                "length": {"type": "integer", "minimum": 0, "x-rule": "attachment-length"},
                "sha2": _pattern(grammar.SHA2, "sha2"),
                "fileUrl": IRI,
            },
            required=("usageType", "display", "contentType", "length", "sha2"),
        ),
    }


def _context(version: Version) -> Schema:
    """Return a context; 2.0.0 adds agents and groups with the roles that make them relevant."""
    properties = {
        "registration": UUID,
        "instructor": _ref("actor"),
        "team": _ref("group"),
        "contextActivities": _closed(dict.fromkeys(RELATIONS, _ref("oneOrMoreActivities"))),
        "revision": TEXT,
        "platform": TEXT,
        "language": _pattern(grammar.LANGUAGE_TAG, "language-tag"),
        "statement": _ref("statementRef"),
        "extensions": _ref("extensions"),
    }
    if version is Version.V2_0_0:
        properties["contextAgents"] = _list(_relevant("contextAgent", "agent"))
        properties["contextGroups"] = _list(_relevant("contextGroup", "group"))
    return _closed(properties)


def _relevant(kind: str, who: str) -> Schema:
    types = _list(IRI, minItems=1, rule={"minItems": "relevant-types"})
    return _closed({"objectType": _kind(kind), who: _ref(who), "relevantTypes": types}, required=("objectType", who))


def _statements() -> Schema:
    """Return the statement and the SubStatement, which has less of everything (§2.4, §2.4.4.3)."""
    common = {
        "actor": _ref("actor"),
        "verb": _ref("verb"),
        "result": _ref("result"),
        "context": _ref("context"),
        "timestamp": _ref("timestamp"),
        "attachments": _list(_ref("attachment")),
    }
    required = ("actor", "verb", "object")
    simple = {"Activity": "activity", "Agent": "agent", "Group": "group", "StatementRef": "statementRef"}
    return {
        "statement": _closed(
            {
                **common,
                "id": UUID,
                "object": _one_of_kinds({**simple, "SubStatement": "subStatement"}, otherwise="object-type"),
                "stored": _ref("timestamp"),
                "authority": _ref("authority"),
                "version": _ref("version"),
            },
            required=required,
        ),
        "subStatement": _closed(
            {
                "objectType": _kind("SubStatement"),
                **common,
                "object": _one_of_kinds(simple, otherwise="substatement-object"),
                **dict.fromkeys(("id", "stored", "authority", "version"), _never("substatement-property")),
            },
            required=("objectType", *required),
        ),
    }


def _one_of_kinds(kinds: dict[str, str], *, otherwise: str) -> Schema:
    """Choose the schema by objectType, Activity when it is absent (§2.4.4)."""
    choice: Schema = {"properties": {"objectType": {"enum": list(kinds), "x-rule": otherwise}}}
    for kind, name in reversed(kinds.items()):
        if kind != "Activity":
            choice = {"if": _is(kind), "then": _ref(name), "else": choice}
    activity = {"properties": {"objectType": {"const": "Activity"}}}
    return {"if": activity, "then": _ref("activity"), "else": choice}
