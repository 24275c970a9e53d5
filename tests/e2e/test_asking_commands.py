"""Commands that ask for a secret, or for a word: only about what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import symposia

SECRET = "a secret that is long enough"
ASKING = [
    ("source", "rotate", "nobody"),
    ("source", "rotate", "nobody", "--secret", "-"),
    ("source", "token", "nobody"),
    ("source", "remove", "nobody"),
    ("forwarding", "rotate", "nobody", "--key", "key"),
    ("forwarding", "remove", "nobody"),
]


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_nothing_is_asked_about_what_is_not_there(home: Path, database_url: str, command: tuple[str, ...]) -> None:
    answer = symposia(*command, "--home", home, DATABASE_URL=database_url)

    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "there is no" in answer.stderr.lower()
    assert "'nobody'" in answer.stderr


def test_what_is_there_is_asked_about(home: Path, database_url: str) -> None:
    def source(*arguments: str, stdin: str = SECRET) -> str:
        answer = symposia("source", *arguments, "--home", home, stdin=stdin, DATABASE_URL=database_url)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    source("add", "acme", "slack", "https://acme.slack.com", "--secret", "-")

    assert "acme has a new secret" in source("rotate", "acme")
    assert "acme has a new secret" in source("rotate", "acme", "--secret", "-")
    assert "acme takes its one secret" in source("rotate", "acme", "--retire")
    assert "acme has a new token" in source("token", "acme")
    assert "acme is removed" in source("remove", "acme", stdin="y\n")
