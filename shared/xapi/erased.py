"""Who stands in a statement in place of a person who was erased: one agent for all of them, so that nobody is told apart."""

from __future__ import annotations

from typing import Final

from shared.xapi import ifi
from shared.xapi.model import Agent, Ifi

ERASED: Final[Agent] = {"objectType": "Agent", "account": {"homePage": "urn:symposia:erased", "name": "erased"}}
"""The erased person, as an agent: an account that is nobody's."""

ERASED_IFI: Final[Ifi] = ifi.of_account(ERASED["account"]["homePage"], ERASED["account"]["name"])
"""The canonical IFI of the erased person; it leads to no learner."""
