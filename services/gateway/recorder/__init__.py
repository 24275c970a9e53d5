"""Take or refuse what was received, and make it the record.

received ──▶ requests.read ──▶ ruling.rule ──▶ store: lrs.statement and what it mentions ──▶ recorded
                                  ▲
             what the record holds, read under the one lock
"""

from services.gateway.recorder.handler import GROUP, Recorder
from services.gateway.recorder.remembered import Remembered
from services.gateway.recorder.steps import RecorderStep

__all__ = ["GROUP", "Recorder", "RecorderStep", "Remembered"]
