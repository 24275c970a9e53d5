"""Sign requests as ActivityPub's servers do (draft-cavage-http-signatures-12)."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from email.utils import format_datetime


def digest_of(body: bytes) -> str:
    """Return the digest of *body* (RFC 3230)."""
    return f"SHA-256={base64.b64encode(hashlib.sha256(body).digest()).decode()}"


def sample_signature(body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of a signature in form only, by a key that is nobody's."""
    named = 'keyId="https://nobody.invalid/#key",algorithm="rsa-sha256",headers="(request-target) host date digest"'
    signature = base64.b64encode(b"nobody's").decode()
    date = format_datetime(now, usegmt=True)
    return {"date": date, "digest": digest_of(body), "signature": f'{named},signature="{signature}"'}
