"""Sources are added, permitted, paused, rotated and removed; their secrets are sealed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId, State
from services.ingest.sources import BadSource, NewSource, Sources, UnknownSource, open_sources, sample_of
from services.ingest.vault import Vault
from shared.settings import SecretSettings
from tests.integration.ingest.conftest import House
from tests.support.ingest import NOW, SECRET, account_names
from tests.support.platforms import SOURCES
from tests.support.slack import slack_conversation

ACME = SourceId("acme")


async def test_what_was_added_is_what_is_loaded(house: House) -> None:
    assert await house.sources.load() == SOURCES


async def test_secrets_are_sealed(house: House) -> None:
    rows = await house.database.fetch("SELECT * FROM source")  # type: ignore[arg-type]

    assert all(SECRET not in bytes(str(value), "utf-8") for row in rows for value in row.values())


async def test_with_another_master_key_a_source_has_no_secrets(house: House) -> None:
    other = Vault.of(SecretSettings(key=SecretStr("b" * 43 + "=")))

    loaded = await Sources(house.database, other).load()

    assert loaded[ACME].secrets == ()
    with pytest.raises(BadSource):
        sample_of(loaded[ACME], NOW)


async def test_a_name_is_taken_once(house: House) -> None:
    with pytest.raises(BadSource):
        await house.sources.add(NewSource(ACME, Platform.SLACK, "https://other.slack.com", SECRET), NOW)


async def test_what_may_be_heard_is_replaced(house: House) -> None:
    policy = Policy(
        channels=frozenset({ChannelId("C1")}),
        private=True,
        direct=True,
        keeps=Keeps.METADATA,
        accepting=frozenset({"tada"}),
        question_channels=frozenset({ChannelId("C2")}),
        excluded=account_names("U9"),
    )

    await house.sources.permit(ACME, policy)

    assert (await house.sources.load())[ACME].policy == policy


async def test_a_source_is_paused_and_heard_again(house: House) -> None:
    await house.sources.pause(ACME)
    paused = (await house.sources.load())[ACME].state
    await house.sources.resume(ACME)

    assert (paused, (await house.sources.load())[ACME].state) == (State.PAUSED, State.ACTIVE)


async def test_a_removed_source_leaves_nothing_behind(house: House) -> None:
    async with house.open() as client:
        for sent in slack_conversation():
            await client.post("/hooks/slack/acme", content=sent.body, headers=sent.signed())

    await house.sources.remove(ACME)

    for table in ("source", "artefact", "pending", "orphan", "closed_channel", "withdrawn_thread", "part"):
        column = "id" if table == "source" else "source"
        query = f"SELECT count(*) FROM {table} WHERE {column} = 'acme'"  # noqa: S608
        assert await house.database.fetchval(query) == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("change", ["pause", "resume", "retire", "remove"])
async def test_a_source_that_is_not_there_is_told(house: House, change: str) -> None:
    with pytest.raises(UnknownSource):
        await getattr(house.sources, change)(SourceId("nobody"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "Acme"),
        ("id", ""),
        ("id", "a/b"),
        ("workspace", "acme.slack.com"),
        ("workspace", "https://acme slack.com"),
        ("workspace", "https://u:p@acme.slack.com"),
        ("workspace", "https://acme.slack.com/?x=1"),
        ("secret", b"short"),
        ("secret", b"-----BEGIN PRIVATE KEY-----"),
    ],
)
def test_a_source_that_cannot_be_is_refused(field: str, value: object) -> None:
    new = NewSource(ACME, Platform.SLACK, "https://acme.slack.com", SECRET)

    with pytest.raises(BadSource):
        replace(new, **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", [b"short", b"-----BEGIN PRIVATE KEY-----"])
async def test_a_secret_that_anybody_could_guess_is_not_rotated_in(house: House, secret: bytes) -> None:
    with pytest.raises(BadSource):
        await house.sources.rotate(ACME, secret)

    assert (await house.sources.load())[ACME].secrets == SOURCES[ACME].secrets


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
async def test_a_sample_passes_the_real_door(house: House, source: Source) -> None:
    sample = sample_of(source, NOW)

    async with house.open() as client:
        address = f"/hooks/{source.platform}/{source.id}{sample.rest}"
        answer = await client.request(sample.method, address, content=sample.body, headers=dict(sample.headers))

    assert answer.status_code == 200


async def test_a_command_opens_the_table_by_itself(house: House) -> None:
    async with open_sources(house.settings.postgres, house.settings.secrets) as sources:
        assert set(await sources.load()) == set(SOURCES)


@pytest.mark.parametrize(
    "address", ["notaurl", "ftp://blog.acme.example/feed", "https://", "https://[", "https://blog.acme.example/a b"]
)
def test_an_option_that_names_an_address_is_one_of_the_web(address: str) -> None:
    with pytest.raises(BadSource, match="is an address such as"):
        NewSource(SourceId("blog"), Platform.FEED, "https://blog.acme.example", b"a" * 12, options={"feed": address})


async def test_options_are_changed_one_by_one_and_looked_at_as_when_the_source_was_added(house: House) -> None:
    blog, first = SourceId("blog"), {"feed": "https://blog.acme.example/old", "author": "ann"}
    await house.sources.add(NewSource(blog, Platform.FEED, "https://blog.acme.example", b"a" * 12, options=first), NOW)

    await house.sources.set_options(blog, {"feed": "https://blog.acme.example/new", "author": ""})

    assert (await house.sources.load())[blog].options == {"feed": "https://blog.acme.example/new"}
    for wrong in ({"feed": ""}, {"feed": "nowhere"}, {"food": "x"}):
        with pytest.raises(BadSource):
            await house.sources.set_options(blog, wrong)
    with pytest.raises(UnknownSource):
        await house.sources.set_options(SourceId("nobody"), {"author": "ann"})


def test_an_option_that_names_no_address_is_any_text() -> None:
    options = {"feed": "https://blog.acme.example:8443/feed?a=1", "author": "ann"}

    assert NewSource(SourceId("blog"), Platform.FEED, "https://blog.acme.example", b"a" * 12, options=options).options == options
