"""What Graph tells of its subscriptions: that they are to be renewed, were removed, or missed something."""

from __future__ import annotations

from urllib.parse import unquote

import orjson

from services.ingest.connectors.teams import TEAMS as CONNECTOR
from services.ingest.connectors.teams import notifications
from services.ingest.connectors.teams.notifications import client_state
from services.ingest.domain.asking import Circumstances, Request
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason
from tests.support.ingest import NOW, answered
from tests.support.teams import CHANNEL, TEAM, notified, teams
from tests.unit.ingest.test_teams_subscriptions import HOOK, MESSAGES, PLAIN


def lifecycle(event: str, subscription: str = "e3898f08") -> Reading:
    notification = {"lifecycleEvent": event, "subscriptionId": subscription, "clientState": client_state(PLAIN.secrets[0])}
    return notifications.read(PLAIN, Delivery({}, teams(notification).document))


def asked(lookup: Lookup) -> Request:
    assert CONNECTOR.fetch is not None
    return CONNECTOR.fetch.ask(PLAIN, lookup, Circumstances(NOW, HOOK))


def test_reauthorization_renews_at_once() -> None:
    (lookup,) = lifecycle("reauthorizationRequired", "a/b").lookups

    request = asked(lookup)

    assert (request.method, request.url) == ("PATCH", "https://graph.microsoft.com/v1.0/subscriptions/a%2Fb")
    assert orjson.loads(request.body) == {"expirationDateTime": "2026-03-02T12:55:00.000000Z"}
    assert answered(PLAIN, lookup, {}) == Reading()


def test_what_was_missed_is_asked_for_by_the_subscriptions_resource() -> None:
    (lookup,) = lifecycle("missed").lookups
    assert asked(lookup).url.endswith("/subscriptions/e3898f08")

    (onward,) = answered(PLAIN, lookup, {"resource": f"/{MESSAGES}"}).lookups

    assert unquote(onward.reference["url"]).endswith("gt 2026-03-01T12:00:00.000000Z")
    assert answered(PLAIN, lookup, {"resource": "/communications/callRecords"}).ignored == (Reason.NOT_DELIVERED,)


def test_a_removed_subscription_is_left_to_the_next_round() -> None:
    assert lifecycle("subscriptionRemoved").ignored == (Reason.NOT_DELIVERED,)
    assert lifecycle("somethingNew").ignored == (Reason.UNMAPPED,)
    assert lifecycle("missed", "x" * 300).ignored == (Reason.INCOMPLETE,)


def test_a_notification_of_something_else_is_not_ours() -> None:
    for resource in ("users/u/messages/m", "teams('x')", "nothing at all", f"teams('{TEAM}')/channels('{CHANNEL}')"):
        assert notifications.read(PLAIN, Delivery({}, {"value": [notified("created", resource)]})).ignored == (Reason.UNMAPPED,)
