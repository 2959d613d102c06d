"""What is on the screen before there is anything to watch: the badge, and how far the loading is."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

WIDTH = 44
_SLIDER = 8


class LoadingPanel(Static):
    """Says what is being loaded, or why nothing can be."""

    DEFAULT_CSS = """
    LoadingPanel {
        width: 100%; height: 1fr; background: $background;
        content-align: center middle; text-align: center;
    }
    """

    def __init__(self, what: str) -> None:
        super().__init__(loading_text(0, what))
        self._what = what

    def step(self, tick: int) -> None:
        """Show one more step of work whose end is not known yet."""
        self.update(loading_text(tick, self._what), layout=False)

    def fail(self, sentence: str) -> None:
        """Show why there is nothing to watch."""
        text = Content.assemble(("spymon", "bold"), "\n\n", (sentence, "$text-error"), "\n\nq quits")
        self.update(text, layout=False)


def loading_text(tick: int, what: str) -> Content:
    """Return the panel's text: name, what is loading, and a bar in which a block wanders to and fro."""
    return Content.assemble(("spymon", "bold"), f"\n\nloading {what} …\n\n", (_bar(tick), "$text-primary"))


def _bar(tick: int) -> str:
    room = WIDTH - _SLIDER
    before = room - abs(tick % (2 * room) - room)
    return "─" * before + "━" * _SLIDER + "─" * (room - before)
