from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.commands.faults import sentence_of, writing
from services.gateway.settings import Settings
from shared.errors import Misconfigured, Unavailable


def test_an_outage_and_a_misconfiguration_are_sentences() -> None:
    assert sentence_of(Misconfigured("Set X.")) == "Set X."
    assert sentence_of(Unavailable("postgres", "gone")) == "postgres is unavailable: gone"


def test_a_wrong_setting_is_named_as_in_the_environment_and_its_value_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_POSTGRES__POOL_SIZE", "my-secret")

    with pytest.raises(ValidationError) as caught:
        Settings()

    said = sentence_of(caught.value)
    assert said is not None
    assert "SYMPOSIA_POSTGRES__POOL_SIZE" in said
    assert "my-secret" not in said


def test_a_setting_that_there_is_not_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_HTTP__PROT", "9000")

    with pytest.raises(ValidationError) as caught:
        Settings()

    assert sentence_of(caught.value) == "There is no setting SYMPOSIA_HTTP__PROT: `symposia settings` shows those that there are."


def test_a_missing_file_is_named() -> None:
    assert sentence_of(FileNotFoundError(2, "No such file or directory", "/x.csv")) == "No such file or directory: /x.csv"


def test_a_full_disk_is_told_with_the_file_that_was_written() -> None:
    full = Path("/dev/full")

    with pytest.raises(OSError, match="No space left") as caught, writing(full), full.open("wb", 0) as file:
        file.write(b"x")

    assert sentence_of(caught.value) == "No space left on device: /dev/full"


def test_an_error_that_names_its_file_keeps_it() -> None:
    with pytest.raises(FileNotFoundError) as caught, writing(Path("/out")):
        Path("/x.csv").read_bytes()

    assert sentence_of(caught.value) == "No such file or directory: /x.csv"


def test_what_a_group_of_tasks_raised_is_told_once() -> None:
    group = ExceptionGroup("tasks", [Misconfigured("Set X."), ExceptionGroup("inner", [Misconfigured("Set X.")])])

    assert sentence_of(group) == "Set X."


def test_a_bug_keeps_its_traceback_also_beside_an_outage() -> None:
    assert sentence_of(ZeroDivisionError()) is None
    assert sentence_of(ExceptionGroup("tasks", [Misconfigured("Set X."), KeyError("x")])) is None
