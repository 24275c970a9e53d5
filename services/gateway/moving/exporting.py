"""Export statements from any origin into a file; run again after an interruption, the export goes on where it was."""

from __future__ import annotations

from services.gateway.moving.lot import Advancing, Lot, Origin, Wanted, quietly
from services.gateway.moving.output import Output


async def export(origin: Origin, wanted: Wanted, output: Output, *, attachments: bool, tell: Advancing = quietly) -> int:
    """Write what is *wanted* of *origin* to *output*, attachments before their statements; return how many statements there are.

    Raises as the origin does; the next run goes on behind what was written by then.
    """
    async for lot in origin.lots(wanted, output.state.place):
        if attachments:
            await _attach(origin, lot, output)
        output.write(lot.statements, lot.place)
        tell(lot.done, lot.total)
    output.finish()
    return output.state.statements


async def _attach(origin: Origin, lot: Lot, output: Output) -> None:
    """Write those octets that came with *lot* and are not there yet."""
    async for sha2, piece in origin.attachments(lot):
        if not output.has(sha2):
            output.attach(sha2, piece)
    output.keep_attached()
