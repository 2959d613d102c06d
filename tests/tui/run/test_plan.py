"""Which day, source, symbols, bounds and speed a command line means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from engine.model.calendar import parse_time
from engine.model.errors import CredentialError, NoDataError, UsageError
from tui.run.plan import (
    SIMULATED_DAY,
    Disk,
    RunFlags,
    RunPlan,
    day_files,
    days_on_disk,
    make_plan,
    to_fetch,
    without_empty,
)
from tui.settings.config import Settings, load_settings

TODAY = date(2026, 11, 20)
IMPORTED = date(2015, 12, 24)
DISK: Disk = {IMPORTED: ("GOOG", "SPY")}
KEY = {"MASSIVE_API_KEY": "k-123"}


def settings(environ: Mapping[str, str] | None = None, **flags: str) -> Settings:
    return load_settings(flags, environ or {}, Path("nowhere"), Path("nowhere"))


def plan(
    replay: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    lines: str | None = None,
    disk: Disk = DISK,
    environ: Mapping[str, str] | None = None,
    **flags: str,
) -> RunPlan:
    return make_plan(RunFlags(replay, from_, to, lines), settings(environ, **flags), disk, TODAY)


def test_nothing_asked_is_the_simulated_day_at_ten() -> None:
    got = plan()
    assert (got.day, got.source, got.speed) == (date(2025, 12, 16), "simulated", 10.0)
    assert got.symbols == ("SPY", "QQQ", "SPX", "NDX", "IWM", "DIA")
    assert (got.start_ns, got.end_ns, got.lines) == (None, None, None)


def test_a_day_on_disk_is_replayed_at_the_markets_speed_with_its_own_symbols() -> None:
    got = plan("2015-12-24")
    assert (got.day, got.source, got.speed) == (IMPORTED, "import", 1.0)
    assert got.symbols == ("SPY", "GOOG")


def test_a_day_that_is_not_on_disk_is_simulated() -> None:
    assert (plan("2024-06-14").source, plan("2024-06-14").day) == ("simulated", date(2024, 6, 14))


def test_naming_the_simulated_source_passes_over_the_disk() -> None:
    assert plan("2015-12-24", source="simulated").source == "simulated"


def test_other_days_on_disk_can_be_switched_to() -> None:
    assert plan().others == (IMPORTED,)
    assert plan("2015-12-24").others == ()


@pytest.mark.parametrize("replay", [None, "2015-12-24", "2024-06-14"])
def test_without_a_screen_every_replay_is_as_fast_as_it_goes(replay: str | None) -> None:
    assert plan(replay, lines="json").speed == math.inf


def test_a_given_speed_is_kept_everywhere() -> None:
    assert plan(speed="3").speed == 3.0
    assert plan("2015-12-24", lines="text", speed="2").speed == 2.0


def test_a_symbol_that_is_not_on_disk_for_the_day_is_no_data() -> None:
    with pytest.raises(NoDataError, match="2015-12-24 is on disk for GOOG, SPY, not for QQQ; fetch it"):
        plan("2015-12-24", symbol="GOOG,QQQ")


def test_a_symbol_on_disk_needs_no_preset() -> None:
    assert plan("2015-12-24", symbol="GOOG").symbols == ("GOOG",)


def test_a_symbol_without_preset_needs_custom_elsewhere() -> None:
    with pytest.raises(UsageError, match="--custom"):
        plan(symbol="AAPL")


def test_a_symbol_that_is_known_but_not_simulated_is_no_data() -> None:
    with pytest.raises(NoDataError, match="AAPL is not simulated, only SPY, QQQ"):
        plan(symbol="AAPL", custom="AAPL:2.5")


def test_bounds_are_exchange_time_of_the_day() -> None:
    got = plan("2024-06-14", "10:00", "11:30:15")
    day = date(2024, 6, 14)
    assert (got.start_ns, got.end_ns) == (parse_time("10:00", day), parse_time("11:30:15", day))


@pytest.mark.parametrize(
    ("from_", "to", "sentence"),
    [
        ("12:00", "10:00", "--from 12:00 is not before --to 10:00."),
        ("12:00", "12:00", "--from 12:00 is not before --to 12:00."),
        ("17:00", None, "--from 17:00 is after the close of 2024-06-14."),
        (None, "09:00", "--to 09:00 is before the open of 2024-06-14."),
        ("25:00", None, "'25:00' is not a time of day"),
    ],
)
def test_bounds_that_hold_nothing_are_wrong_usage(from_: str | None, to: str | None, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan("2024-06-14", from_, to)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("text", ["2025-13-45", "2025-02-29", "yesterday", ""])
def test_an_impossible_date_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match=f"--replay {text} is not a date; write it as YYYY-MM-DD"):
        plan(text)


@pytest.mark.parametrize(
    ("day", "what"),
    [
        ("2025-12-25", "a market holiday \\(Christmas Day\\); the nearest trading days are 2025-12-24 and"),
        ("2025-12-20", "a Saturday; the nearest trading days are 2025-12-19 and 2025-12-22"),
        ("2026-11-23", "has not happened yet; the last complete trading day was 2026-11-19"),
        ("1999-01-04", "outside the trading calendar"),
    ],
)
def test_a_day_without_trading_is_no_data(day: str, what: str) -> None:
    with pytest.raises(NoDataError, match=what):
        plan(day)


@pytest.mark.parametrize("name", ["massive", "massive-rest"])
def test_a_provider_without_its_key_asks_for_it(name: str) -> None:
    with pytest.raises(CredentialError, match="MASSIVE_API_KEY"):
        plan(source=name)


def test_with_a_key_today_is_watched_live() -> None:
    got = plan(environ=KEY)
    assert (got.day, got.source, got.speed, got.others) == (TODAY, "massive", 1.0, (IMPORTED,))
    assert plan(environ=KEY, source="massive-rest").source == "massive-rest"
    assert plan(environ=KEY, lines="json").speed == 1.0


def test_a_key_leaves_replays_and_the_simulated_day_as_they_are() -> None:
    assert plan(environ=KEY, source="simulated").source == "simulated"
    assert plan("2015-12-24", environ=KEY).source == "import"
    assert plan("2015-12-24", environ=KEY, source="massive").source == "import"
    assert plan("2024-06-14", environ=KEY).source == "simulated"


def test_a_named_provider_never_turns_into_a_simulated_day() -> None:
    with pytest.raises(NoDataError, match="is not on disk; fetch it with spymon backfill 2024-06-14"):
        plan("2024-06-14", environ=KEY, source="massive")


def test_a_live_day_takes_any_symbol_that_is_known() -> None:
    assert plan(environ=KEY, symbol="AAPL", custom="AAPL:2.5").symbols == ("AAPL",)
    with pytest.raises(UsageError, match="AAPL has no preset"):
        plan(environ=KEY, symbol="AAPL")


def test_bounds_belong_to_a_replay() -> None:
    with pytest.raises(UsageError, match="--from and --to bound a replay; add --replay DATE"):
        plan(from_="10:00", environ=KEY)


def test_an_expiration_before_the_day_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--expiry 2025-12-15 is before 2025-12-16"):
        plan(expiry="2025-12-15")
    assert plan(expiry="2025-12-16").day == SIMULATED_DAY


def test_the_disk_is_read_by_its_folders_names(tmp_path: Path) -> None:
    for name in ("2015-12-24/GOOG", "2015-12-24/.SPY.old", "lost+found/X", "2024-06-14/SPY"):
        (tmp_path / "days" / name).mkdir(parents=True)
    (tmp_path / "days" / "2020-01-02").touch()
    assert days_on_disk(tmp_path) == {IMPORTED: ("GOOG", "SPY"), date(2024, 6, 14): ("SPY",)}
    assert days_on_disk(tmp_path / "nowhere") == {}


def test_a_recording_that_is_no_day_yet_is_on_the_disk_too(tmp_path: Path) -> None:
    (tmp_path / "days/2015-12-24/GOOG").mkdir(parents=True)
    for name in (
        "2015-12-24/SPY-093000.arrows",
        "2015-12-24/SPY-101500.arrows",
        "2024-06-14/SPX-093000.arrows",
    ):
        (tmp_path / "journal" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "journal" / name).touch()
    (tmp_path / "journal/2024-06-14/SPY-093000.arrows.damaged").touch()
    assert days_on_disk(tmp_path) == {IMPORTED: ("GOOG", "SPY"), date(2024, 6, 14): ("SPX",)}
    assert day_files(tmp_path) == {IMPORTED: ("GOOG",)}


def test_files_beside_the_days_and_days_without_a_symbol_are_none(tmp_path: Path) -> None:
    (tmp_path / "days/2015-12-24/GOOG").mkdir(parents=True)
    (tmp_path / "days/2015-12-24/notes.txt").touch()
    (tmp_path / "days/2015-12-23").mkdir()
    (tmp_path / "days/2015-12-22").touch()
    assert days_on_disk(tmp_path) == {IMPORTED: ("GOOG",)}


def test_a_recording_without_a_byte_is_no_day(tmp_path: Path) -> None:
    (tmp_path / "days/2015-12-23/GOOG").mkdir(parents=True)
    (tmp_path / "days/2015-12-24/BRK.B").mkdir(parents=True)
    (tmp_path / "journal/2015-12-24").mkdir(parents=True)
    (tmp_path / "journal/2015-12-24/SPX-093000.arrows").touch()
    for name in ("SPY-093000.arrows", "SPY-101500.arrows"):
        (tmp_path / "journal/2015-12-24" / name).write_bytes(b"x" * name.startswith("SPY-10"))
    disk = days_on_disk(tmp_path)
    found = without_empty(disk, IMPORTED, tmp_path)
    assert found == {IMPORTED: ("BRK.B", "SPY"), date(2015, 12, 23): ("GOOG",)}
    assert disk[IMPORTED] == ("BRK.B", "SPX", "SPY")


# --- a past day that has to be fetched first --------------------------------------------------------------


@pytest.mark.parametrize(
    ("replay", "flags", "found"),
    [
        ("2024-06-14", {}, (date(2024, 6, 14), ("SPY",))),
        ("2024-06-14", {"symbol": "QQQ,IWM"}, (date(2024, 6, 14), ("QQQ", "IWM"))),
        ("2024-06-14", {"source": "massive"}, (date(2024, 6, 14), ("SPY",))),
        ("2024-06-14", {"source": "simulated"}, None),
        ("2015-12-24", {}, None),
        ("2015-12-24", {"symbol": "SPY"}, None),
        ("2015-12-24", {"symbol": "SPY,QQQ"}, (IMPORTED, ("QQQ",))),
        ("2026-11-20", {}, None),
        (None, {}, None),
    ],
)
def test_a_past_day_that_is_not_there_is_fetched_with_a_key(
    replay: str | None, flags: dict[str, str], found: tuple[date, tuple[str, ...]] | None
) -> None:
    asked = RunFlags(replay)
    assert to_fetch(asked, settings(KEY, **flags), DISK, TODAY) == found
    assert to_fetch(asked, settings(**flags), DISK, TODAY) is None


def test_a_closed_day_is_not_fetched() -> None:
    with pytest.raises(NoDataError, match="2024-06-15 is a Saturday"):
        to_fetch(RunFlags("2024-06-15"), settings(KEY), DISK, TODAY)


def test_a_simulated_day_in_a_real_ones_place_is_said() -> None:
    [said] = make_plan(RunFlags("2025-12-17"), settings(), {}, TODAY).warnings
    assert said.startswith(
        "2025-12-17 is not on disk, so a simulated day is shown in its place; with MASSIVE"
    )
    for asked, flags in (
        (RunFlags("2025-12-16"), {}),
        (RunFlags("2025-12-17"), {"source": "simulated"}),
        (RunFlags(), {}),
    ):
        assert make_plan(asked, settings(**flags), {}, TODAY).warnings == ()


def test_who_has_a_key_gets_no_simulated_day_in_todays_place() -> None:
    for flags in ({}, {"source": "massive"}):
        with pytest.raises(NoDataError, match=r"Nothing of today, .*; spymon without --replay shows it live"):
            make_plan(RunFlags(str(TODAY)), settings(KEY, **flags), {}, TODAY)
    assert make_plan(RunFlags(str(TODAY)), settings(KEY, source="simulated"), {}, TODAY).source == "simulated"
