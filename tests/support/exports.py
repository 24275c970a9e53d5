"""Sources whose exports are imported."""

from __future__ import annotations

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Hearing, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET

TEXT = Policy(hearing=Hearing.TEXT)
YAMMER = "https://www.yammer.com/acme.example"
WORKSPACES = {
    Platform.VIVA_ENGAGE: YAMMER,
    Platform.LINKEDIN: "https://www.linkedin.com",
    Platform.SKYPE: "https://web.skype.com",
    Platform.KHOROS: "https://community.acme.example",
    Platform.SALESFORCE: "https://acme.my.site.com",
}
NAMED = Policy(
    hearing=Hearing.TEXT,
    channels=frozenset(map(ChannelId, ("19:b0c1d2@thread.skype", "operations", "engineering-blog", "0F9000000000001AAA"))),
)
"""What the makers of the exports in the tests name: of these nobody says who may see them."""


def source(platform: Platform, policy: Policy = TEXT) -> Source:
    return Source(SourceId("files"), platform, WORKSPACES[platform], (SECRET,), policy)
