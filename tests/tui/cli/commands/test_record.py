"""`spymon record`: a day to disk without a screen, and what ends it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.session.recorder import RecordingStatus
from engine.store.journal.folders import recordings
from engine.store.journal.tape import open_journal
from engine.tape.link import Lag, Link
from tests.paths import ROOT
from tui.cli.commands.record_lines import PIPE_NS, TERMINAL_NS, StatusBoard, as_lines
from tui.cli.main import main

Captured = pytest.CaptureFixture[str]
STANDING = RecordingStatus(
    symbol="SPY",
    link=Link(badge="LIVE", state="connected"),
    lag=Lag(p50_ms=12.4, p99_ms=80),
    events=3_662_188,
    rows=1000,
    safe=900,
    missed=5,
    gaps=2,
    snapshots=7,
    trouble="",
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no setting and no key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith(("SPYMON_", "MASSIVE_", "POLYGON_")):
            monkeypatch.delenv(name)


@contextmanager
def recording(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Record the simulated day in a process of its own, which is not left behind."""
    command = [sys.executable, "-m", "tui", "record", "--source", "simulated", "--symbol", "DIA", *arguments]
    with subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def test_the_simulated_day_is_recorded_whole_and_replayed_as_simulated(capsys: Captured) -> None:
    assert main(["record", "--source", "simulated", "--symbol", "DIA", "--speed", "max"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].startswith("DIA   SIMULATED    360,790 events")
    assert "on disk 360,790 of 360,790" in out
    assert "spymon: DIA on 2025-12-16 was compacted: 360,790 events, state " in err
    state_hash = err.split("state ")[1].split(".")[0]
    assert "look at it with spymon --data-dir data/simulated --replay 2025-12-16." in err

    folder = ["--data-dir", "data/simulated"]
    assert main([*folder, "--replay", "2025-12-16", "--headless", "--json", "--to", "09:31"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["source"] for each in said if each["type"] in ("status", "summary")} == {"simulated"}
    assert {each["badge"] for each in said if each["type"] == "status"} == {"SIMULATED"}
    assert main(["verify", "2025-12-16", *folder]) == 0
    assert f"folds to the recorded hash {state_hash}" in capsys.readouterr().out
    assert not Path("data/days").exists()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX delivers signals to one process")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_with_the_journal_closed(
    number: signal.Signals, code: int, capsys: Captured
) -> None:
    with recording("--speed", "60") as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("DIA   SIMULATED")
        with recording() as second:
            _, err = second.communicate()
            assert (second.returncode, "already runs" in err) == (1, True)
        child.send_signal(number)
        out, err = child.communicate()
    assert (child.returncode, err) == (code, "")
    [place] = recordings(Path("data/simulated"))
    tape = open_journal(place)
    assert tape.problems == ()
    assert place.files()[0].read_bytes().endswith(b"\xff\xff\xff\xff\x00\x00\x00\x00")
    count = sum(len(tape.read(chunk)) for chunk in range(len(tape.starts)))
    assert f"on disk {count:,} of {count:,}" in out

    arguments = ["--data-dir", "data/simulated", "--replay", "2025-12-16", "--headless", "--json"]
    assert main(arguments) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["type"], summary["events"], summary["source"]) == ("summary", count, "simulated")


@pytest.mark.skipif(os.name != "posix", reason="elsewhere there are no unix sockets at all")
def test_where_no_screen_can_attach_it_records_all_the_same(capsys: Captured) -> None:
    socket = Path("data/simulated/run/recorder.sock")
    (socket / "in the way").mkdir(parents=True)
    assert main(["record", "--source", "simulated", "--symbol", "DIA", "--speed", "max"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].startswith("DIA   SIMULATED    360,790 events")
    [said] = [line for line in err.splitlines() if "No screen can attach" in line]
    assert said.startswith(f"spymon: {socket} cannot be used (")
    assert said.endswith("No screen can attach, and everything is recorded all the same.")


def test_without_a_key_it_says_what_to_do(capsys: Captured) -> None:
    assert main(["record"]) == 3
    assert "put MASSIVE_API_KEY in .env" in capsys.readouterr().err
    assert main(["record", "--source", "simulated", "--symbol", "GOOG"]) == 2
    assert "GOOG has no preset" in capsys.readouterr().err


def test_a_line_says_what_is_on_disk_and_what_is_wrong() -> None:
    assert as_lines(STANDING, 1234.5) == [
        "SPY   LIVE       3,662,188 events   1,234/s  on disk 900 of 1,005  gaps 2  lag 12 ms  snapshots 7"
    ]
    link = replace(STANDING.link, note="The feed is silent.")
    line, *wrong = as_lines(replace(STANDING, lag=None, trouble="SPY is not being recorded.", link=link), 0)
    assert line.endswith("lag —  snapshots 7")
    assert wrong == ["      SPY is not being recorded.", "      The feed is silent."]


class Wall:
    ns = 0

    def __call__(self) -> int:
        return self.ns


def test_a_pipe_gets_lines_now_and_then_and_when_something_happens() -> None:
    out, wall = io.StringIO(), Wall()
    board = StatusBoard(out, False, wall)
    board.look([])
    assert out.getvalue() == ""
    board.look([STANDING])
    assert out.getvalue().count("\n") == 1
    wall.ns = PIPE_NS - 1
    board.look([STANDING])
    assert out.getvalue().count("\n") == 1
    board.look([replace(STANDING, trouble="The disk is full.")])
    assert out.getvalue().endswith("The disk is full.\n")
    wall.ns += PIPE_NS
    board.look([replace(STANDING, trouble="The disk is full.", events=STANDING.events + 600)])
    assert out.getvalue().count("\n") == 5
    assert "     10/s" in out.getvalue().splitlines()[-2]
    assert "\x1b" not in out.getvalue()


def test_a_terminal_is_rewritten_in_place_until_something_is_said() -> None:
    out, wall = io.StringIO(), Wall()
    board = StatusBoard(out, True, wall)
    for _ in range(2):
        board.look([STANDING, STANDING])
        wall.ns += TERMINAL_NS
    first, second = out.getvalue().split("\x1b[2F\x1b[J")
    assert first.count("\n") == second.count("\n") == 2
    assert max(map(len, first.splitlines())) < 80
    board.leave()
    board.look([STANDING])
    assert out.getvalue().count("\x1b[2F") == 1
