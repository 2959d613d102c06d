"""What every widget with a strike per row has in common: one place, one cursor, one way to move them.

Owns moving and scrolling over the strikes of a view. The place itself is an `Axis`, which widgets that stand
in for one another share, so that the eye stays on its strike when one replaces the other. It refuses to know
what stands in a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from textual import events
from textual.message import Message

from engine.views.view import View

from ..draw.cell_widget import CellWidget
from . import scroll, sheet


@dataclass(slots=True)
class Axis:
    """Where the strikes of a symbol stand on the screen."""

    place: scroll.ScrollPosition = field(default_factory=scroll.ScrollPosition)
    symbol: str = ""


class StrikeRows(CellWidget, can_focus=True):
    """Rows of strikes from the highest down, below some heading lines."""

    TITLE_HEIGHT, TITLE_WIDTH = 18, 100  # below either the ruled title line gives its row to a strike

    class CursorMoved(Message):
        """The cursor went to another strike."""

        def __init__(self, strike_milli: int) -> None:
            super().__init__()
            self.strike_milli = strike_milli

    def __init__(
        self, axis: Axis | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._axis = axis or Axis()
        self._view: View | None = None

    @property
    def cursor(self) -> int | None:
        """Return the strike under the cursor in 1/1000 $, None while there is no cursor."""
        return self._place.cursor

    def learn(self, view: View) -> None:
        """Take in a view without painting it; another symbol begins at its spot."""
        if self._axis.symbol != view.symbol:
            self._axis.place, self._axis.symbol = scroll.ScrollPosition(), view.symbol
        self._view = view

    def move(self, rows: int) -> None:
        """Move the cursor down by `rows`."""
        self._go(scroll.moved(self._place, self._strikes(), rows, self._top(), self._body, self._atm()))

    def page(self, direction: int) -> None:
        """Move the cursor down by half a screen, or up."""
        self.move(direction * max(1, self._body // 2))

    def jump(self, where: Literal["top", "bottom", "spot"]) -> None:
        """Go to the highest or lowest strike; or give up the cursor and follow spot again."""
        if where == "spot":
            self._go(scroll.ScrollPosition())
            return
        strikes = self._strikes()
        if strikes:
            row = 0 if where == "top" else len(strikes) - 1
            self._go(scroll.at_row(self._place, strikes, row, self._top(), self._body))

    def stand_on(self, strike_milli: int) -> None:
        """Put the cursor on the strike nearest below."""
        strikes = self._strikes()
        if strikes:
            row = scroll.row_of(strikes, strike_milli)
            self._go(scroll.at_row(self._place, strikes, row, self._top(), self._body))

    def on_resize(self) -> None:
        """Fit the lines to the new size."""
        self._again()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll towards lower strikes."""
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll towards higher strikes."""
        event.stop()
        self._scroll(-3)

    @property
    def _place(self) -> scroll.ScrollPosition:
        return self._axis.place

    @_place.setter
    def _place(self, place: scroll.ScrollPosition) -> None:
        self._axis.place = place

    @property
    def _titled(self) -> bool:
        return self.size.height >= self.TITLE_HEIGHT and self.size.width >= self.TITLE_WIDTH

    @property
    def _body(self) -> int:
        """Count the lines left for strikes."""
        raise NotImplementedError

    def _again(self) -> None:
        """Paint the view that was shown last once more."""
        raise NotImplementedError

    def _strikes(self) -> list[int]:
        """List the strikes from the highest down."""
        return [] if self._view is None else self._view.strike_milli[::-1].tolist()

    def _atm(self) -> int:
        view = self._view
        return -1 if view is None or view.atm < 0 else len(view.strike_milli) - 1 - view.atm

    def _in_sight(self) -> sheet.StrikeSpan:
        """Say which strikes are in sight, and stand on the topmost, so that strikes joining move nothing."""
        strikes, top = self._strikes(), self._top()
        count = max(0, min(self._body, len(strikes)))
        if count:
            self._place = replace(self._place, top=strikes[top])
        return sheet.StrikeSpan(len(strikes) - top - count, count)

    def _top(self) -> int:
        return scroll.top_row(self._place, self._strikes(), self._atm(), self._body)

    def _go(self, place: scroll.ScrollPosition) -> None:
        moved = place.cursor is not None and place.cursor != self._place.cursor
        self._place = place
        self._again()
        if moved and place.cursor is not None:
            self.post_message(self.CursorMoved(place.cursor))

    def _scroll(self, rows: int) -> None:
        self._go(scroll.scrolled(self._place, self._strikes(), rows, self._top(), self._body))
