"""What stands on the stage: the ladder, or one of the views that take its place.

Owns the views' widgets, which of them is shown, and asking the desk for what it needs: off the paint path,
one question at a time, answers of an older generation dropped. It refuses to know how a view paints them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, Protocol, cast

from textual import on
from textual.widgets import ContentSwitcher

from engine.model.errors import SpymonError
from engine.views.commands import Seek, SelectExpiry
from engine.views.queries import Query, TopRow
from engine.views.view import View

from ...run.lazy_monitor import MonitorLike
from ...settings.prefs import Prefs
from ..actions import Actions
from ..grid.ladder import Ladder
from ..grid.strike_rows import Axis, StrikeRows
from .flow_lines import FlowChart
from .heat_map import HeatMap
from .ranking import Rankings
from .smile import SmileChart

StageName = Literal["grid", "heat", "smile", "flow", "top"]

ASK_EVERY = 5
"""Frames between two questions for the view on the stage: twice a second, as most of it is minutes old."""

HINTS: Mapping[StageName, Mapping[str, str]] = MappingProxyType(
    {
        "grid": {},
        "heat": {
            "row.choose": "go there",
            "seek.on": "time",
            "view.metric": "metric",
            "view.mark": "since",
            "view.heat": "grid",
            "view.profile": "",
        },
        "smile": {"view.smile": "grid", "view.profile": "", "view.convention": ""},
        "flow": {
            "view.metric": "lines",
            "view.flow": "grid",
            "row.choose": "",
            "row.down": "",
            "view.profile": "",
            "view.convention": "",
        },
        "top": {
            "row.choose": "to strike",
            "view.metric": "table",
            "view.rankings": "grid",
            "view.profile": "",
            "view.convention": "",
        },
    }
)
"""What keys are for on each view, in the hint line, where it is not as said elsewhere; '' for nothing."""

LOG_HINTS: Mapping[str, str] = MappingProxyType(
    {"row.choose": "evidence", "log.kind": "kind", "log.outcomes": "outcomes", "alert.mute": "mute"}
)
"""What keys are for while the signals have the focus."""

_FAR = 10  # columns of the heat map that a step of a minute or more goes


class Panel(Protocol):
    """A view that is painted from answers rather than from the frames."""

    def queries(self) -> Sequence[Query[Any]]: ...

    def take(self, query: Query[Any], answer: object) -> None: ...

    def refuse(self, sentence: str) -> None: ...

    def next_metric(self) -> None: ...

    def autoscale(self) -> None: ...

    def move(self, by: int, /) -> None: ...

    def page(self, direction: int) -> None: ...

    def jump(self, where: Literal["top", "bottom", "spot"]) -> None: ...

    def show(self, view: View, prefs: Prefs) -> None: ...


class Stages(Actions):
    """Shows one view at a time where the ladder stands."""

    def __init__(self, desk: MonitorLike) -> None:
        super().__init__(desk)
        axis = Axis()
        self._ladder = Ladder(axis, id="grid")
        self._heat, self._smile = HeatMap(axis, id="heat"), SmileChart(axis, id="smile")
        self._flow, self._top = FlowChart(id="flow"), Rankings(id="top")
        self._stage = ContentSwitcher(
            self._ladder, self._heat, self._smile, self._flow, self._top, id="stage", initial="grid"
        )
        self._asking_stage = False
        self._answered: tuple[int, int, Sequence[Query[Any]]] | None = None

    @property
    def staged(self) -> StageName:
        """Name what stands on the stage."""
        return cast("StageName", self._stage.current)

    @property
    def on_stage(self) -> Ladder | HeatMap | SmileChart | FlowChart | Rankings:
        """Return the widget on the stage."""
        widgets: dict[StageName, Ladder | HeatMap | SmileChart | FlowChart | Rankings] = {
            "grid": self._ladder,
            "heat": self._heat,
            "smile": self._smile,
            "flow": self._flow,
            "top": self._top,
        }
        return widgets[self.staged]

    def repaint(self) -> None:
        """Paint the newest view again."""
        raise NotImplementedError

    def set_stage(self, name: StageName) -> None:
        """Put a view on the stage; the focus follows unless it is elsewhere."""
        old = self.on_stage
        if name == self.staged:
            return
        focused = self.focused is None or self.focused is old
        self._stage.current = name
        if focused:
            self.set_focus(self.on_stage)
        self._answered = None
        self.call_after_refresh(self.repaint)  # only then has it a size
        self.call_after_refresh(self.refresh_stage)

    # asking ----------------------------------------------------------------------------------------------

    @property
    def _panel(self) -> Panel | None:
        shown = self.on_stage
        return None if isinstance(shown, Ladder) else shown

    def refresh_stage(self, tick: int = 0, *, frozen: bool = False) -> None:
        """Ask for what the view on the stage shows: now and then, or at once when it is another question.

        frozen : only when it is another question
        """
        panel = self._panel
        if panel is None or self._asking_stage or self._newest is None:
            return
        view, queries = self._newest, tuple(panel.queries())
        if self._answered is not None and self._answered[2] == queries:
            moved = self._answered[0] != view.generation
            same = self._answered[:2] == (view.generation, view.version)
            if frozen or same or (tick % ASK_EVERY and not moved):
                return
        self._asking_stage = True
        self.run_worker(self._fetch_stage(panel, queries, view), group="stage")

    async def _fetch_stage(self, panel: Panel, queries: Sequence[Query[Any]], asked_of: View) -> None:
        try:
            for query in queries:
                answer = await self.desk.ask(query)
                if self.newest.generation != asked_of.generation:
                    return
                panel.take(query, answer)
        except SpymonError as error:
            if self.newest.generation == asked_of.generation:
                panel.refuse(str(error))
        finally:
            self._asking_stage = False
        self._answered = (asked_of.generation, asked_of.version, queries)

    # keys ------------------------------------------------------------------------------------------------

    def action_stage(self, name: StageName) -> None:
        """Put a view on the stage, or the grid again when it already is there."""
        self.set_stage("grid" if name == self.staged else name)

    def metric_on_stage(self) -> bool:
        """Show the next metric of a view that has some; False while the grid is on the stage."""
        panel = self._panel
        if panel is not None:
            panel.next_metric()
            self.refresh_stage()
        return panel is not None

    def action_mark(self) -> None:
        """Show what has changed since the time under the heat map's cursor, or all again."""
        if self.staged == "heat":
            self._heat.mark()
            self.refresh_stage()
        else:
            self.notify("The mark belongs to the heat map; h shows it.", timeout=3)

    def action_skip(self, seconds: int) -> None:
        """Move the heat map's cursor of time; elsewhere go so many seconds × speed on or back."""
        if self.staged == "heat":
            self._heat.move_time((_FAR if abs(seconds) >= 60 else 1) * (1 if seconds > 0 else -1))
        else:
            super().action_skip(seconds)

    def choose_on_stage(self) -> bool:
        """Do what `enter` does on the view on the stage; False where that is to open the contract."""
        if self.staged == "heat" and (pointed := self._heat.pointed_ns) is not None:
            self._go_to_time(pointed)
        elif self.staged == "top" and (row := self._top.chosen()) is not None:
            self._go_to_row(row)
        return self.staged not in ("grid", "smile")

    def leave_stage(self) -> bool:
        """Go back to the grid; False when that is where we are."""
        left = self.staged != "grid"
        self.set_stage("grid")
        return left

    @on(StrikeRows.CursorMoved)
    def _follow_cursor(self, event: StrikeRows.CursorMoved) -> None:
        """Show the strike a signal sent the ladder to, whatever stands in the ladder's place."""
        if self.staged in ("flow", "top"):
            self.set_stage("grid")
        elif event.control is not self.on_stage:
            self.repaint()

    @on(HeatMap.TimeChosen)
    def _time_chosen(self, event: HeatMap.TimeChosen) -> None:
        self._go_to_time(event.ts_ns)

    @on(Rankings.Chosen)
    def _row_chosen(self, event: Rankings.Chosen) -> None:
        self._go_to_row(event.row)

    def _go_to_time(self, ts_ns: int) -> None:
        self.send(Seek(ts_ns))

    def _go_to_row(self, row: TopRow) -> None:
        view = self.newest
        if row.expiry != view.expiry and row.expiry in view.expiries:
            self.send(SelectExpiry(row.expiry))
        self.set_stage("grid")
        contract = row.contract
        right: Literal["C", "P"] = "C" if contract and contract.right == "C" else "P"
        self._ladder.select(row.strike_milli, right if contract else None)
