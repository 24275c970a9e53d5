from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from services.commands import asking
from services.commands.asking import agree, ask_secret, read_secret
from services.commands.faults import Refused

KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"
KEY_SET = '{"keys": [\n  {"kty": "RSA"}\n]}'


def type_in(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(text))


@pytest.fixture
def no_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(asking, "TERMINAL", tmp_path / "none")


@pytest.mark.parametrize("secret", ["a word of one's own", KEY, f"{KEY}\n{KEY}", KEY_SET])
def test_a_token_and_a_secret_are_read_from_standard_input_one_behind_the_other(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(f"a token\n{secret}\n", monkeypatch)

    assert [read_secret("-"), read_secret("-"), read_secret("given")] == ["a token", secret, "given"]


@pytest.mark.usefixtures("no_terminal")
def test_where_no_terminal_can_be_asked_a_secret_stands_on_standard_input(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    type_in("a secret\n", monkeypatch)

    assert ask_secret("Secret", None) == "a secret"
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("no_terminal")
def test_where_nobody_gives_a_secret_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in("", monkeypatch)

    with pytest.raises(Refused, match=r"^Secret: there is no terminal to ask for it, and standard input holds none"):
        ask_secret("Secret", None)


@pytest.mark.parametrize(("answer", "said"), [("n\n", "Nothing was done."), ("", "nobody said yes. --yes goes on")])
def test_without_a_yes_nothing_is_done(answer: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(answer, monkeypatch)

    with pytest.raises(Refused, match=said):
        agree("Go on?")


def test_a_yes_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in("y\n", monkeypatch)

    agree("Go on?")
