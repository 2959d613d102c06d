"""The body of a sheet: rows of cells that may be more than fit."""

from __future__ import annotations

from collections.abc import Sequence

from ..draw.cell_widget import CellWidget, Row


class PanelBody(CellWidget):
    """Lines of an answer; scrolls when there are more than lines."""

    DEFAULT_CSS = """
    PanelBody { height: 1fr; }
    """

    GROUND = "itm"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._all: Sequence[Row] = ()
        self._top = 0

    def show(self, rows: Sequence[Row]) -> None:
        """Paint the lines that differ from those before."""
        self._all = rows
        self._top = min(self._top, self._most)
        self.paint(rows[self._top : self._top + self.size.height])

    def on_resize(self) -> None:
        """Show as many lines as fit now."""
        self.show(self._all)

    def scroll_by(self, lines: int) -> None:
        """Show lines further down, or up."""
        self._top = min(max(0, self._top + lines), self._most)
        self.show(self._all)

    @property
    def _most(self) -> int:
        return max(0, len(self._all) - self.size.height)
