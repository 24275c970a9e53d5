from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.installation import CommandSettings, Home, Installation, open_installation
from shared.errors import Misconfigured
from shared.master_key import new_master_key, read_master_key
from shared.settings import HttpSettings, PostgresSettings, SecretSettings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home.at(tmp_path / "home")
    made.make()
    return made


def test_a_home_and_its_key_are_for_their_owner_alone(home: Home) -> None:
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert home.key.stat().st_mode & 0o777 == 0o600


def test_the_key_is_made_once(home: Home) -> None:
    key = home.read_key()

    home.make()

    assert home.read_key() == key
    assert len(read_master_key(key)) == 32


def test_no_other_key_is_made_where_that_of_an_installation_is_gone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.postgres.mkdir()
    home.key.unlink()

    with pytest.raises(Misconfigured, match="put it back, from a backup"):
        home.make()
    assert not home.key.exists()

    monkeypatch.setenv("SYMPOSIA_SECRETS__KEY", "told by the environment")
    home.make()


async def test_the_key_before_a_rotation_is_kept_beside_the_one_in_the_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_master_key()
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("SYMPOSIA_SECRETS__PREVIOUS_KEY", before)

    async with open_installation(home) as installation:
        held = installation.secrets

    assert held.key.get_secret_value() == home.read_key()
    assert held.previous_key.get_secret_value() == before


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Misconfigured, match="cannot be made"):
        Home.at(tmp_path / "file" / "home").make()


def test_what_runs_in_a_home_is_known_while_it_runs(home: Home) -> None:
    assert home.running() is None

    with home.claimed() as claim:
        claim.publish({"gateway": "http://127.0.0.1:1"})
        found = home.running()
        assert found is not None
        assert (found.pid, found.urls) == (os.getpid(), {"gateway": "http://127.0.0.1:1"})

    assert home.running() is None


def test_a_home_is_held_by_one_process_at_a_time(home: Home) -> None:
    with home.claimed() as claim:
        claim.publish({})

        with pytest.raises(Misconfigured, match=f"process {os.getpid()}"), home.claimed():
            pass


def test_a_run_file_that_a_crash_left_says_nothing(home: Home) -> None:
    home.run.write_text('{"pid": 1, "urls": {"gateway": "http://127.0.0.1:1"}}')

    assert home.running() is None


def test_commands_tell_the_addresses_of_doors_that_run_apart(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_COMMANDS__INGEST_URL", "https://hooks.example.org/")
    installation = Installation(home, PostgresSettings(), SecretSettings(), embedded=False)
    beside = HttpSettings(public_url="https://lrs.example.org")

    assert installation.url("ingest", beside) == "https://hooks.example.org"
    assert installation.url("gateway", beside) == "https://lrs.example.org"


@pytest.mark.parametrize("asked", ["http://gateway:8080", "gateway=gateway:8080", "=http://gateway:8080"])
def test_what_names_no_address_to_ask_is_refused(asked: str) -> None:
    with pytest.raises(ValidationError, match="such as gateway=http://gateway:8080"):
        CommandSettings(asked=asked)
