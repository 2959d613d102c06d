"""One line under the header for what a person should know about this day."""

from __future__ import annotations

from engine.views.view import View

from ...settings.prefs import Prefs
from .. import format as fmt
from ..draw.cell_widget import CellWidget, Row


class NoteLine(CellWidget):
    """The view's first note; gone when there is none or the person put it away."""

    DEFAULT_CSS = """
    NoteLine { height: 1; display: none; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._notes: tuple[str, ...] = ()

    def show(self, view: View, prefs: Prefs) -> None:
        """Paint the note if it changed."""
        wanted = bool(view.notes) and prefs.notes
        if self.display != wanted:
            self.display = wanted
        if wanted:
            self._notes = view.notes
            self.on_resize()

    def on_resize(self) -> None:
        """Fit the note to the new width; a line that was gone has none until then."""
        if self._notes and self.size.width:
            self.paint([note_row(self._notes, self.size.width)])


def note_row(notes: tuple[str, ...], width: int) -> Row:
    """Write the first note, and how many more there are."""
    more = f"  (+{len(notes) - 1} more)" if len(notes) > 1 else ""
    text = fmt.clip(notes[0], max(1, width - 3 - len(more)))
    return [(" ▸ ", "key", "base"), (text + more, "muted", "base")]
