"""What every view with a strike per row has in common: one position, one cursor, one way to move them.

Owns moving and scrolling over the strikes of a view. The position itself is an `Axis`, which all of them
share, so that the eye stays on its strike when one replaces the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from textual import events
from textual.message import Message

from engine.views.view import View

from ..stages.widget import StageWidget
from . import scroll, sheet
from .scroll import Axis


class StrikeRows(StageWidget):
    """Rows of strikes from the highest down, below some heading lines."""

    TITLE_HEIGHT, TITLE_WIDTH = 18, 100  # below either the ruled title line gives its row to a strike
    FOOT = 0  # lines below the strikes

    class CursorMoved(Message):
        """The cursor went to another strike."""

        def __init__(self, strike_milli: int) -> None:
            super().__init__()
            self.strike_milli = strike_milli

    def __init__(
        self, axis: Axis | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(axis, id=id, classes=classes)
        self._view: View | None = None

    @property
    def cursor(self) -> int | None:
        """Return the strike under the cursor in 1/1000 $, None while there is no cursor."""
        return self._axis.position.cursor

    def learn(self, view: View) -> None:
        """Take in a view without painting it; another symbol begins at its spot."""
        if self._axis.symbol != view.symbol:
            self._axis.position, self._axis.symbol = scroll.ScrollPosition(), view.symbol
        self._view = view

    def move(self, by: int) -> None:
        """Move the cursor down by so many rows."""
        position = self._axis.position
        self._go(scroll.moved(position, self._strikes(), by, self._top(), self._body, self._atm()))

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
            self._stand_on_row(strikes, 0 if where == "top" else len(strikes) - 1)

    def stand_on(self, strike_milli: int) -> None:
        """Put the cursor on the strike nearest below."""
        strikes = self._strikes()
        if strikes:
            self._stand_on_row(strikes, scroll.row_of(strikes, strike_milli))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll towards lower strikes."""
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll towards higher strikes."""
        event.stop()
        self._scroll(-3)

    @property
    def _titled(self) -> bool:
        return self.size.height >= self.TITLE_HEIGHT and self.size.width >= self.TITLE_WIDTH

    @property
    def _body(self) -> int:
        """Count the lines left for strikes."""
        return max(0, self.size.height - (2 if self._titled else 1) - self._foot)

    @property
    def _foot(self) -> int:
        """Count the lines below the strikes."""
        return self.FOOT

    def _strikes(self) -> list[int]:
        """List the strikes from the highest down."""
        return [] if self._view is None else self._view.strike_milli[::-1].tolist()

    def _atm(self) -> int:
        view = self._view
        return -1 if view is None or view.atm < 0 else len(view.strike_milli) - 1 - view.atm

    def _settle(self) -> sheet.StrikeSpan:
        """Hold on to the topmost strike in sight, so that strikes joining move nothing; return what is."""
        strikes, top = self._strikes(), self._top()
        count = max(0, min(self._body, len(strikes)))
        if count:
            self._axis.position = replace(self._axis.position, top=strikes[top])
        return sheet.StrikeSpan(len(strikes) - top - count, count)

    def _top(self) -> int:
        return scroll.top_row(self._axis.position, self._strikes(), self._atm(), self._body)

    def _stand_on_row(self, strikes: list[int], row: int) -> None:
        self._go(scroll.at_row(self._axis.position, strikes, row, self._top(), self._body))

    def _go(self, position: scroll.ScrollPosition) -> None:
        moved = position.cursor is not None and position.cursor != self.cursor
        self._axis.position = position
        self.again()
        if moved and position.cursor is not None:
            self.post_message(self.CursorMoved(position.cursor))

    def _scroll(self, rows: int) -> None:
        self._go(scroll.scrolled(self._axis.position, self._strikes(), rows, self._top(), self._body))
