"""What serves: the gateway's application, with every door that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import monotonic

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from services.gateway.alternate import AlternateSyntax
from services.gateway.attachments.answer import Attachments
from services.gateway.attachments.incoming import Sizes
from services.gateway.credentials.door import Door
from services.gateway.credentials.keyring import Keyring
from services.gateway.credentials.limits import RateLimits
from services.gateway.credentials.oauth import routes as oauth_routes
from services.gateway.credentials.recognising import STRANGE, is_recognised
from services.gateway.credentials.tokens import AccessTokens
from services.gateway.credentials.versions import Versions
from services.gateway.deadline import reads_within
from services.gateway.definitions.serving import Things, known_definitions
from services.gateway.definitions.store import DefinitionStore
from services.gateway.description import described
from services.gateway.documents.routes import Desk
from services.gateway.documents.routes import routes as document_routes
from services.gateway.documents.store import DocumentStore
from services.gateway.domain.keychain import Keychain
from services.gateway.headers import PREFIX, AnswerHeaders
from services.gateway.impact.routes import routes as impact_routes
from services.gateway.parts import Parts
from services.gateway.profile import routes as profile_routes
from services.gateway.sources.routes import routes as source_routes
from services.gateway.statements.formatting import Formatting
from services.gateway.statements.reading import Reader
from services.gateway.statements.recording import Recording
from services.gateway.statements.routes import routes as statement_routes
from services.gateway.statements.writing import Writer
from shared.errors import Unavailable
from shared.http import create_app
from shared.postgres import Database


def open_doors(parts: Parts) -> Starlette:
    """Return the application: xAPI's resources, the token endpoint, impact and sources."""
    tokens = _tokens(parts)
    door = _door(parts, tokens)
    return create_app(
        service=parts.name,
        registry=parts.registry,
        ready=_Readiness(parts.database, parts.keyring, parts.keychain),
        routes=[
            *reads_within(parts.settings.gateway.read_seconds, _xapi_routes(parts, door)),
            *oauth_routes(door, tokens),
            *profile_routes(),
        ],
        routers=[
            impact_routes(parts.database, parts.log, parts.clock, door.authorise),
            source_routes(parts.database, parts.clock, door.authorise),
        ],
        middleware=_middleware(parts, door),
        documented=described(parts.settings.http.base_url),
    )


def _xapi_routes(parts: Parts, door: Door) -> list[Route]:
    """Return the resources of xAPI."""
    routes = [
        *statement_routes(_writer(parts, door), _reader(parts, door)),
        *_document_routes(parts, door),
        *_thing_routes(parts, door),
    ]
    return [*_with_spare_slashes(routes), *routes]


def _with_spare_slashes(routes: Iterable[Route]) -> Iterator[Route]:
    """Yield *routes* at their paths with a slash too many, such as `/xapi//statements`, `/xapi/statements/`, `//xapi/statements`.

    Two slashes come of an endpoint that was set up with one at its end, some clients end resources with one, and TinCan.NET puts
    one before `more`. If these paths were not known, the 404 would tell a course that there is no state, and the learner would
    begin again.
    """
    for route in routes:
        two_slashes = route.path.replace(PREFIX, f"{PREFIX}/", 1)
        for path in (two_slashes, f"{route.path}/", f"{two_slashes}/", f"/{route.path}"):
            yield Route(path, route.endpoint, methods=list(route.methods or ()))


def _tokens(parts: Parts) -> AccessTokens:
    return AccessTokens(
        keychain=parts.keychain,
        base_url=parts.settings.http.base_url,
        lifetime=parts.settings.gateway.access_token_seconds,
        clock=parts.clock,
    )


def _door(parts: Parts, tokens: AccessTokens) -> Door:
    chosen = parts.settings.gateway
    limits = RateLimits(
        requests_per_minute=chosen.requests_per_minute,
        refusals_per_minute=chosen.refusals_per_minute,
        metrics=parts.metrics,
        seconds=monotonic,
    )
    return Door(
        keyring=parts.keyring,
        usage=parts.usage,
        keychain=parts.keychain,
        tokens=tokens,
        limits=limits,
        versions=Versions(without_header=chosen.version_without_header, otherwise=chosen.version_answered),
        clock=parts.clock,
        metrics=parts.metrics,
    )


def _writer(parts: Parts, door: Door) -> Writer:
    http, chosen = parts.settings.http, parts.settings.gateway
    return Writer(
        door=door,
        recording=Recording(parts.log, parts.progress, parts.metrics, parts.remembered),
        attachments=parts.attachments,
        clock=parts.clock,
        metrics=parts.metrics,
        sizes=Sizes(json=http.max_body_bytes, multipart=chosen.multipart_bytes),
        max_statements=chosen.statements_per_request,
    )


def _reader(parts: Parts, door: Door) -> Reader:
    return Reader(
        door=door,
        store=parts.statements,
        attachments=Attachments(parts.attachments),
        formatting=Formatting(known_definitions(DefinitionStore(parts.database))),
        horizon=parts.horizon,
        keychain=parts.keychain,
        base_url=parts.settings.http.base_url,
        page_size=parts.settings.gateway.page_size,
    )


def _document_routes(parts: Parts, door: Door) -> list[Route]:
    return document_routes(
        Desk(
            door=door,
            store=DocumentStore(parts.database),
            clock=parts.clock,
            max_bytes=parts.settings.http.max_body_bytes,
        )
    )


def _thing_routes(parts: Parts, door: Door) -> list[Route]:
    return Things(door=door, store=DefinitionStore(parts.database)).routes()


def _middleware(parts: Parts, door: Door) -> list[Middleware]:
    """Return what stands around the routes: what completes answers, then what reads a form as the request that it means."""
    chosen = parts.settings.gateway
    without_header, otherwise = chosen.version_without_header, chosen.version_answered
    through, form_bytes = parts.horizon.recent, parts.settings.http.max_body_bytes
    return [
        Middleware(AnswerHeaders, without_header=without_header, otherwise=otherwise, consistent_through=through),
        Middleware(AlternateSyntax, max_bytes=form_bytes, without_header=without_header, note=door.note_unread),
    ]


class _Readiness:
    """Ready once PostgreSQL was; from then on as long as the keys are known: an outage does not take the doors out of service."""

    def __init__(self, database: Database, keyring: Keyring, keychain: Keychain) -> None:
        self._database = database
        self._keyring = keyring
        self._keychain = keychain
        self._was_ready = False

    async def __call__(self) -> None:
        """Raise Unavailable while no statement can be taken."""
        if not self._was_ready:
            await self._database.ready()
            if not await is_recognised(self._database, self._keychain):
                raise Unavailable("gateway", STRANGE)
            self._was_ready = True
        await self._keyring.check()
