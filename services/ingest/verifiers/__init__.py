"""Say whether a delivery comes from whom it says: six families of signatures, none of them one platform's own.

body_hmac: an HMAC over the raw body · timed_hmac: over version, time and body, within a window · token: a shared secret that is
shown · url_hash: a hash of address, body and secret · public_key: HTTP signatures and JSON Web Tokens · fetched: where nothing is
signed, what was said is fetched back from where it is said to stand. Each judges the raw bytes, compares in constant time, and
knows two secrets at a time. Why there are six: docs/decisions/0023-six-verifiers-and-one-profile.md.
"""

from services.ingest.verifiers.body_hmac import BodyHmac, Encoding, Scheme
from services.ingest.verifiers.message import Message, Verdict, Verifier
from services.ingest.verifiers.public_key import CavageSignature, MessageSignature, SignedToken
from services.ingest.verifiers.timed_hmac import StandardWebhook, TimedHmac
from services.ingest.verifiers.token import SharedToken, basic, bearer, in_body, in_header, in_query
from services.ingest.verifiers.url_hash import UrlHash

__all__ = [
    "BodyHmac",
    "CavageSignature",
    "Encoding",
    "Message",
    "MessageSignature",
    "Scheme",
    "SharedToken",
    "SignedToken",
    "StandardWebhook",
    "TimedHmac",
    "UrlHash",
    "Verdict",
    "Verifier",
    "basic",
    "bearer",
    "in_body",
    "in_header",
    "in_query",
]
