"""What every screen over the main one has in common: it closes once.

Keys and clicks queue up while the loop is busy, and Textual takes the screen below away for the second of
them, or fails when there is none.
"""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.screen import ModalScreen

T = TypeVar("T")


def _nothing() -> AwaitComplete:
    done: AwaitComplete = AwaitComplete.nothing()  # type: ignore[no-untyped-call]
    return done


class Modal(ModalScreen[T]):
    """A modal screen that is deaf to being closed when it already is."""

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close, and give the result to whoever opened this."""
        return super().dismiss(result) if self.is_current else _nothing()


class PaletteScreen(CommandPalette):
    """The command palette, likewise."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close."""
        return super().dismiss(result) if self.is_current else _nothing()
