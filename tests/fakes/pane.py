"""A terminal without a person in front of it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Callable

PATIENCE_S = 120


class Pane:
    """A terminal without a person; `text` is every byte that came."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 300, 0, 0))
        self.text = b""
        self._came = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def press(self, key: bytes) -> None:
        os.write(self._ours, key)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so; it is looked at whenever something comes."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"in vain; the terminal's end: {self.text[-4_000:]!r}") from None

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        os.close(self.theirs)

    def _read(self) -> None:
        self.text += os.read(self._ours, 1 << 16)
        self._came.set()
