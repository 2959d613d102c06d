"""One contract in full, as a sheet over a screen that has no room to dock it."""

from __future__ import annotations

from typing import ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from .detail import ContractDetail
from .modal import Modal


class Opener(Protocol):
    """Who opened the sheet, and moves the cursor under it."""

    def move(self, by: int) -> None: ...

    def flip(self) -> None: ...


class DetailScreen(Modal[None]):
    """Holds the contract; whoever opened it feeds it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "close", show=False),
        Binding("enter", "flip", "the other side", show=False),
        Binding("j,down", "row(1)", "next strike", show=False),
        Binding("k,up", "row(-1)", "strike before", show=False),
    ]
    DEFAULT_CSS = """
    DetailScreen {
        align: center middle;
        ContractDetail {
            width: 66; max-width: 100%; height: 30; max-height: 100%;
            border: round $primary; border-subtitle-color: $text-muted;
        }
    }
    """

    def __init__(self, opener: Opener) -> None:
        super().__init__()
        self._opener = opener
        self.body = ContractDetail()
        self.body.border_subtitle = "enter other side   j k strike   esc close"

    def compose(self) -> ComposeResult:
        """Lay out the contract."""
        yield self.body

    def action_flip(self) -> None:
        """Show the other side of the strike."""
        self._opener.flip()

    def action_row(self, by: int) -> None:
        """Show the neighbouring strike."""
        self._opener.move(by)
