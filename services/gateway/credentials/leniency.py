"""Requests read as their sender means them, where the credential says what the sender gets wrong; each is counted."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from services.gateway.alternate import FORM_TYPE_KEY
from services.gateway.domain.credential import Credential
from services.gateway.domain.quirks import (
    PECULIARITIES,
    Quirk,
    bare_state,
    glued_parts,
    read_query,
    read_statements,
    text_plain_form,
)
from services.gateway.domain.version import VERSION_HEADER_RAW
from services.gateway.metrics import GatewayMetrics
from shared.http import Problem, header
from shared.xapi.model import Version

_QUIRKS: Final = "symposia.quirks"
"""Where the scope of a request holds the quirks of its credential, once that is known."""


class Leniency:
    """What the doors ask at the places where senders are known to err; costs nothing for a credential without quirks."""

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._metrics = metrics

    def query(self, request: Request, credential: Credential) -> None:
        """Read the query string of *request*, and its version, and remember the quirks for its body.

        Raises Problem 400 where the form that it came as is understood only by a quirk that the credential does not have.
        """
        form_type = request.scope.get(FORM_TYPE_KEY)
        if form_type is not None and text_plain_form(form_type) != form_type:
            if Quirk.TEXT_PLAIN_FORM not in credential.quirks:
                sends = PECULIARITIES[Quirk.TEXT_PLAIN_FORM].sends
                raise Problem(400, f"This is {sends}, which a key takes that was edited with --quirk {Quirk.TEXT_PLAIN_FORM}")
            self._metrics.quirk(Quirk.TEXT_PLAIN_FORM)
        if credential.quirks:
            request.scope[_QUIRKS] = credential.quirks
            request.scope["query_string"], taken = read_query(request.scope["query_string"], credential.quirks)
            for quirk in taken:
                self._metrics.quirk(quirk)
            self._version(request)

    def _version(self, request: Request) -> None:
        """Let a request that names no version, and need not, name the one that its sender speaks."""
        if _has(request, Quirk.NO_VERSION) and header(request, VERSION_HEADER_RAW) is None:
            request.scope["headers"] = [*request.scope["headers"], (VERSION_HEADER_RAW, Version.V1_0_3.encode())]
            self._metrics.quirk(Quirk.NO_VERSION)

    def document_type(self, request: Request, content_type: str, content: bytes) -> str:
        """Return what a document is, whatever its sender called it."""
        if not _has(request, Quirk.BARE_STATE):
            return content_type
        understood = bare_state(content_type, content)
        if understood != content_type:
            self._metrics.quirk(Quirk.BARE_STATE)
        return understood

    def parts(self, request: Request, body: bytes, boundary: bytes) -> bytes:
        """Return a multipart message, which cannot be read as it is, as its sender means it."""
        understood = glued_parts(body, boundary) if _has(request, Quirk.GLUED_PARTS) else body
        if understood != body:
            self._metrics.quirk(Quirk.GLUED_PARTS)
        return understood

    def takes_unguarded(self, request: Request) -> bool:
        """Say whether the sender of a profile without a precondition means a new one."""
        if not _has(request, Quirk.UNGUARDED_PROFILES):
            return False
        self._metrics.quirk(Quirk.UNGUARDED_PROFILES)
        return True

    def statements(self, request: Request, body: bytes) -> bytes:
        """Return the statements in *body* as xAPI has what their sender means."""
        understood, taken = read_statements(body, request.scope.get(_QUIRKS, ()))
        for quirk in taken:
            self._metrics.quirk(quirk)
        return understood


def _has(request: Request, quirk: Quirk) -> bool:
    return quirk in request.scope.get(_QUIRKS, ())
