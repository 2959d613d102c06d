"""The installed command, in a real terminal and in a pipe, from the first paint to the shell's prompt.

Nothing is slept for and nothing is timed: what is waited for is a state of the screen, with a deadline that a
machine which has to compile first can keep.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyte
import pytest

SPYMON = Path(sys.executable).with_name("spymon")
DEADLINE_S = 120.0
WINDOW = ("--symbol", "DIA", "--from", "10:00", "--to", "10:20")

pytestmark = pytest.mark.skipif(not SPYMON.exists(), reason="spymon is not installed beside this Python")


def clean_environ(home: Path, extra: dict[str, str]) -> dict[str, str]:
    """Return an environment that holds nothing of the person who runs the tests."""
    theirs = ("SPYMON_", "SSH_", "MASSIVE_", "POLYGON_", "TEXTUAL", "NO_COLOR", "COLUMNS", "LINES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    homes = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    return kept | homes | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | extra


# --- a terminal -------------------------------------------------------------------------------------------

ANSWERS = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # it can hold a frame back until it is whole
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",  # it does not tell its size in band
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;22c",
}
_ASKED = re.compile(rb"\x1b\[(?:\?\d+\$p|6n|c)")
_NOT_A_MODE = re.compile(rb"\x1b\[[<>=?][0-9;]*\$?[a-gi-km-zA-Z]")  # the picture's maker would print it
_CUT_OFF = re.compile(rb"\x1b(?:\[[<>=?]?[0-9;]*\$?)?\Z")
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
FRESH_MODES = frozenset(("7", "25"))  # lines wrap, and the cursor shows
ALTERNATE_SCREEN = "1049"


@dataclass(frozen=True)
class Left:
    """How a program left its terminal.

    modes    : the private modes that are on
    tidy     : the line discipline and the keyboard protocol are as they were
    """

    code: int
    modes: frozenset[str]
    tidy: bool


class Terminal:
    """A pseudo-terminal with a program in it, and the picture its bytes have made so far."""

    def __init__(
        self,
        arguments: tuple[str, ...],
        home: Path,
        size: tuple[int, int],
        controls: bool = True,
        **extra: str,
    ) -> None:
        self._ours, self._theirs = pty.openpty()
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._said, self._cut = b"", b""
        self.resize(*size)
        self._line = termios.tcgetattr(self._theirs)
        self._child = subprocess.Popen(
            [SPYMON, *arguments],
            cwd=home,
            env=clean_environ(home, extra),
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            start_new_session=True,
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if controls else None,
        )

    # what a person does

    def press(self, *keys: str) -> None:
        """Type, one write per key as a keyboard does it."""
        for key in keys:
            os.write(self._ours, key.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Drag the corner of the window; the kernel tells the program."""
        self._screen.resize(lines, columns)
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self._child.send_signal(number)

    def close_window(self) -> int:
        """Close the window, and return how the program ended."""
        self._hang_up()
        return self._child.wait(DEADLINE_S)

    # what a person sees

    @property
    def text(self) -> str:
        """Everything on the screen."""
        return "\n".join(self._screen.display)

    def line(self, part: str) -> str:
        """Return the first line that has `part` in it; nothing when there is none."""
        return next((line for line in self._screen.display if part in line), "")

    @property
    def said(self) -> bytes:
        """Every byte that came."""
        return self._said

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Listen until the picture is as it should be."""
        end_s = time.monotonic() + DEADLINE_S
        while not holds():
            code = self._child.poll()
            assert self._listen() or code is None, f"left with {code} before {what}:\n{self.text}"
            assert time.monotonic() < end_s, f"no {what}:\n{self.text}"

    def waits_for(self, holds: Callable[[], object], what: str) -> None:
        """Look elsewhere, and do not listen, until something has happened."""
        end_s = time.monotonic() + DEADLINE_S
        while not holds():
            assert time.monotonic() < end_s, f"no {what}"
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"left with {self._child.wait(0.01)} before {what}")

    def shows(self, *parts: str) -> None:
        """Listen until all of this is on the screen."""
        self.until(lambda: all(part in self.text for part in parts), f"sight of {parts}")

    def hides(self, part: str) -> None:
        """Listen until this is no longer on the screen."""
        self.until(lambda: part not in self.text, f"end of {part}")

    def left(self) -> Left:
        """Listen until the program has left, and look at what it left behind."""
        self.until(lambda: self._child.poll() is not None, "end")
        while self._listen():
            pass
        modes = set(FRESH_MODES)
        for names, verb in _MODE.findall(self._said):
            (modes.update if verb == b"h" else modes.difference_update)(names.decode().split(";"))
        pushed, popped = (len(re.findall(rb"\x1b\[" + sign + rb"\d*u", self._said)) for sign in (b">", b"<"))
        tidy = termios.tcgetattr(self._theirs) == self._line and pushed == popped
        return Left(self._child.returncode, frozenset(modes), tidy)

    def throw_away(self) -> None:
        """End the program whatever it does, and close the terminal."""
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._hang_up()

    def _hang_up(self) -> None:
        for fd in (self._theirs, self._ours):
            if fd >= 0:
                os.close(fd)
        self._ours = self._theirs = -1

    def _listen(self) -> bool:
        """Hear what is said within a moment; False when that is nothing."""
        if not select.select([self._ours], [], [], 0.05)[0]:
            return False
        data = os.read(self._ours, 1 << 16)
        self._said += data
        whole = self._cut + data
        cut = _CUT_OFF.search(whole)
        self._cut = cut[0] if cut else b""
        whole = whole[: len(whole) - len(self._cut)]
        for question in _ASKED.findall(whole):
            os.write(self._ours, ANSWERS.get(question, b""))
        self._stream.feed(_NOT_A_MODE.sub(b"", whole))
        return True


class Open(Protocol):
    def __call__(
        self, *arguments: str, size: tuple[int, int] = ..., controls: bool = ..., **extra: str
    ) -> Terminal: ...


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Open]:
    """Start spymon in terminals that are gone when the test is."""
    terminals: list[Terminal] = []

    def start(
        *arguments: str, size: tuple[int, int] = (120, 36), controls: bool = True, **extra: str
    ) -> Terminal:
        terminals.append(Terminal(arguments, tmp_path, size, controls, **extra))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.throw_away()


def in_pipe(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run spymon without a terminal, to its end."""
    return subprocess.run(
        [SPYMON, *arguments], cwd=home, env=clean_environ(home, {}), capture_output=True, text=True
    )


