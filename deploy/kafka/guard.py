"""How a cluster is guarded besides its plain listener: more listeners, who may use them, and what they may do there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from deploy.kafka.layout import Seat


@dataclass(frozen=True)
class Guard:
    """What each broker is told besides what every one is, and the SCRAM *users* that a new cluster has from the start.

    A user is written as StorageTool reads it: `SCRAM-SHA-512=[name=…,password=…]`.
    """

    properties: Callable[[Seat], Mapping[str, str]]
    users: tuple[str, ...] = ()


OPEN: Final = Guard(lambda _: {})
"""Nothing besides: whoever reaches the plain listener may do everything."""
