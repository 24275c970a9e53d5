"""What platforms said becomes what it always became: a redelivery after an upgrade is a repetition, and no conflict.

Where a line is meant to change, say in the changelog what becomes of what was heard before, and write the files anew:
`python -m tests.support.pins`.
"""

from __future__ import annotations

import pytest

from services.ingest.domain.source import Platform
from tests.support.pins import FOLDER, PLAYED, pinned, told

FEWEST = 2


@pytest.mark.parametrize("platform", PLAYED)
async def test_what_a_platform_said_becomes_what_it_always_became(platform: Platform) -> None:
    lines = await told(platform)

    assert lines == pinned(platform), "decide it, then: python -m tests.support.pins"


def test_every_platform_is_pinned_by_some_statements() -> None:
    assert set(PLAYED) == set(Platform)
    assert {path.stem for path in FOLDER.iterdir()} == {str(platform) for platform in Platform}
    assert min(len(pinned(platform)) for platform in Platform) >= FEWEST
