from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.xapi.model import Version
from shared.xapi.pointer import pointer, resolve
from shared.xapi.rules import RULES
from shared.xapi.schema import statement_schema

SAID_OF_ANY_JSON = {"type", "required", "additionalProperties"}
ASSERTIONS = {
    "const",
    "enum",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "maxLength",
    "oneOf",
    "not",
    "minItems",
    "maxItems",
    "contains",
}
HOLDERS = {"if", "oneOf", "not", "contains", "propertyNames"}


def schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema whose failure is told."""
    if isinstance(schema, list):
        for item in schema:
            yield from schemas(item)
    elif isinstance(schema, dict):
        yield schema
        for name, value in schema.items():
            if name not in HOLDERS | {"x-rule"}:
                yield from schemas(value)


@pytest.mark.parametrize("version", list(Version))
def test_every_keyword_that_can_fail_has_a_rule_with_a_sentence(version: Version) -> None:
    for schema in schemas(statement_schema(version)):
        rule = schema.get("x-rule", {})
        for keyword in ASSERTIONS & set(schema):
            slug = rule if isinstance(rule, str) else rule[keyword]
            assert slug in RULES, (keyword, schema)
        if isinstance(rule, dict):
            assert set(rule) <= ASSERTIONS | SAID_OF_ANY_JSON | {"propertyNames"}
            assert set(rule.values()) <= set(RULES)


def test_every_sentence_stands_alone() -> None:
    for slug, sentence in RULES.items():
        assert slug == slug.lower().replace(" ", "-")
        assert sentence[0].isupper() or sentence.startswith("xAPI")
        assert not sentence.endswith(".")


def test_a_pointer_escapes_and_resolves() -> None:
    document = {"a/b": [{"~": {"": 1}}]}

    written = pointer(("a/b", 0, "~", ""))

    assert written == "/a~1b/0/~0/"
    assert resolve(document, written) == 1
    assert resolve(document, "") == document
    assert pointer(("a", "k" * 10_000, "b")) == "/a"
