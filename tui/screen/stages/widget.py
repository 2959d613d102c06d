"""What every view that can stand where the grid stands has in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from textual.message import Message

from engine.views.queries import Query
from engine.views.view import View

from ...settings.prefs import Prefs
from ..draw.cell_widget import CellWidget
from ..grid.scroll import Axis
from .answers import NO_ANSWERS, Answers

Right = Literal["C", "P"]


@dataclass(frozen=True, slots=True)
class MomentTarget:
    """A moment of tape, ns UTC."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class StrikeTarget:
    """A strike of the grid in 1/1000 $, with the expiration it belongs to, and a side if one is meant."""

    strike_milli: int
    expiry: date
    right: Right | None


@dataclass(frozen=True, slots=True)
class ContractTarget:
    """The contract under the cursor that all views of strikes share, in detail."""


Target = MomentTarget | StrikeTarget | ContractTarget
"""What `enter` or a double click on a view leads to."""


class StageWidget(CellWidget, can_focus=True):
    """A view in the grid's place: says what it must be answered, and paints the answers.

    A view must have `show`, and `queries` unless it is painted from the frames alone; the rest is what keys
    mean on it, and by default they mean nothing.

    axis : where the strikes stand, one for all views, so that the eye stays on its strike
    """

    class Chosen(Message):
        """Something was clicked twice."""

        def __init__(self, target: Target) -> None:
            super().__init__()
            self.target = target

    def __init__(
        self, axis: Axis | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._axis = axis or Axis()
        self._shown: tuple[View, Prefs, Answers] | None = None

    def queries(self, view: View) -> tuple[Query[Any], ...]:
        """Return what must be asked of the monitor to paint this view."""
        return ()

    def show(self, view: View, prefs: Prefs, answers: Answers = NO_ANSWERS) -> None:
        """Paint what differs from the frame before, and remember it for `again`."""
        raise NotImplementedError

    def again(self) -> None:
        """Paint what was shown last once more, if it is in sight."""
        if self._shown is not None and self.display:
            self.show(*self._shown)

    def on_resize(self) -> None:
        """Fit the lines to the new size."""
        self.again()

    # what keys mean on it --------------------------------------------------------------------------------

    def move(self, by: int) -> None:
        """Move the cursor down by so many rows."""

    def page(self, direction: int) -> None:
        """Move the cursor by a good part of what is in sight, down (1) or up (-1)."""

    def jump(self, where: Literal["top", "bottom", "spot"]) -> None:
        """Go to the first or the last row, or to where the spot is."""

    def skip(self, seconds: int) -> bool:
        """Move a cursor of time by about so many seconds; False without one, when the tape is moved."""
        return False

    def autoscale(self) -> None:
        """Fit the scale to what is shown now."""

    def next_profile(self, prefs: Prefs) -> Prefs:
        """Show the next kind of bar or row; return the person's choices, changed where they hold it."""
        return prefs.next_profile_view()

    def next_metric(self, prefs: Prefs) -> Prefs:
        """Show the next metric; return the person's choices, changed where they hold the metric."""
        return prefs

    def target(self) -> Target | None:
        """Return what `enter` leads to; None for nothing."""
        return None
