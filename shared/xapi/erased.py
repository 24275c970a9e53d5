"""The agent that takes the place of erased people in statements; it is one for all, so that they cannot be told apart."""

from __future__ import annotations

from typing import Final

from shared.xapi import ifi
from shared.xapi.model import Agent, Ifi

ERASED: Final[Agent] = {"objectType": "Agent", "account": {"homePage": "urn:symposia:erased", "name": "erased"}}
"""The erased person, as an agent with an account that belongs to nobody."""

ERASED_IFI: Final[Ifi] = ifi.of_account(ERASED["account"]["homePage"], ERASED["account"]["name"])
"""The canonical IFI of the erased person, which never becomes a learner."""
