"""1.0.3 Data §2.6: a signature is a JWS of the statement as it was before."""

from __future__ import annotations

import base64
import json
from time import perf_counter
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.gateway.domain.enclosed import Declared, Enclosed, disagreements
from services.gateway.domain.signatures import Signatures, Unsigned
from shared.xapi.model import Version
from tests.support.attachments import attachment, certificate, signature, signed, signing_key
from tests.support.gateway import statement, without

KEY = signing_key()
OTHER_KEY = signing_key()
ESSAY = attachment(b"an essay")


def refusal(sent: dict[str, Any], token: bytes, **declared: Any) -> str:
    """Return the rule that *token*, attached to *sent*, breaks; nothing where it is its signature."""
    own = signature(token, **declared)
    received = {**sent, "attachments": [*sent.get("attachments", ()), own]}
    return _rule(Signatures(Version.V1_0_3), received, own, token)


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_a_statement_is_signed_by_rsa_with_any_of_three_hashes(algorithm: str) -> None:
    sent = statement()

    assert refusal(sent, signed(sent, KEY, algorithm)) == ""
    assert refusal(sent, signed(sent, KEY, algorithm, x5c=[certificate(KEY)])) == ""
    assert refusal(sent, signed(sent, KEY, algorithm, x5c=[certificate(KEY), certificate(OTHER_KEY)])) == ""


@pytest.mark.parametrize("algorithm", ["HS256", "ES256", "PS256", "none", "rs256", 5, None, ["RS256"], {}])
def test_other_algorithms_are_refused(algorithm: Any) -> None:
    sent = statement()

    assert refusal(sent, signed(sent, KEY, alg=algorithm)) == "signature-algorithm"


def test_the_key_of_the_certificate_made_the_signature() -> None:
    sent = statement()

    assert refusal(sent, signed(sent, KEY, x5c=[certificate(OTHER_KEY)])) == "signature-certificate"
    assert refusal(sent, signed(sent, KEY, x5c=[certificate(OTHER_KEY), certificate(KEY)])) == "signature-certificate"


@pytest.mark.parametrize("chain", [[], "", None, 5, [5], ["!"], ["AAAA"], {"a": 1}, [certificate(KEY), "AAAA"]])
def test_a_chain_of_certificates_is_one(chain: Any) -> None:
    sent = statement()

    assert refusal(sent, signed(sent, KEY, x5c=chain)) == "signature-certificate"


def test_a_certificate_of_another_kind_of_key_is_refused() -> None:
    sent = statement()

    assert refusal(sent, signed(sent, KEY, x5c=[certificate(ec.generate_private_key(ec.SECP256R1()))])) == "signature-certificate"


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"abc",
        b"a.b",
        b"a.b.c.d",
        b"..",
        b"eyJhbGciOiJSUzI1NiJ9.!.c",
        b"eyJhbGciOiJSUzI1NiJ9.e30=.AAAA",
        b"eyJhbGciOiJSUzI1NiJ9.e30.",
        b"eyJhbGciOiJSUzI1NiJ9.e30AA.AAAA",
        b"+/+/.e30.AAAA",
        b"bnVsbA.e30.AAAA",
        b"W10.e30.AAAA",
        b"/w.e30.AAAA",
        b'{"payload":"e30","signatures":[]}',
        b"\xff\x00.\xff.\xff",
    ],
)
def test_what_is_no_jws_is_refused(token: bytes) -> None:
    assert refusal(statement(), token) == "signature-jws"


@pytest.mark.parametrize("payload", [b"text", b"{'actor':{}}", b"\xff", b"[]", b"null", b'{"a":1,"a":1}'])
def test_the_payload_is_a_json_object(payload: bytes) -> None:
    assert refusal(statement(), signed(payload, KEY)) == "signature-jws"


def test_the_payload_is_a_valid_statement() -> None:
    sent = statement()

    assert refusal(sent, signed({**sent, "actor": {"mbox": "ann"}}, KEY)) == "signature-payload"


