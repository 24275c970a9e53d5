"""HTTP message signatures (RFC 9421), draft-cavage before them, and JSON Web Tokens, by public keys in PEM and JWK sets."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from services.ingest.verifiers import CavageSignature, Message, MessageSignature, SignedToken, Verdict
from services.ingest.verifiers.strangers import SignedByStranger
from services.ingest.verifiers.token import in_body

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
URL = "https://ingest.example/hooks/activitypub/town?box=1"
BODY = b'{"type": "Create"}'
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
SIGNERS: dict[str, tuple[Any, Any]] = {
    "rsa": (RSA, algorithms.RSA_V1_5_SHA256),
    "rsa-pss": (RSA, algorithms.RSA_PSS_SHA512),
    "ecdsa": (EC, algorithms.ECDSA_P256_SHA256),
    "ed25519": (ED, algorithms.ED25519),
}


def pem(private: Any) -> bytes:
    public: bytes = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public


class Key(HTTPSignatureKeyResolver):
    def __init__(self, key: Any) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Any:
        del key_id
        return self.key

    def resolve_public_key(self, key_id: str) -> Any:
        del key_id
        return self.key.public_key()


def signed(kind: str, at: datetime = NOW, covered: tuple[str, ...] = ("@method", "@target-uri"), **more: Any) -> Message:
    private, algorithm = SIGNERS[kind]
    request = SimpleNamespace(method="POST", url=URL, headers={"Content-Type": "application/activity+json"})
    signer = HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Key(private))
    signer.sign(request, key_id="https://town.example/u/a#key", created=at, covered_component_ids=covered, body=BODY, **more)
    return Message({name.lower(): value for name, value in request.headers.items()}, BODY, URL)


def test_however_often_a_digest_is_named_the_body_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def new_digest(name: str, body: bytes) -> Any:
        read.append(name)
        return hashlib.sha256(body)

    monkeypatch.setattr(hashlib, "new", new_digest)
    written = 'keyId="k",headers="(request-target) host date digest",signature="AAAA"'
    old = {"signature": written, "date": format_datetime(NOW, usegmt=True), "digest": "SHA-256=a," * 5000}
    written = f's=("content-digest");created={SECOND};keyid="k"'
    new = {"signature": "s=:AAAA:", "signature-input": written, "content-digest": "sha-256=:a:," * 5000}

    for headers in (old, new):
        assert SignedByStranger()(Message(headers, BODY, URL), [], NOW) is Verdict.FORGED

    assert read == ["sha256"] * 2


@pytest.mark.parametrize("kind", SIGNERS)
class TestAMessageSignature:
    def test_is_genuine_by_its_public_key(self, kind: str) -> None:
        keys = [pem(EC if kind != "ecdsa" else RSA), pem(SIGNERS[kind][0])]

        assert MessageSignature()(signed(kind), keys, NOW) is Verdict.GENUINE

    def test_over_something_else_is_forged(self, kind: str) -> None:
        message, keys = signed(kind), [pem(SIGNERS[kind][0])]
        changed = (
            replace(message, body=b'{"type":"Create"}'),
            replace(message, body=b""),
            replace(message, url=URL + "2"),
            replace(message, method="PUT"),
            replace(message, headers={**message.headers, "content-digest": "sha-256=:AAAA:"}),
            replace(message, headers={**message.headers, "signature": "pyhms=:AAAA:"}),
        )

        assert {MessageSignature()(each, keys, NOW) for each in changed} == {Verdict.FORGED}

    def test_is_stale_beyond_its_window(self, kind: str) -> None:
        message, keys = signed(kind), [pem(SIGNERS[kind][0])]

        late, early = (MessageSignature()(message, keys, NOW + timedelta(seconds=each)) for each in (301, -301))
        assert (late, early) == (Verdict.STALE, Verdict.STALE)

    def test_by_another_key_is_forged(self, kind: str) -> None:
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)

        assert MessageSignature()(signed(kind), [pem(other), b"no key"], NOW) is Verdict.FORGED


def test_a_message_signature_that_does_not_cover_the_body_is_forged() -> None:
    private, algorithm = SIGNERS["ed25519"]
    request = SimpleNamespace(method="POST", url=URL, headers={})
    HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Key(private)).sign(request, key_id="k", created=NOW)
    message = Message({name.lower(): value for name, value in request.headers.items()}, BODY, URL)

    assert MessageSignature()(message, [pem(ED)], NOW) is Verdict.FORGED


def test_a_message_signature_that_has_expired_is_stale() -> None:
    message = signed("ed25519", expires=NOW + timedelta(seconds=10))

    assert MessageSignature()(message, [pem(ED)], NOW + timedelta(seconds=11)) is Verdict.STALE


@pytest.mark.parametrize("value", ["", "x", "sig=()", 'a=("@method" "@method");created=1;keyid="k"', "é", "sig=1", ";" * 9999])
def test_a_malformed_signature_input_is_refused(value: str) -> None:
    message = replace(signed("rsa"), headers={**signed("rsa").headers, "signature-input": value})

    assert MessageSignature()(message, [pem(RSA)], NOW) in (Verdict.FORGED, Verdict.UNSIGNED)


def digest_of(body: bytes, algorithm: str = "SHA-256") -> str:
    digest = hashlib.new(algorithm.replace("-", "").lower(), body).digest()
    return f"{algorithm}={base64.b64encode(digest).decode()}"


def cavage(
    names: str = "(request-target) host date digest",
    at: datetime = NOW,
    body: bytes = BODY,
    *,
    digest: str | None = None,
    url: str = URL,
    **times: int,
) -> Message:
    """Sign as Mastodon does; *times* are the parameters `created` and `expires`."""
    headers = {"host": "ingest.example", "date": format_datetime(at, usegmt=True), "digest": digest or digest_of(body)}
    target = url.partition("ingest.example")[2] or "/"
    values = {"(request-target)": f"post {target}", **headers, **{f"({name})": str(value) for name, value in times.items()}}
    text = "\n".join(f"{name}: {values[name]}" for name in names.split())
    signature = base64.b64encode(RSA.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()
    parameters = {"keyId": "https://town.example/u/a#main-key", "headers": names, "signature": signature}
    written = [f'{name}="{value}"' for name, value in parameters.items()] + [f"{name}={value}" for name, value in times.items()]
    return Message({**headers, "signature": ",".join(written)}, body, url)


class TestACavageSignature:
    VERIFY = CavageSignature()

    def test_is_genuine_within_twelve_hours(self) -> None:
        verdicts = [self.VERIFY(cavage(), [pem(RSA)], NOW + timedelta(hours=hours)) for hours in (-11, 0, 11, 13)]

        assert verdicts == [Verdict.GENUINE, Verdict.GENUINE, Verdict.GENUINE, Verdict.STALE]

    def test_over_something_else_is_forged(self) -> None:
        message = cavage()
        other_digest = digest_of(b"{}")
        changed = (
            replace(message, body=b"{}"),
            replace(message, body=b""),
            replace(message, body=b"{}", headers={**message.headers, "digest": other_digest}),
            replace(message, url=URL + "2"),
            replace(message, url=URL.replace("ingest.example", "other.example")),
            replace(message, headers={**message.headers, "date": format_datetime(NOW - timedelta(hours=1), usegmt=True)}),
            replace(message, headers={**message.headers, "signature": "é"}),
            replace(message, headers={**message.headers, "signature": message.headers["signature"].replace('e="', 'e="!')}),
            replace(message, headers={**message.headers, "signature": message.headers["signature"].replace("keyId=", "name=")}),
        )

        assert {self.VERIFY(each, [pem(RSA)], NOW) for each in changed} == {Verdict.FORGED}

    @pytest.mark.parametrize("names", ["date digest", "(request-target) date digest", "(request-target) host date"])
    def test_that_leaves_out_what_matters_is_forged(self, names: str) -> None:
        assert self.VERIFY(cavage(names), [pem(RSA)], NOW) is Verdict.FORGED

    @pytest.mark.parametrize(
        ("digest", "verdict"),
        [
            (digest_of(BODY, "sha-256"), Verdict.GENUINE),
            (f"{digest_of(BODY, 'SHA-512')}, {digest_of(BODY)}", Verdict.GENUINE),
            (f"MD5=AAAA,{digest_of(BODY)}", Verdict.GENUINE),
            (f"{digest_of(b'{}', 'SHA-512')},{digest_of(BODY)}", Verdict.FORGED),
            ("MD5=AAAA", Verdict.FORGED),
        ],
        ids=["in small letters", "two", "one that nobody reads", "two that differ", "none that is read"],
    )
    def test_is_over_the_body_by_each_digest_that_is_read(self, digest: str, verdict: Verdict) -> None:
        assert self.VERIFY(cavage(digest=digest), [pem(RSA)], NOW) is verdict

    def test_may_name_its_times_itself(self) -> None:
        message = cavage("(request-target) host (created) (expires) digest", created=SECOND, expires=SECOND + 60)

        verdicts = [self.VERIFY(message, [pem(RSA)], NOW + timedelta(seconds=seconds)) for seconds in (0, 60, 61)]
        early = self.VERIFY(message, [pem(RSA)], NOW - timedelta(hours=13))
        without_created, without_expires = (
            replace(message, headers={**message.headers, "signature": message.headers["signature"].replace(f",{name}=", ",x=")})
            for name in ("created", "expires")
        )

        assert (verdicts, early) == ([Verdict.GENUINE, Verdict.GENUINE, Verdict.STALE], Verdict.STALE)
        assert self.VERIFY(without_created, [pem(RSA)], NOW) is Verdict.FORGED
        assert self.VERIFY(without_expires, [pem(RSA)], NOW) is Verdict.FORGED

    def test_is_of_the_whole_address_and_of_the_root_where_that_is_empty(self) -> None:
        assert self.VERIFY(cavage(url="https://ingest.example"), [pem(RSA)], NOW) is Verdict.GENUINE

    def test_may_be_of_no_body(self) -> None:
        assert self.VERIFY(cavage("(request-target) host date", body=b""), [pem(RSA)], NOW) is Verdict.GENUINE

    @pytest.mark.parametrize(("more", "verdict"), [(36, Verdict.GENUINE), (37, Verdict.FORGED)])
    def test_signs_no_more_headers_than_anybody_needs(self, more: int, verdict: Verdict) -> None:
        others = {f"x-{number}": "1" for number in range(more)}
        plain = "(request-target) host date digest"
        message = cavage(plain)
        values = {"(request-target)": "post /hooks/activitypub/town?box=1", **message.headers, **others}
        names = " ".join([plain, *others])
        text = "\n".join(f"{name}: {values[name]}" for name in names.split())
        signature = base64.b64encode(RSA.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()
        headers = {**message.headers, **others, "signature": f'keyId="k",headers="{names}",signature="{signature}"'}

        assert self.VERIFY(replace(message, headers=headers), [pem(RSA)], NOW) is verdict

    def test_without_a_time_is_stale(self) -> None:
        assert self.VERIFY(cavage("(request-target) host digest"), [pem(RSA)], NOW) is Verdict.STALE

    def test_by_another_key_is_forged(self) -> None:
        assert self.VERIFY(cavage(), [pem(EC), pem(ED)], NOW) is Verdict.FORGED

    def test_that_is_not_there_is_unsigned(self) -> None:
        assert self.VERIFY(Message({}, BODY, URL), [pem(RSA)], NOW) is Verdict.UNSIGNED


@pytest.mark.parametrize("said", ['("@method");keyid="k"', '("@method");created=1772452800', '("@method")', "x"])
def test_a_stranger_says_whose_key_signed_and_when(said: str) -> None:
    message = Message({"signature": "sig1=:AAAA:", "signature-input": f"sig1={said}"}, BODY, URL)

    assert SignedByStranger()(message, [], NOW) is Verdict.FORGED


TOKEN_KEYS: dict[str, Callable[[], Any]] = {
    "RS256": lambda: RSAKey.generate_key(2048, {"kid": "1", "alg": "RS256"}),
    "ES256": lambda: ECKey.generate_key("P-256", {"kid": "1", "alg": "ES256"}),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519", {"kid": "1", "alg": "EdDSA"}),
}
VERIFY = SignedToken({"iss": "https://login.example", "aud": "symposia"})


def claims(**more: Any) -> dict[str, Any]:
    return {"iss": "https://login.example", "aud": "symposia", "exp": int(NOW.timestamp()) + 60, **more}


def shown(token: str) -> Message:
    return Message({"authorization": f"Bearer {token}"}, BODY, URL)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("algorithm", TOKEN_KEYS)
def test_a_token_is_judged_by_its_signature_its_claims_and_its_times(algorithm: str) -> None:
    key, other = TOKEN_KEYS[algorithm](), TOKEN_KEYS[algorithm]()
    jwks = [orjson.dumps(KeySet([key]).as_dict(private=False))]

    def verdict(said: dict[str, Any], by: Any = key) -> Verdict:
        token = jwt.encode({"alg": algorithm, "kid": "1"}, said, by, algorithms=[algorithm])
        return VERIFY(shown(token), jwks, NOW)

    assert verdict(claims()) is Verdict.GENUINE
    assert verdict(claims(), other) is Verdict.FORGED
    assert verdict(claims(aud="another")) is Verdict.FORGED
    assert verdict(claims(iss="https://evil.example")) is Verdict.FORGED
    assert verdict(claims(exp=int(NOW.timestamp()) - 61)) is Verdict.STALE
    assert verdict({name: value for name, value in claims().items() if name != "exp"}) in (Verdict.FORGED, Verdict.STALE)


def test_a_public_key_is_never_a_shared_secret() -> None:
    secret = pem(RSA)
    token = jwt.encode({"alg": "HS256"}, claims(), OctKey.import_key(b"k" * 32), algorithms=["HS256"])

    assert VERIFY(shown(token), [secret], NOW) is Verdict.FORGED
    assert VERIFY(shown("eyJhbGciOiJub25lIn0.e30."), [secret], NOW) is Verdict.FORGED


@pytest.mark.parametrize("token", ["", "a.b.c", "é", "..", "e30.e30.e30", "x" * 10_000])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert VERIFY(shown(token), [pem(RSA)], NOW) in (Verdict.FORGED, Verdict.UNSIGNED)


def test_of_several_tokens_the_worst_decides() -> None:
    key = RSAKey.generate_key(2048, {"kid": "1"})
    good = jwt.encode({"alg": "RS256", "kid": "1"}, claims(), key, algorithms=["RS256"])
    both = SignedToken(shown=lambda message: orjson.loads(message.body)["tokens"])
    message = Message({}, orjson.dumps({"tokens": [good, "a.b.c"]}))

    assert both(message, [orjson.dumps(key.as_dict(private=False))], NOW) is Verdict.FORGED
    assert SignedToken(shown=in_body("token"))(Message({}, b"{}"), [], NOW) is Verdict.UNSIGNED
