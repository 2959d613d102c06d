"""One signal as a sheet: what it was judged by, what came of it, and the tape around it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.views.queries import SignalTape, SignalTapeQuery
from engine.views.view import SignalRow

from ...run.lazy_monitor import MonitorLike
from ..draw.cell_widget import Row
from ..screen_state import ScreenState
from .evidence import evidence_rows
from .panel import PanelSheet


def signal_sheet(index: int, row: SignalRow, state: ScreenState, monitor: MonitorLike) -> PanelSheet:
    """Return the sheet of row `index` of the log; closed by `enter`, its reader wants to go to the signal."""

    def write(tape: SignalTape | None, width: int) -> Sequence[Row]:
        view = state.newest
        outcomes = view.outcomes.of(index) if index < len(view.signals) else ()
        return evidence_rows(row, view.symbol, outcomes, tape, width)

    return PanelSheet("evidence", SignalTapeQuery(index), write, monitor, "go there").add_class("-slim")
