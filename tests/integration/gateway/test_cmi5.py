"""A session of cmi5: what the LMS lays down and what the assignable unit asks for (cmi5 §8 to §11)."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from services.gateway.domain.credential import OF_AN_ACTIVITY_PROVIDER
from tests.support.documents import AGENT, STATE, ask
from tests.support.gateway import Client, Doors, statement, store

UNIT = "https://lms.example.org/units/1"
LEARNER = {"account": {"homePage": "https://lms.example.org", "name": "4711"}}
LAUNCHED = "http://adlnet.gov/expapi/verbs/launched"
OF_THE_UNIT = [f"http://adlnet.gov/expapi/verbs/{verb}" for verb in ("initialized", "passed", "completed", "terminated")]
SATISFIED = "https://w3id.org/xapi/adl/verbs/satisfied"
PREFERENCES = {"languagePreference": "de-AT,en", "audioPreference": "on"}


async def test_an_lms_and_its_unit_play_a_session(doors: Doors) -> None:
    lms, unit = await doors.client(), await doors.client(*OF_AN_ACTIVITY_PROVIDER)
    registration, agent = str(uuid4()), json.dumps(LEARNER)
    context = {
        "contextActivities": {"grouping": [{"id": "https://publisher.example.org/units/1"}]},
        "extensions": {"https://w3id.org/xapi/cmi5/context/extensions/sessionid": str(uuid4())},
    }
    launch = {"launchMode": "Normal", "moveOn": "CompletedAndPassed", "masteryScore": 0.8, "contextTemplate": context}
    place = STATE.at("LMS.LaunchData", activityId=UNIT, agent=agent, registration=registration)
    preferences = AGENT.at("cmi5LearnerPreferences", agent=agent)

    laid = await ask(lms, "POST", STATE, place, launch)
    told = await said(lms, registration, context, LAUNCHED)
    fetched = (await ask(unit, "GET", STATE, place)).json()
    unknown = await ask(unit, "GET", AGENT, preferences)
    saved = await ask(unit, "PUT", AGENT, preferences, PREFERENCES, If_None_Match="*")
    told += await said(unit, registration, fetched["contextTemplate"], *OF_THE_UNIT)
    told += await said(lms, registration, context, SATISFIED)

    assert fetched == launch
    assert (laid.status_code, unknown.status_code, saved.status_code) == (204, 404, 204)
    assert (await ask(lms, "GET", AGENT, preferences)).json() == PREFERENCES
    assert await lms.ids(registration=registration, ascending="true") == told


async def said(client: Client, registration: str, template: dict[str, Any], *verbs: str) -> list[str]:
    """Send what cmi5 defines, one after another, and return the ids."""
    context = {**template, "registration": registration}
    unit = {"actor": LEARNER, "object": {"id": UNIT}, "context": context}
    return await store(client, *(statement(**unit, verb={"id": verb}) for verb in verbs))
