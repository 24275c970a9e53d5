"""Choose the user that PostgreSQL runs as; it refuses root, so a process that is root starts it as another user."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from shared.errors import Misconfigured
from shared.postgres.embedded.binaries import Binaries

_MAPPED: Final = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
_CANDIDATES: Final = ("postgres", "nobody")


class Credentials(TypedDict, total=False):
    """The arguments of `subprocess` that change a process's user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Identity:
    """How a program is started so that it is not root: after the command *prefix* or with *credentials*; *owner* is a user id."""

    owner: int
    prefix: tuple[str, ...] = ()
    credentials: Credentials | None = None

    def own(self, path: Path) -> None:
        """Give *path* and all below it to the owner, unless it is theirs."""
        if path.lstat().st_uid == self.owner:
            return
        for folder, _, names in os.walk(path):
            for name in (".", *names):
                os.chown(Path(folder) / name, self.owner, -1, follow_symlinks=False)
        if not path.is_dir():
            os.chown(path, self.owner, -1, follow_symlinks=False)


def choose_identity(directory: Path, binaries: Binaries) -> Identity:
    """Return how PostgreSQL can be started in *directory*: plainly unless we are root, else mapped, else as another user.

    Raises Misconfigured, with the reason of each, where nothing works.
    """
    if os.geteuid() != 0:
        return Identity(os.geteuid())
    reasons: list[str] = []
    for identity, reason in (mapped(), *(switched(name, directory, binaries) for name in _CANDIDATES)):
        if identity is not None:
            return identity
        reasons.append(reason)
    raise Misconfigured(
        "PostgreSQL does not run as root, and it could not be started as another user either: "
        f"{'; '.join(reasons)}. Start Symposia as an ordinary user, or set DATABASE_URL."
    )


def mapped() -> tuple[Identity | None, str]:
    """Return the identity of root in a user namespace of its own, in which it is an ordinary user; or None and why not."""
    refusal = _refusal([*_MAPPED, "true"], None)
    return (None, f"user namespaces: {refusal}") if refusal else (Identity(os.geteuid(), prefix=_MAPPED), "")


def switched(name: str, directory: Path, binaries: Binaries) -> tuple[Identity | None, str]:
    """Return the identity of the system's user *name*, if it reaches the programs and *directory*; or None and why not."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return None, f"there is no user {name}"
    credentials = Credentials(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    for command in ([binaries.postgres, "--version"], ["test", "-x", str(directory.resolve().parent)]):
        if refusal := _refusal(command, credentials):
            return None, f"the user {name} cannot reach {command[-1]}: {refusal}"
    return Identity(user.pw_uid, credentials=credentials), ""


def _refusal(command: list[str], credentials: Credentials | None) -> str:
    """Return why *command* fails, or "" if it works."""
    try:
        answer = subprocess.run(  # noqa: S603 - constant commands
            command, capture_output=True, check=False, text=True, cwd="/", **(credentials or {})
        )
    except OSError as error:
        return str(error)
    return "" if answer.returncode == 0 else answer.stderr.strip() or f"exit code {answer.returncode}"
