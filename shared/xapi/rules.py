"""Name the rules that a statement can break: a stable slug, and a sentence for the person who sent it."""

from typing import Final

RULES: Final[dict[str, str]] = {
    # of any JSON
    "missing-property": "A required property is missing",
    "unknown-property": "xAPI has no such property here",
    "null": "Null is allowed only inside extensions",
    "wrong-type": "The value has the wrong JSON type",
    # of xAPI's special strings
    "iri": "The value is not an absolute IRI such as https://example.org/1 (RFC 3987)",
    "uri": "The value is not an absolute URI (RFC 3986)",
    "uuid": "The value is not a UUID in its standard form (RFC 4122)",
    "timestamp": "The value is not a date and time that xAPI takes (ISO 8601; in 2.0.0 RFC 3339; no offset of -00)",
    "duration": "The value is not an ISO 8601 duration such as PT4H35M59.14S or P4W",
    "language-tag": "The language tag is not well-formed (RFC 5646)",
    "extension-key": "An extension's key is not an absolute IRI such as https://example.org/x",
    "media-type": "The value is not an Internet media type",
    "sha2": "The value is not a SHA-2 hash in hexadecimal: 56, 64, 96 or 128 digits",
    "version": "The version is not one that this version of xAPI takes",
    # of actors
    "actor-one-ifi": "An agent has exactly one of mbox, mbox_sha1sum, openid and account",
    "group-ifi-or-member": "A group has exactly one of mbox, mbox_sha1sum, openid and account, or none and then members",
    "mbox": "An mbox is mailto: and one e-mail address",
    "mbox-sha1sum": "An mbox_sha1sum is 40 hexadecimal digits",
    "authority-group": "A group as authority has two members: an application with an account, and a user",
    "authority-anonymous": "A group as authority has no identifier of its own",
    # of objects
    "object-type": "The objectType is not one that is allowed here",
    "interaction-type": "An interaction needs one of xAPI's interaction types",
    "interaction-components": "This interaction type does not have such a list of components",
    "interaction-component-ids": "The ids in a list of interaction components are distinct",
    "substatement-property": "A SubStatement has no id, stored, authority or version",
    "substatement-object": "The object of a SubStatement is an Activity, Agent, Group or StatementRef",
    "voiding-object": "A statement that voids has a StatementRef as object",
    # of results, contexts, attachments
    "score-scaled": "A scaled score lies between -1 and 1",
    "score-min-max": "A score's min is less than its max",
    "score-raw": "A raw score lies between min and max",
    "context-activity-only": "Revision and platform are used only when the object is an Activity",
    "relevant-types": "The list of relevant types is not empty",
    "attachment-length": "An attachment's length is a whole number of bytes",
    # of a request
    "statement-or-list": "A statement is an object; several are a list of objects",
    "repeated-id": "Two statements of one request have the same id",
}
