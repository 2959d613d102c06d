"""An answer of the monitor as a sheet: it is asked for again while it is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from engine.model.errors import SpymonError
from engine.views.queries import Query

from ...run.lazy_monitor import MonitorLike
from ..background import in_background
from ..draw.cell_widget import Row
from .modal import Modal
from .panel_body import PanelBody

Writer = Callable[[Any, int], Sequence[Row]]
"""Writes an answer (None before the first) for so many columns."""

ASK_EVERY = 5
"""Frames between two questions."""

_BORDER = 2  # lines


class PanelSheet(Modal[bool]):
    """Shows what `write` makes of the answers to `query`; gives True when its reader wants to go there.

    leads : says what enter does; empty when it does nothing
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(False)", "close", show=False),
        Binding("enter", "follow", "go there", show=False),
        Binding("j,down", "scroll(1)", "down", show=False),
        Binding("k,up", "scroll(-1)", "up", show=False),
        Binding("ctrl+d,pagedown", "scroll(10)", "further down", show=False),
        Binding("ctrl+u,pageup", "scroll(-10)", "further up", show=False),
    ]
    DEFAULT_CSS = """
    PanelSheet {
        align: center middle;
        PanelBody {
            width: 134; max-width: 100%; height: 12; max-height: 100%;
            border: round $primary; border-title-color: $text; border-subtitle-color: $text-muted;
        }
        &.-slim PanelBody { width: 74; }
    }
    """

    def __init__(
        self, title: str, query: Query[Any], write: Writer, monitor: MonitorLike, leads: str = ""
    ) -> None:
        super().__init__()
        self._query, self._write, self._leads = query, write, leads
        self._monitor = monitor
        self._answer: object = None
        self._asking = False
        self.body = PanelBody()
        self.body.border_title = title
        self.body.border_subtitle = f"{f'enter {leads}   ' if leads else ''}j k scroll   esc close"

    def compose(self) -> ComposeResult:
        """Lay out the body."""
        yield self.body

    def on_mount(self) -> None:
        """Say at once what is known without an answer, and ask for one."""
        self.call_after_refresh(self._paint)
        self.ask()

    def on_resize(self) -> None:
        """Fit the lines to the new size."""
        self.call_after_refresh(self._paint)

    def ask(self, tick: int = 0) -> None:
        """Ask the monitor now and then, unless an answer is still awaited."""
        if not self._asking and tick % ASK_EVERY == 0:
            self._asking = True
            in_background(self.app, self._fetch, "sheet")

    async def _fetch(self) -> None:
        """Show the answer if the sheet is still open; where there is none, close it with the reason."""
        try:
            self._answer = await self._monitor.ask(self._query)
        except SpymonError as error:
            self.app.notify(str(error), severity="error")
            self.dismiss(False)
        finally:
            self._asking = False
        if self.is_attached:
            self._paint()

    def _paint(self) -> None:
        rows = self._write(self._answer, self.body.size.width)
        self.body.styles.height = len(rows) + _BORDER
        self.body.show(rows)

    def action_follow(self) -> None:
        """Close, and go there, if there is somewhere to go."""
        if self._leads:
            self.dismiss(True)

    def action_scroll(self, lines: int) -> None:
        """Show lines further down, or up."""
        self.body.scroll_by(lines)
