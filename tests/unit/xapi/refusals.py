"""What each section of the specification (1.0.3, part two, Data) does not allow, and where we say so."""

from __future__ import annotations

from typing import Any, NamedTuple

from shared.xapi.model import VOIDED
from tests.unit.xapi.examples import ACCOUNT, AGENT, GROUP, REMOVED, STATEMENT, SUBSTATEMENT, UUID

IRI, MISSING, UNKNOWN, WRONG = "iri", "missing-property", "unknown-property", "wrong-type"
REF = {"objectType": "StatementRef", "id": UUID}
REPEAT = "interaction-component-ids"
CHOICES = "/context/contextActivities/grouping/0/definition/choices"
DEFINITION = "/object/definition"
PARENT = "/context/contextActivities/parent"


class Case(NamedTuple):
    """Put *value* at *at*; *rule* refuses it, at *pointer* if that is another place."""

    section: str
    at: str
    value: Any
    rule: str
    pointer: str | None = None

    @property
    def place(self) -> str:
        return self.at if self.pointer is None else self.pointer


CASES: list[Case] = [
    # §2.2 formatting
    Case("2.2 null", "/result/success", None, "null"),
    Case("2.2 null in a list", "/attachments/0", None, "null"),
    Case("2.2 string for a number", "/result/score/raw", "5", WRONG),
    Case("2.2 string for a boolean", "/result/success", "true", WRONG),
    Case("2.2 number for a boolean", "/result/completion", 1, WRONG),
    Case("2.2 boolean for a number", "/result/score/raw", True, WRONG),
    Case("2.2 key in another case", "/Actor", AGENT, UNKNOWN),
    Case("2.2 value in another case", "/actor/objectType", "agent", "object-type"),
    Case("2.2 unknown key", "/verb/shown", "x", UNKNOWN),
    Case("2.2 a/b~c", "/result/a~1b~0c", 1, UNKNOWN, "/result/a~01b~00c"),
    Case("2.2 no actor", "/actor", REMOVED, MISSING, ""),
    Case("2.2 no verb", "/verb", REMOVED, MISSING, ""),
    Case("2.2 no object", "/object", REMOVED, MISSING, ""),
    # §2.4.1 id
    Case("2.4.1 too long", "/id", "AA97B177-9383-4934-8543-0F91A7A028368", "uuid"),
    Case("2.4.1 no hexadecimal digit", "/id", "MA97B177-9383-4934-8543-0F91A7A02836", "uuid"),
    Case("2.4.1 no hyphens", "/id", UUID.replace("-", ""), "uuid"),
    Case("2.4.1 empty", "/id", "", "uuid"),
    Case("2.4.1 number", "/id", 12345, WRONG),
    # §2.4.2 actor
    Case("2.4.2.1 no identifier", "/actor", {"name": "Ada"}, "actor-one-ifi"),
    Case("2.4.2.1 two identifiers", "/actor", {**AGENT, **ACCOUNT}, "actor-one-ifi"),
    Case("2.4.2.1 members", "/actor", {**AGENT, "member": []}, UNKNOWN, "/actor/member"),
    Case("2.4.2.1 another type", "/actor", {**AGENT, "objectType": "Person"}, "object-type", "/actor/objectType"),
    Case("2.4.2.2 a group without objectType", "/context/team", {"mbox": "mailto:a@b.org"}, MISSING),
    Case("2.4.2.2 unknown key", "/actor", {**GROUP, "members": []}, UNKNOWN, "/actor/members"),
    Case("2.4.2.2 neither identifier nor members", "/actor", {"objectType": "Group"}, "group-ifi-or-member"),
    Case("2.4.2.2 two identifiers", "/actor", {**GROUP, **ACCOUNT, "mbox": "mailto:a@b.org"}, "group-ifi-or-member"),
    Case(
        "2.4.2.2 a group as member",
        "/actor",
        {"objectType": "Group", "member": [GROUP]},
        "object-type",
        "/actor/member/0/objectType",
    ),
    Case("2.4.2.2 one member, no list", "/actor", {"objectType": "Group", "member": AGENT}, WRONG, "/actor/member"),
    Case("2.4.2.3 mbox without scheme", "/actor/mbox", "ada@example.org", "mbox"),
    Case("2.4.2.3 mbox of two addresses", "/actor/mbox", "mailto:a@b.org,c@d.org", "mbox"),
    Case("2.4.2.3 mbox with a query", "/actor/mbox", "mailto:a@b.org?subject=x", "mbox"),
    Case("2.4.2.3 mbox with a space", "/actor/mbox", "mailto:a b@c.org", "mbox"),
    Case("2.4.2.3 mbox with NUL", "/actor/mbox", "mailto:a\0@c.org", "mbox"),
    Case("2.4.2.3 mbox ending in a line feed", "/actor/mbox", "mailto:a@c.org\n", "mbox"),
    Case("2.4.2.3 sha1 too short", "/actor", {"mbox_sha1sum": "cd9b"}, "mbox-sha1sum", "/actor/mbox_sha1sum"),
    Case("2.4.2.3 openid no URI", "/actor", {"openid": "ada"}, "uri", "/actor/openid"),
    Case("2.4.2.3 openid beyond ASCII", "/actor", {"openid": "https://é.org"}, "uri", "/actor/openid"),
    Case("2.4.2.4 unknown key", "/actor", {"account": {**ACCOUNT["account"], "id": "x"}}, UNKNOWN, "/actor/account/id"),
    Case("2.4.2.4 no homePage", "/actor", {"account": {"name": "x"}}, MISSING, "/actor/account"),
    Case("2.4.2.4 no name", "/actor", {"account": {"homePage": "https://a.org"}}, MISSING, "/actor/account"),
    Case("2.4.2.4 homePage relative", "/actor", {"account": {"homePage": "/a", "name": "x"}}, IRI, "/actor/account/homePage"),
    # §2.4.3 verb
    Case("2.4.3 no id", "/verb/id", REMOVED, MISSING, "/verb"),
    Case("2.4.3 id without scheme", "/verb/id", "adlnet.gov/answered", IRI),
    Case("2.4.3 id with a space", "/verb/id", "http://x.org/a b", IRI),
    Case("2.4.3 id with NUL", "/verb/id", "http://x.org/\0", IRI),
    Case("2.4.3 display no map", "/verb/display", "answered", WRONG),
    Case("2.4.3.2 voiding an activity", "/verb/id", VOIDED, "voiding-object", "/object"),
    # §2.4.4.1 activities
    Case("2.4.4.1 no id", "/object/id", REMOVED, MISSING, "/object"),
    Case("2.4.4.1 unknown key", "/object/name", "x", UNKNOWN),
    Case("2.4.4.1 id relative", "/object/id", "course/1", IRI),
    Case("2.4.4.1 type no IRI", f"{DEFINITION}/type", "course", IRI),
    Case("2.4.4.1 moreInfo no IRL", f"{DEFINITION}/moreInfo", "about.html", IRI),
    Case("2.4.4.1 unknown interaction", f"{DEFINITION}/interactionType", "guess", "interaction-type"),
    Case("2.4.4.1 pattern no list", f"{DEFINITION}/correctResponsesPattern", "a", WRONG),
    Case(
        "2.4.4.1 pattern no text", f"{DEFINITION}/correctResponsesPattern", [1], WRONG, f"{DEFINITION}/correctResponsesPattern/0"
    ),
    Case("2.4.4.1 choices without a type", f"{DEFINITION}/interactionType", REMOVED, "interaction-type", DEFINITION),
    Case("2.4.4.1 pattern without a type", DEFINITION, {"correctResponsesPattern": []}, "interaction-type"),
    Case("2.4.4.1 choices in a likert", f"{DEFINITION}/interactionType", "likert", "interaction-components"),
    Case("2.4.4.1 scale in a choice", f"{DEFINITION}/scale", [], "interaction-components", f"{DEFINITION}/interactionType"),
    Case("2.4.4.1 steps in a choice", f"{DEFINITION}/steps", [], "interaction-components", f"{DEFINITION}/interactionType"),
    *(
        Case(f"2.4.4.1 {name} without a type", DEFINITION, {name: []}, "interaction-type")
        for name in ("choices", "scale", "source", "target", "steps")
    ),
    *(
        Case(f"2.4.4.1 {name} in a choice", f"{DEFINITION}/{name}", [], "interaction-components", f"{DEFINITION}/interactionType")
        for name in ("source", "target")
    ),
    Case("2.4.4.1 component without id", f"{DEFINITION}/choices/0/id", REMOVED, MISSING, f"{DEFINITION}/choices/0"),
    Case("2.4.4.1 component ids repeat", f"{DEFINITION}/choices/1/id", "a", REPEAT),
    Case("2.4.4.1 component ids repeat in a context", f"{CHOICES}/1/id", "a", REPEAT),
    # §2.4.4.2, §2.4.4.3 other objects
    Case("2.4.4.2 agent without objectType", "/object", {"mbox": "mailto:a@b.org"}, MISSING, "/object"),
    Case("2.4.4 unknown objectType", "/object/objectType", "Verb", "object-type"),
    Case("2.4.4 no object", "/object", "https://example.org", WRONG),
    Case("2.4.4.3 reference without id", "/object", {"objectType": "StatementRef"}, MISSING),
    Case("2.4.4.3 reference to no UUID", "/object", {**REF, "id": "x"}, "uuid", "/object/id"),
    Case("2.4.4.3 reference with more", "/object", {**REF, "definition": {}}, UNKNOWN, "/object/definition"),
    # §2.4.5 result
    Case("2.4.5 no score object", "/result/score", 5, WRONG),
    Case("2.4.5 duration", "/result/duration", "4 hours", "duration"),
    Case("2.4.5.1 unknown key", "/result/score/average", 1, UNKNOWN),
    Case("2.4.5.1 scaled above 1", "/result/score/scaled", 1.00001, "score-scaled"),
    Case("2.4.5.1 scaled below -1", "/result/score/scaled", -2, "score-scaled"),
    Case("2.4.5.1 raw above max", "/result/score/raw", 11, "score-raw"),
    Case("2.4.5.1 raw below min", "/result/score/raw", -1, "score-raw"),
    Case("2.4.5.1 min not below max", "/result/score/min", 10, "score-min-max"),
    # §2.4.6 context
    Case("2.4.6 registration", "/context/registration", "1", "uuid"),
    Case("2.4.6 team an agent", "/context/team", AGENT, "object-type", "/context/team/objectType"),
    Case("2.4.6 language", "/context/language", "a12345678", "language-tag"),
    Case(
        "2.4.6 statement of another type",
        "/context/statement",
        {**REF, "objectType": "Activity"},
        "object-type",
        "/context/statement/objectType",
    ),
    Case("2.4.6 statement", "/context/statement", {"id": UUID}, MISSING),
    Case("2.4.6.2 unknown relation", "/context/contextActivities/child", [], UNKNOWN),
    Case("2.4.6.2 no activity", f"{PARENT}/0", {"id": "x"}, IRI, f"{PARENT}/0/id"),
    Case("2.4.6.2 no activity, alone", PARENT, {"id": "x"}, IRI, f"{PARENT}/id"),
    Case("2.4.6.2 text", PARENT, "https://example.org", WRONG),
    Case("2.4.6.2 an agent", f"{PARENT}/0", AGENT, MISSING),
    # §2.4.7, §4.5 times
    Case("4.5 no time", "/timestamp", "should fail", "timestamp"),
    Case("4.5 slashes", "/timestamp", "01/011/2015", "timestamp"),
    Case("4.5 -00", "/timestamp", "2008-09-15T15:53:00.601-00", "timestamp"),
    Case("4.5 -0000", "/timestamp", "2008-09-15T15:53:00.601-0000", "timestamp"),
    Case("4.5 -00:00", "/timestamp", "2008-09-15T15:53:00.601-00:00", "timestamp"),
    Case("4.5 a date", "/timestamp", "2008-09-15", "timestamp"),
    Case("4.5 30 February", "/timestamp", "2008-02-30T15:53:00Z", "timestamp"),
    Case("4.5 year 0", "/timestamp", "0000-01-01T00:00:00Z", "timestamp"),
    Case("4.5 before year 1 in UTC", "/timestamp", "0001-01-01T00:00:00+01:00", "timestamp"),
    Case("4.5 more digits than anybody measures", "/timestamp", f"2008-09-15T15:53:00.{'1' * 100}Z", "timestamp"),
    Case("4.5 number", "/timestamp", 1700000000, WRONG),
    Case("2.4.8 stored", "/stored", "yesterday", "timestamp"),
    # §2.4.9 authority
    Case("2.4.9 one member", "/authority", {"objectType": "Group", "member": [ACCOUNT]}, "authority-group", "/authority/member"),
    Case(
        "2.4.9 three members", "/authority", {**GROUP, "member": [ACCOUNT, AGENT, AGENT]}, "authority-group", "/authority/member"
    ),
    Case("2.4.9 no application", "/authority", {**GROUP, "member": [AGENT, AGENT]}, "authority-group", "/authority/member"),
    Case(
        "2.4.9 an identified group", "/authority", {**GROUP, "mbox": "mailto:a@b.org"}, "authority-anonymous", "/authority/mbox"
    ),
    Case("2.4.9 no identifier", "/authority", {"name": "LMS"}, "actor-one-ifi"),
    # §2.4.10 version
    Case("2.4.10 0.9.9", "/version", "0.9.9", "version"),
    Case("2.4.10 1.1.0", "/version", "1.1.0", "version"),
    Case("2.4.10 text", "/version", "should fail", "version"),
    # §2.4.11 attachments
    Case("2.4.11 no list", "/attachments", {}, WRONG),
    *(
        Case(f"2.4.11 no {name}", f"/attachments/0/{name}", REMOVED, MISSING, "/attachments/0")
        for name in ("usageType", "display", "contentType", "length", "sha2")
    ),
    Case("2.4.11 unknown key", "/attachments/0/size", 1, UNKNOWN),
    Case("2.4.11 usageType", "/attachments/0/usageType", "essay", IRI),
    Case("2.4.11 contentType", "/attachments/0/contentType", "text", "media-type"),
    Case("2.4.11 length below 0", "/attachments/0/length", -1, "attachment-length"),
    Case("2.4.11 length a fraction", "/attachments/0/length", 1.5, WRONG),
    Case("2.4.11 length 12.0", "/attachments/0/length", 12.0, "attachment-length"),
    Case("2.4.11 sha2", "/attachments/0/sha2", "xyz", "sha2"),
    Case("2.4.11 fileUrl", "/attachments/0/fileUrl", "essay.txt", IRI),
    # §4.1, §4.2 maps
    Case("4.1 extension key", "/context/extensions/raw", 1, "extension-key"),
    Case("4.1 extensions no object", "/result/extensions", [], WRONG),
    Case("4.2 language tag", "/verb/display/a12345678", "x", "language-tag"),
    Case("4.2 language tag empty", "/verb/display/", "x", "language-tag"),
    Case("4.2 text of a language", "/verb/display/en", 1, WRONG),
]
IN_A_SUBSTATEMENT: list[Case] = [
    Case("2.4.4.3 no objectType", "/object/objectType", REMOVED, MISSING, "/object"),
    *(Case(f"2.4.4.3 no {name}", f"/object/{name}", REMOVED, MISSING, "/object") for name in ("actor", "verb", "object")),
    Case("2.4.4.3 unknown key", "/object/shown", "x", UNKNOWN),
    Case("2.4.4.3 id", "/object/id", UUID, "substatement-property"),
    Case("2.4.4.3 stored", "/object/stored", STATEMENT["timestamp"], "substatement-property"),
    Case("2.4.4.3 version", "/object/version", "1.0.0", "substatement-property"),
    Case("2.4.4.3 authority", "/object/authority", AGENT, "substatement-property"),
    Case("2.4.4.3 nested", "/object/object", SUBSTATEMENT, "substatement-object", "/object/object/objectType"),
    Case("2.4.4.3 its actor", "/object/actor", {}, "actor-one-ifi"),
    Case("2.4.4.3 its timestamp", "/object/timestamp", "2025-02-29T00:00:00Z", "timestamp"),
    Case("2.4.4.3 its score", "/object/result/score/raw", 99, "score-raw"),
    Case("2.4.4.3 its verb voids", "/object/verb/id", VOIDED, "voiding-object", "/object/object"),
    Case("2.4.6 its platform", "/object/object", REF, "context-activity-only", "/object/context/platform"),
]
