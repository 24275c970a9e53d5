"""What random schedules meet too rarely is played on purpose: a scene for each rule ends well with it, and badly without it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.postgres.embedded import Server
from tests.faults.simulation.company import Playhouse, quiet
from tests.faults.simulation.house_rules import HOUSE_RULES
from tests.faults.simulation.house_scenes import HOUSE_SCENES
from tests.faults.simulation.loop_rules import LOOP_RULES
from tests.faults.simulation.loop_scenes import LOOP_SCENES, play_loop_scene
from tests.faults.simulation.stage import Violation
from tests.faults.simulation.telling_rules import TELLING_RULES
from tests.faults.simulation.telling_scenes import TELLING_SCENES, play_telling_scene
from tests.support.postgres import fresh_database


@pytest.fixture(autouse=True)
def nobody_logs() -> Iterator[None]:
    with quiet():
        yield


@pytest.fixture(scope="module")
def playhouse(postgres_server: Server, migrated_template: str) -> Iterator[Playhouse]:
    for url in fresh_database(postgres_server.dsn, migrated_template):
        with Playhouse(url) as opened:
            yield opened


@pytest.mark.parametrize("rule", LOOP_SCENES)
def test_the_scene_of_the_loop_ends_well_with_rule(rule: str) -> None:
    play_loop_scene(rule)


@pytest.mark.parametrize("rule", LOOP_SCENES)
def test_the_scene_of_the_loop_ends_badly_without_rule(rule: str) -> None:
    with pytest.raises(Violation):
        play_loop_scene(rule, LOOP_RULES[rule])


@pytest.mark.parametrize("rule", TELLING_SCENES)
def test_the_scene_of_the_telling_ends_well_with_rule(rule: str) -> None:
    play_telling_scene(rule)


@pytest.mark.parametrize("rule", TELLING_SCENES)
def test_the_scene_of_the_telling_ends_badly_without_rule(rule: str) -> None:
    with pytest.raises(Violation):
        play_telling_scene(rule, TELLING_RULES[rule])


@pytest.mark.parametrize("rule", HOUSE_SCENES)
def test_the_scene_of_the_house_ends_well_with_rule(rule: str, playhouse: Playhouse) -> None:
    playhouse.play_scene(rule)


@pytest.mark.parametrize("rule", HOUSE_SCENES)
def test_the_scene_of_the_house_ends_badly_without_rule(rule: str, playhouse: Playhouse) -> None:
    with pytest.raises(Violation):
        playhouse.play_scene(rule, HOUSE_RULES[rule])
