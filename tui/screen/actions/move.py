"""Moving and choosing: rows, pages and panes."""

from __future__ import annotations

from .home import ScreenActions


class RowActions(ScreenActions):
    """Move the cursor of the pane in focus, and choose what is under it."""

    def down(self) -> None:
        """Go to the next row."""
        self._move(1)

    def up(self) -> None:
        """Go to the row before."""
        self._move(-1)

    def first(self) -> None:
        """Go to the first row."""
        self._screen.pane.jump("top")
        self._screen.detail.ask()

    def last(self) -> None:
        """Go to the last row."""
        self._screen.pane.jump("bottom")
        self._screen.detail.ask()

    def centre(self) -> None:
        """Follow the spot again, or the newest signal."""
        screen = self._screen
        if screen.in_log:
            screen.signals.jump("bottom")
        else:
            screen.stages.widget.jump("spot")

    def choose(self) -> None:
        """Show a signal's evidence; on a view, go to what it leads to."""
        screen = self._screen
        if not screen.in_log:
            screen.go(screen.stages.widget.target())
        elif (index := screen.signals.chosen()) is not None:
            screen.inspect(index)

    def _move(self, by: int) -> None:
        self._screen.pane.move(by)
        self._screen.detail.ask()


class PageActions(ScreenActions):
    """Move the cursor of the pane in focus by half a page."""

    def down(self) -> None:
        """Go on by half a page."""
        self._move(1)

    def up(self) -> None:
        """Go back by half a page."""
        self._move(-1)

    def _move(self, direction: int) -> None:
        self._screen.pane.page(direction)
        self._screen.detail.ask()


class PaneActions(ScreenActions):
    """Choose which pane the keys are for."""

    def next(self) -> None:
        """Focus the next pane."""
        self._screen.focus_next()

    def previous(self) -> None:
        """Focus the pane before."""
        self._screen.focus_previous()
