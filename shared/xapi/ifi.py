r"""Write an actor's inverse functional identifier as one canonical string.

    mbox::mailto:<local part>@<domain in lower case>        domains are case-insensitive (1.0.3 Data §2.4.2.3)
    mbox_sha1sum::<hexadecimal in lower case>
    openid::<URI>
    account::<name>@<homePage>

The string holds no NUL, which PostgreSQL's text refuses, and two different identifiers never share one: in an account's
name a backslash is written `\\` and NUL `\0`, in its homePage, which has neither, @ is written `\@`. So the last bare @
ends the name. What comes after `::` and has more than 2,000 bytes is replaced by its hash (shared.xapi.bounded).
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from shared.xapi.bounded import bounded
from shared.xapi.model import JSON, Ifi

_MBOX: Final = "mbox::"
_ACCOUNT: Final = re.compile(r"account::((?:\\.|[^\\])*)@((?:\\.|[^\\@])*)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def canonical(actor: Mapping[str, JSON]) -> Ifi | None:
    """Return the canonical IFI of a valid agent or group, or None for an anonymous group."""
    if "account" in actor:
        account = actor["account"]
        return of_account(account["homePage"], account["name"])
    if "mbox" in actor:
        return of_mbox(actor["mbox"])
    if "mbox_sha1sum" in actor:
        return Ifi(f"mbox_sha1sum::{bounded(actor['mbox_sha1sum'].lower())}")
    if "openid" in actor:
        return Ifi(f"openid::{bounded(actor['openid'])}")
    return None


def of_account(home_page: str, name: str) -> Ifi:
    """Return the canonical IFI of the account *name* at *home_page*."""
    written = name.replace("\\", "\\\\").replace("\0", "\\0") + "@" + home_page.replace("@", "\\@")
    return Ifi(f"account::{bounded(written)}")


def account_of(identifier: str) -> tuple[str, str] | None:
    """Return the home page and name of the account whose canonical IFI is *identifier*; None for other IFIs and hashed ones."""
    found = _ACCOUNT.fullmatch(identifier)
    if found is None:
        return None
    name, home_page = (_ESCAPE.sub(lambda escape: "\0" if escape[1] == "0" else escape[1], part) for part in found.groups())
    return home_page, name


def of_mbox(mbox: str) -> Ifi:
    """Return the canonical IFI of *mbox*, a mailto IRI."""
    return Ifi(f"mbox::{bounded(lower_domain(mbox))}")


def sha1sum(mbox: str) -> str:
    """Return the mbox_sha1sum of *mbox*, a mailto IRI, after its domain is put in lower case (1.0.3 Data §2.4.2.3)."""
    return hashlib.sha1(lower_domain(mbox).encode(), usedforsecurity=False).hexdigest()


def email_hash(identifier: Ifi) -> Ifi | None:
    """Return the `mbox_sha1sum::` IFI of *identifier*, where that is an e-mail address or its hash; else None."""
    if identifier.startswith(_MBOX):
        return Ifi(f"mbox_sha1sum::{sha1sum(identifier.removeprefix(_MBOX))}")
    return identifier if identifier.startswith("mbox_sha1sum::") else None


def lower_domain(mbox: str) -> str:
    """Return *mbox*, a mailto IRI, with its domain in lower case, which is case-insensitive."""
    local, _, domain = mbox.rpartition("@")
    return f"{local}@{domain.lower()}"
