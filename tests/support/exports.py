"""Sources whose exports are imported, and an ear that hears them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from services.ingest.filing.column_map import load
from services.ingest.filing.importing import Importer, Report
from services.ingest.filing.rows import read_csv, read_json
from shared.contracts import HEARD, RECEIVED
from tests.support.ingest import SECRET, Ear

EXPORTS: Final = Path(__file__).parents[1] / "unit" / "ingest" / "exports"

TEXT = Policy(keeps=Keeps.TEXT)
YAMMER = "https://www.yammer.com/acme.example"
WORKSPACES = {
    Platform.VIVA_ENGAGE: YAMMER,
    Platform.LINKEDIN: "https://www.linkedin.com",
    Platform.SKYPE: "https://web.skype.com",
    Platform.KHOROS: "https://community.acme.example",
    Platform.SALESFORCE: "https://acme.my.site.com",
}
NAMED = Policy(
    keeps=Keeps.TEXT,
    channels=frozenset(map(ChannelId, ("19:b0c1d2@thread.skype", "operations", "engineering-blog", "0F9000000000001AAA"))),
)
"""What the makers of the exports in the tests name: of these nobody says who may see them."""
CLOSED: Final = frozenset({Platform.SKYPE, Platform.KHOROS, Platform.SALESFORCE})
"""Whose exports do not say who may see what stands in them."""


def source(platform: Platform, policy: Policy = TEXT) -> Source:
    return Source(SourceId("files"), platform, WORKSPACES[platform], (SECRET,), policy)


async def imported(ear: Ear, platform: Platform, file: str, actor: str = "", policy: Policy = TEXT) -> Report:
    """Import one of the exports that the tests have."""
    await ear.log.ensure((HEARD, RECEIVED))
    columns = load(platform)
    with (EXPORTS / file).open(encoding="utf-8", newline="") as lines:
        rows = read_json(lines, columns.rows) if file.endswith(".json") else read_csv(lines)
        its = source(platform, policy)
        ear.sources[its.id] = its
        report = await Importer(ear.hearing).take(its, rows, columns, actor)
    await ear.tell()
    return report