# --- a day in the terminal --------------------------------------------------------------------------------


def clock(spymon: Terminal) -> str:
    """Return the exchange time in the header."""
    found = re.search(r"(\d\d:\d\d:\d\d\.\d) ET", spymon.text)
    return found[1] if found else ""


def paused(spymon: Terminal) -> Terminal:
    """Wait for the day and hold it."""
    spymon.shows("⏵ SIMULATED ×10")
    spymon.press(" ")
    spymon.shows("⏸ SIMULATED ×10")
    return spymon


def test_the_simulated_day_loads_and_plays(open_terminal: Open) -> None:
    spymon = open_terminal()
    spymon.shows("loading SPY 2025-12-16")
    spymon.shows("⏵ SIMULATED ×10", "CALLS", "│STRIKE│", "PUTS", "γ net", "SIGNALS", "spymon import PATH")
    spymon.until(lambda: re.search(r"│► \d{3} │", spymon.text), "strike nearest to the spot")
    began = clock(spymon)
    spymon.until(lambda: clock(spymon) > began, "later time")


def test_keys_change_what_is_seen_and_how_fast(open_terminal: Open) -> None:
    spymon = paused(open_terminal())
    for key, sight in (("]", "⏸ SIMULATED ×25"), ("v", "γ puts│calls"), ("2", "[2 QQQ]")):
        spymon.press(key)
        spymon.shows(sight)
    for key, sight in (("?", "row before"), ("\r", "O:QQQ251216")):
        spymon.press(key)
        spymon.shows(sight)
        spymon.press("\x1b")
        spymon.hides(sight)
    spymon.shows("│STRIKE│")


def test_one_goes_to_a_time_and_from_signal_to_signal(open_terminal: Open) -> None:
    spymon = paused(open_terminal())
    spymon.press("t")
    spymon.shows("go to a time")
    spymon.press(*"12:41")
    spymon.shows("to 12:41:00 exchange time")
    spymon.press("\r")
    spymon.shows("12:41:00.0 ET")
    spymon.press("}")
    spymon.until(lambda: clock(spymon) > "12:41:00.0", "later signal")
    signal_at = clock(spymon)
    spymon.until(lambda: signal_at in spymon.text.partition("SIGNALS")[2], "signal in the log")
    spymon.press("{")
    spymon.until(lambda: clock(spymon) < "12:41:00.0", "earlier signal")


