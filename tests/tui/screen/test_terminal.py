"""How a terminal stands, asked of a real one."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from typing import TextIO

import pytest

from tui.screen.terminal import TerminalState, terminal_state


@pytest.fixture
def terminal() -> Iterator[tuple[int, TextIO]]:
    """The window's end of a terminal, and what a program writes to."""
    window, program = pty.openpty()
    tty.setraw(program)
    with open(program, "w") as stream:
        yield window, stream


def test_one_that_is_read_is_ready(terminal: tuple[int, TextIO]) -> None:
    assert terminal_state(terminal[1]) is TerminalState.READY


def test_one_that_nobody_reads_is_full_until_somebody_does(terminal: tuple[int, TextIO]) -> None:
    window, stream = terminal
    written = 0
    while terminal_state(stream) is TerminalState.READY:
        written += os.write(stream.fileno(), b"x" * 256)
    assert terminal_state(stream) is TerminalState.UNREAD
    while written:
        written -= len(os.read(window, 1 << 16))
    assert terminal_state(stream) is TerminalState.READY


def test_one_whose_window_is_closed_is_gone(terminal: tuple[int, TextIO]) -> None:
    window, stream = terminal
    os.close(window)
    assert terminal_state(stream) is TerminalState.GONE


def test_without_one_there_is_nothing_to_wait_for() -> None:
    assert terminal_state(None) is TerminalState.READY
