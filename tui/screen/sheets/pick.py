"""A list to choose one thing from, such as the source to watch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from .modal import Modal


class PickScreen(Modal[str | None]):
    """Offers (name, label) pairs and gives the chosen name, or None when it was called off."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "call it off", show=False),
        Binding("j", "by(1)", "next", show=False),
        Binding("k", "by(-1)", "before", show=False),
    ]
    DEFAULT_CSS = """
    PickScreen {
        align: center middle;
        OptionList {
            width: 60; max-width: 90%; height: auto; max-height: 80%;
            border: heavy $primary; background: $panel;
        }
    }
    """

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], current: str) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._current = current

    def compose(self) -> ComposeResult:
        """Lay out the list, the current choice marked and highlighted."""
        options = OptionList(
            *(
                Option(f"{'●' if name == self._current else ' '} {label}", id=name)
                for name, label in self._choices
            ),
            markup=False,
        )
        options.border_title = self._title
        options.border_subtitle = "enter takes it, esc calls it off"
        names = [name for name, _ in self._choices]
        options.highlighted = names.index(self._current) if self._current in names else 0
        yield options

    def action_by(self, step: int) -> None:
        """Move the highlight."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)
