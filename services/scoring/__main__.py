"""Run scoring alone: `python -m services.scoring`."""

from __future__ import annotations

import uvloop

from services.scoring.app import NAME, open_service
from services.scoring.settings import Settings
from shared.service import run_alone

if __name__ == "__main__":
    uvloop.run(run_alone(NAME, Settings(), open_service))
