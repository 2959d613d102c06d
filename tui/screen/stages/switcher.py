"""Where the views take turns: shows one of them, and asks the monitor for what it needs.

Asking happens off the paint path, one view's queries at a time; answers of an older generation are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from textual.widgets import ContentSwitcher

from engine.model.errors import SpymonError
from engine.views.queries import Query
from engine.views.view import View

from ...run.lazy_monitor import MonitorLike
from ..background import in_background
from ..grid.ladder import Ladder
from ..grid.scroll import Axis
from ..screen_state import ScreenState
from .answers import NO_ANSWERS, Answers
from .stage import Stage
from .table import STAGES
from .widget import StageWidget

ASK_EVERY = 5
"""Frames between two questions for the view in sight: twice a second, as most of it is minutes old."""

GRID = STAGES[0].name
_BY_NAME = {stage.name: stage for stage in STAGES}


class StageSwitcher(ContentSwitcher):
    """All views of `STAGES`, one of them in sight."""

    def __init__(self, monitor: MonitorLike, state: ScreenState) -> None:
        axis = Axis()
        self._widgets = {stage.name: stage.widget(axis, id=stage.name) for stage in STAGES}
        super().__init__(*self._widgets.values(), id="stage", initial=GRID)
        self._monitor = monitor
        self._state = state
        self._answers: dict[str, Answers] = {}
        self._asking = False
        self._asked: tuple[str, Sequence[Query[Any]], View] | None = None

    @property
    def stage(self) -> Stage:
        """What is in sight, as the table has it."""
        return _BY_NAME[self.current or GRID]

    @property
    def widget(self) -> StageWidget:
        """What is in sight."""
        return self._widgets[self.stage.name]

    @property
    def ladder(self) -> Ladder:
        """The grid, in sight or not; its cursor is that of all views of strikes."""
        grid = self._widgets[GRID]
        assert isinstance(grid, Ladder), "the first stage is the grid"
        return grid

    def put(self, name: str) -> None:
        """Show a view from now on, and ask for what it needs with the next frame."""
        self.current = name
        self._asked = None

    def paint(self, view: View) -> None:
        """Paint a view; the grid takes it in out of sight too, as the contract in detail is its cursor's."""
        self.ladder.learn(view)
        self.widget.show(view, self._state.prefs, self._answers.get(self.stage.name, NO_ANSWERS))

    # asking ----------------------------------------------------------------------------------------------

    def ask(self, tick: int = 0) -> None:
        """Ask for what the view in sight needs: now and then, or at once when it is another question.

        A frozen picture asks only when it is another question.
        """
        view = self._state.latest
        if view is None or self._asking:
            return
        queries = self.widget.queries(view)
        if queries and self._is_due(queries, view, tick):
            self._asking = True
            in_background(self, partial(self._fetch, self.stage.name, queries, view), "stage")

    def _is_due(self, queries: Sequence[Query[Any]], view: View, tick: int) -> bool:
        if self._asked is None or self._asked[:2] != (self.stage.name, queries):
            return True
        before = self._asked[2]
        if before.generation != view.generation:
            return not self._state.prefs.frozen
        return before.version != view.version and tick % ASK_EVERY == 0 and not self._state.prefs.frozen

    async def _fetch(self, name: str, queries: Sequence[Query[Any]], asked_of: View) -> None:
        try:
            answers = Answers({query: await self._monitor.ask(query) for query in queries}, asked_of)
        except SpymonError as error:
            answers = Answers(asked_of=asked_of, refusal=str(error))
        finally:
            self._asking = False
        if self._state.newest.generation != asked_of.generation:
            return
        self._asked = (name, queries, asked_of)
        self._answers[name] = answers
        if self._state.view is not None and name == self.stage.name:
            self.paint(self._state.view)