def test_the_filter_narrows_the_log_while_it_is_typed(open_terminal: Open) -> None:
    spymon = paused(open_terminal("--from", "12:00"))
    spymon.press("}", "}", "/")
    spymon.shows("filter the signals")
    spymon.press(*"nosuchthing")
    spymon.until(lambda: "nosuchthing" in spymon.line("SIGNALS"), "filter in the log's title")


# --- days of one's own ------------------------------------------------------------------------------------

TEN_NS = 1_718_373_600_000_000_000  # 2024-06-14 10:00 exchange time
NS = 1_000_000_000
OPTION = "O:SPY240614{}00540000"


def write_flat_files(folder: Path) -> list[str]:
    """Write half an hour of one strike, its open interest and the stock, as the vendor lays them out."""
    spot = [f"SPY,9,540.{i:02d},540.{i:02d},541,539,{TEN_NS + i * 60 * NS},3" for i in range(30)]
    quotes, trades = [], []
    for second in range(0, 1800, 2):
        at = TEN_NS + second * NS
        for right in "CP":
            ticker = OPTION.format(right)
            quotes.append(f"{ticker},312,1.30,10,312,1.25,12,{second},{at}")
            trades.append(f"{ticker},209,0,312,1.30,{at + NS // 2},2")
    tables = {
        "trades.csv.gz": ("ticker,conditions,correction,exchange,price,sip_timestamp,size", trades),
        "quotes.csv": (
            "ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp",
            quotes,
        ),
        "minutes.csv": ("ticker,volume,open,close,high,low,window_start,transactions", spot),
        "interest.csv": ("ticker,open_interest", [f"{OPTION.format(right)},1500" for right in "CP"]),
    }
    for name, (head, rows) in tables.items():
        data = "\n".join([head, *rows, ""]).encode()
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return [str(folder / name) for name in tables]


def test_an_imported_day_is_one_key_away(open_terminal: Open, tmp_path: Path) -> None:
    done = in_pipe(tmp_path, "import", *write_flat_files(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "2024-06-14 SPY" in done.stdout
    spymon = paused(open_terminal())
    spymon.press("S")
    spymon.shows("⏸ REPLAY", "06-14", "540")
    assert "SIMULATED" not in spymon.text
    spymon.press("S")
    spymon.shows("⏸ SIMULATED", "12-16")


def test_an_imported_day_replays(open_terminal: Open, tmp_path: Path) -> None:
    assert in_pipe(tmp_path, "import", *write_flat_files(tmp_path)).returncode == 0
    spymon = open_terminal("--replay", "2024-06-14", "--from", "10:10")
    spymon.shows("⏵ REPLAY ×1 ", "[1 SPY]", "540.09", "10:10:0")
    spymon.until(lambda: spymon.line("► 540").count("1,500") == 2, "open interest of both sides")


# --- alerts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [True, False])
def test_an_alert_reaches_the_terminal_of_a_simulated_day_only_when_asked(
    open_terminal: Open, tmp_path: Path, asked: bool
) -> None:
    (tmp_path / "spymon.toml").write_text('alerts.channels = ["bell", "toast"]\nalerts.min_strength = 0\n')
    flags = ("--alerts",) if asked else ()
    spymon = open_terminal("--symbol", "DIA", "--speed", "max", *flags)
    spymon.shows("16:15:00")
    assert (b"\x1b]9;SIMULATED DIA" in spymon.said) is asked
    rung = re.sub(rb"\x1b\][^\a\x1b]*\a", b"", spymon.said)  # there it ends a sequence
    assert (b"\a" in rung) is asked
    spymon.press("q")
    assert spymon.left() == Left(0, FRESH_MODES, tidy=True)


# --- leaving ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        (lambda spymon: spymon.press("q"), 0),
        (lambda spymon: spymon.press("\x03"), 130),
        (lambda spymon: spymon.signal(signal.SIGINT), 130),
        (lambda spymon: spymon.signal(signal.SIGTERM), 143),
    ],
    ids=["q", "ctrl-c", "SIGINT", "SIGTERM"],
)
@pytest.mark.parametrize("moment", ["loading", "⏵ SIMULATED"])
def test_the_terminal_is_as_it_was(
    open_terminal: Open, leave: Callable[[Terminal], None], code: int, moment: str
) -> None:
    spymon = open_terminal()
    spymon.shows(moment)
    assert ALTERNATE_SCREEN.encode() in spymon.said
    leave(spymon)
    assert spymon.left() == Left(code, FRESH_MODES, tidy=True)
    assert b"Traceback" not in spymon.said


