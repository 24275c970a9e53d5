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


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"older", W/{tag}', 304),
        ('"older",{tag} , "newer"', 304),
        ("*", 304),
        ('"older", W/"newer"', 200),
        ('"old{tag}er', 200),
        ("", 200),
    ],
)
async def test_who_has_the_profile_already_is_told_so_however_they_say_it(doors: Doors, said: str, status: int) -> None:
    tag = (await doors.http.get("/profiles/social-learning")).headers["etag"]

    answer = await doors.http.get("/profiles/social-learning", headers={"If-None-Match": said.format(tag=tag)})

    assert (answer.status_code, answer.headers["etag"]) == (status, tag)


async def test_a_profile_that_is_known_by_one_of_several_header_lines_is_not_sent_again(doors: Doors) -> None:
    tag = (await doors.http.get("/profiles/social-learning")).headers["etag"]

    answer = await doors.http.get("/profiles/social-learning", headers=[("If-None-Match", '"older"'), ("If-None-Match", tag)])

    assert answer.status_code == 304
