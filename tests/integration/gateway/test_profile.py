"""The profile is served to everybody, as JSON-LD."""

from __future__ import annotations

import pytest

from shared.xapi import profile
from tests.support.gateway import Doors


@pytest.mark.parametrize("path", ["/profiles/social-learning", "/profiles/social-learning/v1"])
async def test_the_profile_is_served_as_json_ld_without_a_credential(doors: Doors, path: str) -> None:
    answer = await doors.http.get(path)
    again = await doors.http.get(path, headers={"If-None-Match": answer.headers["etag"]})

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ld+json")
    assert answer.content == profile.document()
    assert (again.status_code, again.content) == (304, b"")
