"""BigBlueButton signs the address that it calls: the door sees the public one, however the request came to it."""

from __future__ import annotations

from tests.integration.ingest.conftest import House
from tests.support.bigbluebutton import BBB, bigbluebutton_conversation, checksum
from tests.support.ingest import SECRET

PATH = f"/hooks/{BBB.platform}/{BBB.id}"


async def test_a_checksum_over_the_public_address_passes_the_real_door(house: House) -> None:
    base, (created, joined, *_) = house.settings.http.base_url, bigbluebutton_conversation()
    signed = checksum(base + PATH, created.body, SECRET).removeprefix(base)

    async with house.open() as client:
        genuine = await client.post(signed, content=created.body, headers=created.headers)
        again = await client.post(signed, content=created.body, headers=created.headers)
        another = await client.post(signed, content=joined.body, headers=joined.headers)
        unsigned = await client.post(PATH, content=created.body, headers=created.headers)
        elsewhere = checksum("https://else.example" + PATH, created.body, SECRET).removeprefix("https://else.example")
        forged = await client.post(elsewhere, content=created.body, headers=created.headers)

    assert [each.status_code for each in (genuine, again, another, unsigned, forged)] == [200, 200, 401, 401, 401]
    assert (genuine.json()["heard"], again.json()["heard"]) == (1, 0)
    await house.tell()
    assert len(house.ear().told()) == 1
