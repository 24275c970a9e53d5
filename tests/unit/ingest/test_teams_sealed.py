"""What Graph sealed for us is opened if Graph vouches for it; whatever is changed about it, it is refused."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.teams import TEAMS as CONNECTOR
from services.ingest.connectors.teams import notifications
from services.ingest.connectors.teams.lookups import PUBLISHER
from services.ingest.domain.asking import Circumstances
from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason
from services.ingest.verifiers.sealed import NotOpened, SealedContent, certificate, opened
from tests.support.ingest import NOW, SECRET, answered
from tests.support.teams import CLIENT, TEAMS, TENANT, bundle, key_set, message, notified, private_key, resource_of, sealed, token

SAID = message(1, "11:31:00.123", "Drain it first.")
SOURCE = replace(TEAMS, secrets=(bundle(),))
FORGED = (Reason.FORGED,)


def lookup_of(content: dict[str, str], *tokens: str) -> Lookup:
    notification = notified("created", resource_of(SAID), encryptedContent=content)
    (lookup,) = notifications.read(SOURCE, Delivery({}, {"value": [notification], "validationTokens": list(tokens)})).lookups
    return lookup


def heard(content: dict[str, str] | None = None, *tokens: str, keys: str = "entra", noticed: Any = NOW) -> Reading:
    lookup = lookup_of(content or sealed(SAID), *(tokens or (token(),)))
    return answered(SOURCE, lookup, key_set(keys), noticed)


def flipped(text: str) -> str:
    octets = bytearray(base64.b64decode(text))
    octets[len(octets) // 2] ^= 1
    return base64.b64encode(octets).decode()


def test_what_is_sealed_for_us_is_read() -> None:
    (interaction,) = heard().decided

    assert (interaction.kind, interaction.text) == (Kind.POST, "Drain it first.")


def test_it_tells_the_same_as_what_is_asked_for() -> None:
    (lookup,) = notifications.read(TEAMS, Delivery({}, {"value": [notified("created", resource_of(SAID))]})).lookups

    assert answered(TEAMS, lookup, SAID) == heard()


def test_a_token_of_the_newer_version_vouches_too() -> None:
    newer = token(iss=f"https://login.microsoftonline.com/{TENANT}/v2.0", azp=PUBLISHER, appid=None)

    assert heard(None, newer).decided


def test_a_key_that_was_rotated_still_opens() -> None:
    source = replace(SOURCE, secrets=(bundle("next"), bundle()))

    assert answered(source, lookup_of(sealed(SAID), token()), key_set()).decided


@pytest.mark.parametrize("part", ["data", "dataKey", "dataSignature"])
def test_a_flipped_bit_is_refused(part: str) -> None:
    content = sealed(SAID)

    assert heard({**content, part: flipped(content[part])}).ignored == FORGED
    assert heard({**content, part: "not base64!"}).ignored == FORGED


def test_what_is_sealed_for_others_is_refused() -> None:
    assert heard(sealed(SAID, "theirs")).ignored == FORGED
    assert answered(TEAMS, lookup_of(sealed(SAID), token()), key_set()).ignored == FORGED


def test_content_of_another_message_is_refused() -> None:
    assert heard(sealed(message(1, "11:59:00.000", "Another"))).ignored == FORGED


@pytest.mark.parametrize(
    "made",
    [
        lambda: token("stranger"),
        lambda: token(aud="another application"),
        lambda: token(appid="another publisher"),
        lambda: token(iss="https://sts.windows.net/another/"),
        lambda: token(exp=int(NOW.timestamp()) - 3600),
        lambda: token(nbf=int(NOW.timestamp()) + 3600),
        lambda: token()[:-4] + "AAAA",
        lambda: "no token",
        lambda: "ünsigned",
    ],
    ids=["key", "audience", "publisher", "issuer", "stale", "early", "signature", "shape", "letters"],
)
def test_who_does_not_vouch_as_graph_does_is_not_believed_even_beside_a_right_token(made: Callable[[], str]) -> None:
    assert heard(None, made()).ignored == FORGED
    assert heard(None, token(), made()).ignored == FORGED


def test_a_token_is_judged_at_the_time_when_it_came() -> None:
    assert heard(noticed=NOW + timedelta(minutes=50)).decided
    assert heard(noticed=NOW + timedelta(hours=2)).ignored == FORGED


def test_the_keys_are_asked_for_without_showing_who_we_are_and_kept() -> None:
    assert CONNECTOR.fetch is not None
    asked = CONNECTOR.fetch.ask(SOURCE, lookup_of(sealed(SAID), token()), Circumstances(NOW, ""))

    assert asked.url == "https://login.microsoftonline.com/common/discovery/v2.0/keys"
    assert (asked.shown, asked.keep) == (False, 3600)


def test_what_is_sealed_and_too_large_for_the_log_is_asked_for_by_its_name() -> None:
    content = {**sealed(SAID), "data": "A" * 500_000}
    lookup = lookup_of(content, token())

    assert lookup.reference["do"] == "message"


def test_content_that_is_no_message_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        heard(sealed(["no message"]))


def test_a_bundle_of_key_and_certificate_is_one() -> None:
    found = certificate(bundle())

    assert found is not None
    assert base64.b64decode(found[0])
    assert certificate(SECRET) is None
    assert certificate(bundle()[bundle().index(b"-----BEGIN CERTIFICATE") :]) is None


def test_content_that_is_signed_and_not_enciphered_is_not_opened() -> None:
    key, data, sha1 = b"k" * 32, b"fifteen octets.", SHA1()  # noqa: S303
    written = [
        data,
        hmac.new(key, data, "sha256").digest(),
        private_key().public_key().encrypt(key, OAEP(MGF1(sha1), sha1, None)),
    ]

    with pytest.raises(NotOpened):
        opened(SealedContent(*(base64.b64encode(each).decode() for each in written)), [bundle()])


def test_a_source_of_another_application_hears_nothing() -> None:
    source = replace(SOURCE, options={**SOURCE.options, "client": CLIENT[::-1]})

    assert answered(source, lookup_of(sealed(SAID), token()), key_set()).ignored == FORGED
    assert orjson.loads(lookup_of(sealed(SAID), token()).reference["tokens"])
