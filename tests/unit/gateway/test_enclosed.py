"""1.0.3 Communication §1.5.2: what a part's headers and the attachment objects both say is the same."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from services.gateway.domain.enclosed import Enclosed, Sha2, disagreements, hash_as, read_sha2
from shared.xapi.model import Version
from tests.support.attachments import attachment
from tests.support.gateway import statement

ESSAY = b"an essay"
SHA2 = Sha2(hashlib.sha256(ESSAY).hexdigest())


def rules(part: Enclosed, *declared: dict[str, Any]) -> list[str]:
    several: Any = [statement(attachments=[each]) for each in declared]
    return [each.rule for each in disagreements(several, {SHA2: part}, Version.V1_0_3, many=True)]


@pytest.mark.parametrize(
    ("declared", "sent", "same"),
    [
        ("text/plain", "text/plain", True),
        ("text/plain", "Text/PLAIN", True),
        ("text/plain; charset=ascii", "text/plain;charset=ascii", True),
        ("text/plain; charset=ascii", 'text/plain ; Charset="ascii"', True),
        ("text/plain; a=1; b=2", "text/plain; b=2; a=1", True),
        ("text/plain", "text/plain; charset=utf-8", True),
        ("text/plain; charset=ascii", "text/plain", True),
        ("text/plain; a=1; b=2", "text/plain; b=1; c=3", False),
        ("text/plain; charset=ascii", "text/plain; charset=utf-8", False),
        ("text/plain; charset=ascii", "text/plain; CHARSET =utf-8", False),
        ("text/plain; charset=ascii", "text/plain; charset= ascii", True),
        ("text/plain", "text/html", False),
        ("text/plain", "", False),
    ],
)
def test_media_types_agree_whatever_their_spelling_and_however_much_they_say(declared: str, sent: str, *, same: bool) -> None:
    part = Enclosed(1, ESSAY, sent, None)

    assert rules(part, attachment(ESSAY, contentType=declared)) == ([] if same else ["part-content-type"])


def test_a_part_without_headers_of_its_own_contradicts_nobody() -> None:
    assert rules(Enclosed(1, ESSAY, None, None), attachment(ESSAY, contentType="image/png", length=1)) == []


def test_a_part_that_several_attachments_mean_agrees_with_one_of_them() -> None:
    one, other = attachment(ESSAY), attachment(ESSAY, contentType="text/markdown")

    assert rules(Enclosed(1, ESSAY, "text/markdown", 8), one, other) == []
    assert rules(Enclosed(1, ESSAY, "text/html", 8), one, other) == ["part-content-type"]
    assert rules(Enclosed(1, ESSAY, None, 9), one, other) == ["part-length"]


@pytest.mark.parametrize("algorithm", ["sha224", "sha256", "sha384", "sha512"])
def test_a_hash_tells_its_algorithm(algorithm: str) -> None:
    text = hashlib.new(algorithm, ESSAY).hexdigest()
    sha2 = read_sha2(text.upper())

    assert sha2 == text
    assert hash_as(sha2, ESSAY) == text


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "a" * 63, "a" * 40, "\uff41" * 64, "a" * 63 + " ", "0x" + "a" * 62])
def test_what_is_no_hash_is_none(text: str) -> None:
    assert read_sha2(text) is None