@pytest.mark.parametrize(
    "change",
    [
        {"actor": {"mbox": "mailto:bob@example.org"}},
        {"verb": {"id": "https://example.org/other"}},
        {"object": {"id": "https://example.org/other"}},
        {"result": {"success": True}},
        {"timestamp": "2026-01-31T12:00:01Z"},
        {"id": "5c1b1a5e-0b0a-4a55-9d0e-111111111111"},
        {"context": {"extensions": {"https://example.org/x": {"display": 1}}}},
        {"attachments": [ESSAY]},
    ],
)
def test_the_payload_is_the_statement(change: dict[str, Any]) -> None:
    sent = statement(context={"extensions": {"https://example.org/x": {"display": 2}}})

    assert refusal(sent, signed({**sent, **change}, KEY)) == "signature-statement"


def test_what_an_lrs_may_set_or_change_makes_no_difference() -> None:
    sent = statement(attachments=[ESSAY], version="1.0.0")
    before = {
        **without(sent, "id", "version"),
        "timestamp": "2026-01-31T13:00:00+01:00",
        "stored": "2026-02-01T00:00:00Z",
        "authority": {"mbox": "mailto:us@example.org"},
        "verb": {"id": sent["verb"]["id"]},
        "object": {"id": sent["object"]["id"], "definition": {"name": {"en": "A thread"}}},
    }

    assert refusal(sent, signed(before, KEY)) == ""
    assert refusal(without(sent, "timestamp"), signed(before, KEY)) == ""


def test_members_of_a_group_have_no_order() -> None:
    members = [{"mbox": "mailto:a@example.org"}, {"mbox": "mailto:b@example.org"}]
    sent = statement(actor={"objectType": "Group", "member": members})

    assert refusal(sent, signed({**sent, "actor": {"objectType": "Group", "member": members[::-1]}}, KEY)) == ""


def test_a_signature_is_of_one_media_type() -> None:
    sent = statement()

    assert refusal(sent, signed(sent, KEY), contentType="text/plain") == "signature-content-type"
    assert refusal(sent, signed(sent, KEY), contentType="Application/Octet-Stream") == ""


def test_extensions_of_jws_that_are_not_understood_are_refused() -> None:
    sent = statement()

    assert refusal(sent, signed(sent, KEY, crit=["exp"], exp=1)) == "signature-jws"
    assert refusal(sent, signed(sent, KEY, b64=False)) == "signature-jws"


def test_a_changed_byte_of_a_signed_statement_is_noticed() -> None:
    sent = statement()
    header, payload, made = signed(sent, KEY, x5c=[certificate(KEY)]).split(b".")
    other = base64.urlsafe_b64encode(json.dumps(sent, indent=1).encode()).rstrip(b"=")

    assert refusal(sent, b".".join((header, payload, made))) == ""
    assert refusal(sent, b".".join((header, other, made))) == "signature-certificate"


def test_a_signature_is_read_once_however_many_name_it() -> None:
    several = [statement() for _ in range(2_000)]
    token = signed(json.dumps(several[0]).encode() + b" " * 1_000_000, KEY)
    signatures, declared = Signatures(Version.V1_0_3), signature(token)
    begun = perf_counter()

    rules = [_rule(signatures, {**each, "attachments": [declared]}, declared, token) for each in several]

    assert rules == ["", *["signature-statement"] * 1_999]
    assert perf_counter() - begun < 5.0


@pytest.mark.parametrize("within", [False, True])
def test_a_statement_has_few_signatures(*, within: bool) -> None:
    sent = statement()
    token = signed(sent, KEY)

    def refused(number: int) -> list[str]:
        attachments = [signature(token)] * number
        target = {**sent, "objectType": "SubStatement", "attachments": attachments}
        received: Any = {**sent, "object": target} if within else {**sent, "attachments": attachments}
        enclosed = {Declared("", attachments[0]).sha2: Enclosed(1, token, None, None)}
        return [each.rule for each in disagreements([received], enclosed, Version.V1_0_3, many=False)]

    begun = perf_counter()
    assert refused(8) == ["signature-statement"] * 8 if within else refused(8) == []
    assert refused(20_000) == ["too-many-signatures"] * 20_000
    assert perf_counter() - begun < 5.0


def _rule(signatures: Signatures, received: dict[str, Any], declared: dict[str, Any], token: bytes) -> str:
    try:
        signatures.check(received, declared, token)
    except Unsigned as error:
        return error.rule
    return ""
