"""Run the gateway alone: `python -m services.gateway`."""

from __future__ import annotations

import uvloop

from services.gateway.app import NAME, open_service
from services.gateway.settings import Settings
from shared.service import run_alone

if __name__ == "__main__":
    uvloop.run(run_alone(NAME, Settings(), open_service))
