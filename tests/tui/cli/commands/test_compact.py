"""`spymon compact` and what `spymon days` says of recordings."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.events import QUOTE, Events, empty_events
from engine.model.underlyings import underlying
from engine.store.journal.encoding import Recording
from engine.store.journal.writer import Journal
from tui.cli.main import main

DAY = date(2025, 12, 16)
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no setting and no key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith(("SPYMON_", "MASSIVE_", "POLYGON_")):
            monkeypatch.delenv(name)


def quotes(n: int) -> Events:
    events = empty_events(n)
    events["ts"] = session(DAY).open_ns + np.arange(n) * 10**9
    events["cid"], events["kind"] = 1, QUOTE
    events["p1"], events["p2"], events["s1"], events["s2"] = 10_000, 10_100, 5, 6
    return events


@pytest.fixture
def record() -> Callable[..., Journal]:
    """Return what records a few quotes of a symbol."""

    def run(symbol: str = "SPY", close: bool = True) -> Journal:
        journal = Journal(Path("data"), Recording(DAY, underlying(symbol), "tape", 100))
        journal.add_contracts([Contract(symbol, DAY, "C", 685_000)])
        journal.append(quotes(50), session(DAY).open_ns, "test")
        if close:
            journal.close()
        return journal

    return run


def test_a_recording_is_listed_compacted_verified_and_replayed(
    record: Callable[..., Journal], capsys: Captured
) -> None:
    record()
    assert main(["days"]) == 0
    out, err = capsys.readouterr()
    assert "2025-12-16  SPY" in out
    assert "partial journal" in out
    assert "becomes a day by spymon compact" in err
    assert main(["days", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stored"] == "journal"

    assert main(["compact"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2025-12-16 SPY compacted: 50 events, 09:30:00 to 09:30:49, 1 file of 0.0 MB to ")
    state_hash = out.split("state ")[1].strip()
    assert not Path("data/journal/2025-12-16").exists()

    assert main(["days", "--json"]) == 0
    day = json.loads(capsys.readouterr().out)
    assert (day["stored"], day["state_hash"], day["source"]) == ("day", state_hash, "recorded")
    assert main(["verify", "2025-12-16"]) == 0
    assert f"SPY folds to the recorded hash {state_hash}" in capsys.readouterr().out


def test_what_is_a_recording_still_is_verified_by_compacting_it(
    record: Callable[..., Journal], capsys: Captured
) -> None:
    record("SPY")
    for more in ([], ["--symbol", "spy"]):
        assert main(["verify", "2025-12-16", *more]) == 4
        assert capsys.readouterr().err == (
            "spymon: 2025-12-16 is a recording still; "
            "spymon compact 2025-12-16 makes a day of it and verifies that.\n"
        )
    assert main(["verify", "2025-12-16", "--symbol", "QQQ"]) == 4
    assert "There is no recorded or imported day 2025-12-16 of QQQ" in capsys.readouterr().err
    assert main(["compact"]) == 0
    record("QQQ")
    assert main(["verify", "2025-12-16"]) == 0


@pytest.mark.parametrize(
    "command", ["--replay 2025-12-16 --headless", "levels SPY --replay 2025-12-16", "study 2025-12-16"]
)
def test_what_is_lost_of_a_recording_is_said_by_whatever_reads_it(
    command: str, record: Callable[..., Journal], capsys: Captured
) -> None:
    record()
    [path] = Path("data/journal/2025-12-16").glob("*.arrows")
    record()
    [_, torn] = sorted(Path("data/journal/2025-12-16").glob("*.arrows"))
    os.truncate(torn, torn.stat().st_size - 20)
    main(command.split())
    err = capsys.readouterr().err
    assert err.count(f"{torn} breaks off within its last batch") == 1
    assert str(path) not in err


def test_one_symbol_or_one_day_can_be_compacted_alone(
    record: Callable[..., Journal], capsys: Captured
) -> None:
    record("SPY")
    record("QQQ")
    assert main(["compact", "2025-12-16", "--symbol", "qqq"]) == 0
    assert capsys.readouterr().out.startswith("2025-12-16 QQQ compacted")
    assert [path.name for path in Path("data/journal/2025-12-16").iterdir()] == ["SPY-093000.arrows"]


def test_nothing_to_compact_is_no_failure_unless_it_was_asked_for(capsys: Captured) -> None:
    assert main(["compact"]) == 0
    assert capsys.readouterr().err == "spymon: There is nothing to compact in data.\n"
    assert main(["compact", "2025-12-16"]) == 4
    assert "There is no recording on 2025-12-16 in data" in capsys.readouterr().err
    assert main(["compact", "2025-12-16", "--symbol", "IWM"]) == 4
    assert "There is no recording of IWM on 2025-12-16" in capsys.readouterr().err
    assert main(["compact", "2025-12-20"]) == 4
    assert "2025-12-20 is a Saturday" in capsys.readouterr().err
    assert main(["compact", "yesterday"]) == 2


def test_what_is_being_recorded_is_left_alone_and_said_when_it_was_asked_for(
    record: Callable[..., Journal], capsys: Captured
) -> None:
    pytest.importorskip("fcntl")
    journal = record(close=False)
    assert main(["compact"]) == 0
    out, err = capsys.readouterr()
    assert (out, "SPY on 2025-12-16 is still being recorded" in err) == ("", True)
    assert main(["compact", "2025-12-16"]) == 1
    assert "by another spymon; stop that one first" in capsys.readouterr().err
    assert main(["days"]) == 0
    assert " recording " in capsys.readouterr().out
    journal.close()


def test_a_damaged_recording_is_named_and_what_cannot_be_read_is_kept(
    record: Callable[..., Journal], capsys: Captured
) -> None:
    journal = record(close=False)
    path = journal.folder.files()[0]
    size = path.stat().st_size
    for _ in range(2):
        journal.append(quotes(50), session(DAY).open_ns, "test")
    journal.close()
    data = bytearray(path.read_bytes())
    data[size + 900 : size + 912] = b"damage" * 2
    path.write_bytes(data)
    record("QQQ")
    assert main(["compact"]) == 0
    out, err = capsys.readouterr()
    assert out.count("compacted: 50 events") == 2
    assert "is damaged at byte" in err
    assert f"What cannot be read is kept as {path}.damaged." in err
    assert Path(f"{path}.damaged").read_bytes() == data


def test_a_foreign_file_fails_and_the_others_are_compacted(
    record: Callable[..., Journal], capsys: Captured
) -> None:
    record()
    foreign = Path("data/journal/2025-12-16/AAA-093000.arrows")
    foreign.write_text("mine\n", encoding="utf-8")
    assert main(["compact"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("2025-12-16 SPY compacted")
    assert "AAA-093000.arrows is not a recording" in err
    assert foreign.exists()
