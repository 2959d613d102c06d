"""The contract in detail: docked beside grid and log where there is room, else as a sheet over them.

Asks the monitor for the contract under the cursor while it is shown somewhere, one question at a time.
"""

from __future__ import annotations

from functools import partial

from engine.model.errors import NoDataError
from engine.views.view import View

from ...run.lazy_monitor import MonitorLike
from ..background import in_background
from ..screen_state import ScreenState
from ..stages.switcher import StageSwitcher
from .detail import ContractDetail
from .detail_screen import DetailScreen

ASK_EVERY = 3
"""Frames between two looks at the contract in detail; it is read by a person, not by a reflex."""


class DetailDrawer(ContractDetail):
    """The docked contract; opens the sheet where it is not docked, and feeds either."""

    def __init__(self, monitor: MonitorLike, stages: StageSwitcher, state: ScreenState) -> None:
        super().__init__()
        self._monitor = monitor
        self._stages = stages
        self._state = state
        self._sheet: DetailScreen | None = None
        self._asking = False

    @property
    def docked(self) -> bool:
        """Whether it stands beside grid and log: always on a huge screen, on a wide one once opened."""
        screen = self.screen
        wide = screen.has_class("-huge") or screen.has_class("-giant") or screen.has_class("-wide", "-detail")
        return wide and screen.has_class("-docks")

    @property
    def _in_sight(self) -> ContractDetail | None:
        if self._sheet is not None:
            return self._sheet.body
        return self if self.docked and self._state.view is not None else None

    def open(self) -> None:
        """Show the contract under the cursor; where it is docked, its other side."""
        if self.docked:
            self.flip()
        elif self.screen.has_class("-wide", "-docks"):
            self.screen.add_class("-detail")
        else:
            self._sheet = DetailScreen(self)
            self.app.push_screen(self._sheet, self._forget_sheet)
        self.screen.call_after_refresh(self.ask)

    def close(self) -> bool:
        """Close the drawer that was opened on a wide screen; False when there is none."""
        if not self.screen.has_class("-wide", "-detail", "-docks"):
            return False
        self.screen.remove_class("-detail")
        return True

    def _forget_sheet(self, _: None) -> None:
        self._sheet = None

    def flip(self) -> None:
        """Aim at the other side of the strike."""
        view, ladder = self._state.view, self._stages.ladder
        if view is not None and (cid := ladder.chosen()) is not None:
            ladder.aim("P" if cid in view.call.cid else "C")
            self.ask()

    def move(self, by: int) -> None:
        """Move the cursor by strikes, as the sheet over it asks for."""
        self._stages.widget.move(by)
        self.ask()

    # asking ----------------------------------------------------------------------------------------------

    def ask(self, tick: int = 0) -> None:
        """Ask for the contract the cursor aims at, if it is shown somewhere and is not being asked for."""
        if self._in_sight is None or self._asking or tick % ASK_EVERY:
            return
        if (cid := self._stages.ladder.chosen()) is not None:
            self._asking = True
            in_background(self.screen, partial(self._fetch, cid, self._state.newest), "detail")

    async def _fetch(self, cid: int, asked_of: View) -> None:
        try:
            detail = await self._monitor.detail(cid)
        except NoDataError:
            return  # the symbol changed between the question and the answer
        finally:
            self._asking = False
        in_sight = self._in_sight
        if in_sight is not None and self._state.newest.generation == asked_of.generation:
            in_sight.show(detail, self._state.view, self._state.prefs)
