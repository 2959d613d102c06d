"""What was asked for and is not shown yet."""

from __future__ import annotations

from tui.screen.pending import PendingRequest


def test_two_quick_presses_make_two_steps_though_no_view_came_between() -> None:
    pending = PendingRequest[int]()
    pending.ask(pending.after(10) + 1)
    assert pending.after(10) == 11
    pending.learn(10)
    assert pending.after(10) == 11


def test_once_shown_the_view_is_believed_again() -> None:
    pending = PendingRequest[int]()
    pending.ask(11)
    pending.learn(11)
    assert pending.after(42) == 42
