"""Ctrl-C at any moment: leave at once, with whole lines written and the terminal as it was.

Owns the process's SIGINT and SIGTERM while lines are printed or a day is folded. An exception raised at any
line would be lost or fatal inside compiled code and the callbacks around it, so nothing is unwound: last
words are said, and the process ends. It refuses to know what the last words are.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Handler = Callable[[int, Any], Any]

_NUMBERS = (signal.SIGINT, signal.SIGTERM)
GRACE_S = 1.0
"""How long last words may take, for instance while nobody reads the pipe."""


class InterruptHandler:
    """Decides what an interruption does; until `at_once` is entered it does nothing of its own."""

    def __init__(self) -> None:
        self._last_words: list[Callable[[], None]] = []
        self._active = False
        self._busy = False
        self._asked = 0

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within the block, say the last words and end the process with 128 + the signal's number."""
        before = {number: signal.getsignal(number) for number in _NUMBERS}
        heeded = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
        for number in heeded:
            signal.signal(number, self._on_signal)
        self._active = True
        try:
            yield
        finally:
            self._active = False
            for number in heeded:
                signal.signal(number, before[number])

    @contextmanager
    def by_exception(self, handler: Handler = signal.default_int_handler) -> Iterator[None]:
        """Within the block, which `at_once` may surround, raise KeyboardInterrupt as Python does."""
        if not self._active or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            yield
            return
        before = signal.signal(signal.SIGINT, handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @contextmanager
    def unwound(self) -> Iterator[Callable[[], None]]:
        """As `by_exception`, and also when code within swallows the exception or turns it into another.

        Compiled libraries do that, in their callbacks and while they are imported. What is given raises it
        again if that has happened; at the end of the block it is raised anyway.
        """
        asked = False

        def interrupt(_number: int, _frame: Any) -> None:
            nonlocal asked
            asked = True
            raise KeyboardInterrupt

        def check() -> None:
            if asked:
                raise KeyboardInterrupt

        with self.by_exception(interrupt):
            try:
                yield check
            except Exception:
                if not asked:
                    raise
        check()

    @contextmanager
    def saying(self, words: Callable[[], None]) -> Iterator[None]:
        """Within the block, `words` are among the last ones."""
        self._last_words.append(words)
        try:
            yield
        finally:
            self._last_words.remove(words)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Finish the block before leaving; for a line or a file that must not be torn."""
        if self._busy:
            yield
            return
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
            if self._asked:
                self._leave()

    def _on_signal(self, number: int, _frame: Any) -> None:
        if self._asked:
            os._exit(128 + number)
        self._asked = number
        patience = threading.Timer(GRACE_S, os._exit, (128 + number,))
        patience.daemon = True
        patience.start()
        if not self._busy:
            self._leave()

    def _leave(self) -> None:
        self._busy = True  # what the last words do is whole anyway
        for words in reversed(self._last_words):
            with suppress(OSError):  # the reader may be gone as well
                words()
        os._exit(128 + self._asked)
