"""`symposia credential` as people type it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.cli import KEY, symposia


def test_a_key_is_created_listed_edited_and_revoked(home: Path, database_url: str) -> None:
    def credential(*arguments: str) -> str:
        answer = symposia("credential", *arguments, "--home", home, DATABASE_URL=database_url, COLUMNS="250")
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    created = credential("create", "Storyline courses", "--quirk", "text-plain-form", "--requests-per-minute", "600")
    found = KEY.search(created)
    assert found is not None, created
    key_id = found[1]
    listed = credential("list")
    before = credential("quirks")
    edited = credential("edit", key_id, "--quirk", "bare-state", "--quirk", "actor-arrays")
    after = credential("quirks")
    unlimited = credential("edit", key_id, "--requests-per-minute", "0", "--no-quirks")

    assert "define, profile, state, statements/read/mine, statements/write" in listed
    assert re.search(rf"text-plain-form .*{key_id}", before)
    assert not re.search(rf"text-plain-form .*{key_id}", after)
    assert edited.strip() == f"{key_id}: 600 requests a minute; quirks: actor-arrays, bare-state."
    assert unlimited.strip().startswith(f"{key_id}: any number of requests; quirks: ")
    assert "is revoked" in credential("revoke", key_id)


def test_a_key_that_is_not_there_cannot_be_edited(home: Path, database_url: str) -> None:
    answer = symposia("credential", "edit", "nobody", "--no-quirks", "--home", home, DATABASE_URL=database_url)

    assert answer.returncode == 1
    assert "There is no live key" in answer.stdout + answer.stderr


def test_a_quirk_that_nobody_has_is_refused(home: Path, database_url: str) -> None:
    answer = symposia("credential", "create", "x", "--quirk", "tea", "--home", home, DATABASE_URL=database_url)

    assert answer.returncode != 0
    assert "text-plain-form" in answer.stdout + answer.stderr


def test_with_the_master_key_of_another_installation_nothing_is_made_until_it_is_adopted(home: Path, database_url: str) -> None:
    def create(key: str) -> tuple[int, str]:
        answer = symposia("credential", "create", "LMS", "--home", home, DATABASE_URL=database_url, SYMPOSIA_SECRETS__KEY=key)
        return answer.returncode, answer.stderr

    own, other = "A" * 43, "B" * 42 + "A"
    assert create(own)[0] == 0

    code, said = create(other)
    assert code == 1
    assert "symposia: The master key is not the one that this installation was made with" in said

    adopted, again = (
        symposia("migrate", "--new-master-key", "--home", home, DATABASE_URL=database_url, SYMPOSIA_SECRETS__KEY=other)
        for _ in range(2)
    )
    assert adopted.returncode == again.returncode == 0, adopted.stderr
    assert "rotate" in adopted.stdout
    assert "none is lost" in again.stdout
    assert create(other)[0] == 0
    assert create(own)[0] == 1


def test_a_key_ends_when_it_is_said_to_and_not_before_it_begins(home: Path, database_url: str) -> None:
    def create(ends: str) -> tuple[int, str]:
        answer = symposia("credential", "create", "LMS", "--expires", ends, "--home", home, DATABASE_URL=database_url)
        return answer.returncode, answer.stderr

    assert create("2020-01-01") == (1, "symposia: The key would have ended before it began: 2020-01-01 00:00 is past.\n")
    assert create("2999-01-01T00:30:00+02:00")[0] == 0

    listed = symposia("credential", "list", "--home", home, DATABASE_URL=database_url, COLUMNS="250")
    assert "until 2998-12-31 22:30" in listed.stdout