def test_a_day_that_cannot_be_shown_is_one_sentence_after_the_screen_is_gone(open_terminal: Open) -> None:
    spymon = open_terminal("--expiry", "2025-12-24")
    assert spymon.left() == Left(4, FRESH_MODES, tidy=True)
    last = spymon.said.rpartition(b"\x1b[?1049l")[2].decode()
    assert "spymon: SPY lists no expiration for --expiry 2025-12-24" in last


@pytest.mark.parametrize("controls", [True, False], ids=["hung up on", "not told"])
def test_it_does_not_outlive_its_window(open_terminal: Open, controls: bool) -> None:
    spymon = open_terminal(controls=controls)
    spymon.shows("⏵ SIMULATED")
    assert spymon.close_window() == 129


def test_while_nobody_reads_the_terminal_it_goes_on_and_shows_all_of_it_afterwards(
    open_terminal: Open, tmp_path: Path
) -> None:
    spymon = open_terminal()
    spymon.shows("⏵ SIMULATED")

    def shots() -> set[tuple[Path, int]]:
        return {(path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*.svg")}

    for _ in range(30):  # each is more than one write; a terminal holds some, and so does Textual
        before = shots()
        spymon.press("\x13")
        spymon.waits_for(lambda before=before: shots() != before, "screenshot")
    spymon.press("2")
    spymon.shows("[2 QQQ]", "│STRIKE│", "SIGNALS")
    spymon.press("q")
    assert spymon.left() == Left(0, FRESH_MODES, tidy=True)


# --- terminals of other kinds -----------------------------------------------------------------------------


def test_a_tiny_terminal_gets_a_sentence_and_a_larger_one_the_day(open_terminal: Open) -> None:
    spymon = open_terminal(size=(20, 5))
    spymon.shows("too small")
    spymon.resize(80, 24)
    spymon.shows("⏵ SIMULATED", "STRIKE", "SIGNALS")
    spymon.resize(20, 5)
    spymon.shows("too small")
    spymon.press("q")
    assert spymon.left() == Left(0, FRESH_MODES, tidy=True)


def test_without_colour_there_is_none(open_terminal: Open) -> None:
    spymon = open_terminal(NO_COLOR="1")
    spymon.shows("⏵ SIMULATED", "STRIKE")
    assert not has_colour(spymon.said)
    spymon = open_terminal()
    spymon.shows("⏵ SIMULATED", "STRIKE")
    assert has_colour(spymon.said)


def has_colour(said: bytes) -> bool:
    """Say whether a colour other than grey was asked for."""
    return any(len({*rgb}) > 1 for rgb in re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)[;m]", said))


def test_a_dumb_terminal_gets_lines(open_terminal: Open) -> None:
    spymon = open_terminal(*WINDOW, TERM="dumb")
    assert spymon.left().code == 0
    assert ALTERNATE_SCREEN.encode() not in spymon.said
    assert "This terminal has no keyboard or cannot place text" in spymon.said.decode()


# --- pipes ------------------------------------------------------------------------------------------------


def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    line = f"'{SPYMON}' --json | head -n 3; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, env=clean_environ(tmp_path, {}), capture_output=True, text=True
    )
    *lines, code = run.stdout.splitlines()
    assert len(lines) == 3
    assert all(json.loads(each)["type"] for each in lines)
    assert code == "0"
    assert run.stderr == ""


def test_two_runs_of_a_day_agree_to_the_bit(tmp_path: Path) -> None:
    first, second = (in_pipe(tmp_path, *WINDOW, "--json") for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "")
    told = [[json.loads(line) for line in run.stdout.splitlines()] for run in (first, second)]
    for summary in (told[0][-1], told[1][-1]):
        assert summary.pop("wall_s") >= 0
        assert summary.pop("events_per_s") >= 0
    assert told[0][-1]["state_hash"]
    assert told[0][-1] == told[1][-1]
