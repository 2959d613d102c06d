"""A real pseudo-terminal with spymon in it, and what came out of it when.

Owns the pty, the answers a terminal gives to what programs ask it, and the times of everything. What the
bytes mean is worked out afterwards (`Picture`), so that looking never delays listening. It refuses to know
what is measured.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

from .timing import clean_environ, spymon_command

COLUMNS, LINES = 120, 40
_ASKED = re.compile(rb"\x1b\[(?:\?(\d+)\$p|(>?0?c)|(\?u)|(6n))")
_PRIVATE = re.compile(rb"\x1b\[[<>=?][0-9;]*\$?[a-zA-Z]")
_MODES_KNOWN = {b"2026"}
_READ = 1 << 16


@dataclass(frozen=True, slots=True)
class Heard:
    """Bytes as they came in one read, and when, in seconds of the monotonic clock."""

    at_s: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Load:
    """What a process has used up to now: seconds on a core, and seconds it waited for one."""

    ran_s: float
    waited_s: float


class Terminal:
    """Runs spymon in a terminal of 120 x 40; use it in a `with` block, which ends it."""

    def __init__(self, arguments: Sequence[str], folder: Path, command: Sequence[str] = ()) -> None:
        """Start spymon with some arguments and its data below `folder`, or another command as it stands."""
        self.heard: list[Heard] = []
        self._fd, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environ = clean_environ(folder, {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
        usual = [*spymon_command(), *arguments, "--data-dir", str(folder / "data")]
        self.began_s = time.perf_counter()
        self._child = subprocess.Popen(
            command or usual, cwd=folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.press("q")
        self.listen(5.0)
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        os.close(self._fd)

    def listen(self, seconds: float, until: Callable[[bytes], bool] | None = None) -> bool:
        """Hear what is said for so long, or until what has been said suffices; return whether it did."""
        end_s = time.perf_counter() + seconds
        said = b"".join(heard.data for heard in self.heard)
        while (left_s := end_s - time.perf_counter()) > 0:
            if not select.select([self._fd], [], [], left_s)[0]:
                continue
            data = self._read()
            if not data:
                return False
            self._answer(data)
            said += data if until else b""
            if until and until(said):
                return True
        return False

    def press(self, key: str) -> float:
        """Press a key and return when."""
        at_s = time.perf_counter()
        os.write(self._fd, key.encode())
        return at_s

    def load(self) -> Load | None:
        """Return what the process has used, all threads; None where the system does not tell."""
        proc = Path(f"/proc/{self._child.pid}")
        try:
            fields = (proc / "stat").read_text().rpartition(")")[2].split()
            waited = [(task / "schedstat").read_text().split()[1] for task in (proc / "task").iterdir()]
        except OSError:
            return None
        ticks = int(fields[11]) + int(fields[12])
        return Load(ticks / os.sysconf("SC_CLK_TCK"), sum(map(int, waited)) / 1e9)

    def threads(self) -> dict[int, float]:
        """Return the seconds on a core of each thread by its number; nothing where the system is silent."""
        ran: dict[int, float] = {}
        for task in Path(f"/proc/{self._child.pid}/task").glob("*"):
            with suppress(OSError):  # it has just ended
                ran[int(task.name)] = int((task / "schedstat").read_text().split()[0]) / 1e9
        return ran

    @property
    def pid(self) -> int:
        """Return the process's number, which is also that of its main thread."""
        return self._child.pid

    def peak_mb(self) -> float | None:
        """Return the most memory the process has had; None where the system does not tell."""
        return self._memory_mb("VmHWM")

    def memory_mb(self) -> float | None:
        """Return the memory the process has now; None where the system does not tell."""
        return self._memory_mb("VmRSS")

    def _memory_mb(self, name: str) -> float | None:
        try:
            status = Path(f"/proc/{self._child.pid}/status").read_text()
        except OSError:
            return None
        found = re.search(rf"{name}:\s+(\d+) kB", status)
        return int(found[1]) * 1024 / 1e6 if found else None

    def _read(self) -> bytes:
        try:
            data = os.read(self._fd, _READ)
        except OSError:  # the other end is gone
            return b""
        self.heard.append(Heard(time.perf_counter(), data))
        return data

    def _answer(self, data: bytes) -> None:
        """Answer what a terminal is asked: modes, attributes, keyboard protocol, cursor."""
        for mode, attributes, keyboard, _ in _ASKED.findall(data):
            if mode:
                os.write(self._fd, b"\x1b[?%s;%d$y" % (mode, 2 if mode in _MODES_KNOWN else 0))
            elif attributes:
                os.write(self._fd, b"\x1b[>0;276;0c" if attributes.startswith(b">") else b"\x1b[?62;22c")
            else:
                os.write(self._fd, b"\x1b[?0u" if keyboard else b"\x1b[1;1R")


class Picture:
    """What the bytes make of the screen."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take in more bytes; a sequence may be cut anywhere."""
        # pyte would print what it does not know of private sequences.
        whole, mark, rest = (self._rest + data).rpartition(b"\x1b")
        complete = mark and re.match(rb"\[[0-9;<=>?$]*[a-zA-Z]", rest)
        self._rest = b"" if complete or not mark else mark + rest
        ready = whole + mark + rest if complete or not mark else whole
        self._stream.feed(_PRIVATE.sub(b"", ready))

    @property
    def lines(self) -> list[str]:
        """Return the text of every line."""
        return list(self._screen.display)
