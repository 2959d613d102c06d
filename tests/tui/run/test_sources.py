"""Which sources a run gets, in which order, and how their tapes are folded."""

from __future__ import annotations

from datetime import date
from math import inf
from pathlib import Path

import numpy as np
import pytest

from engine.feeds.simulated import PROFILES
from engine.fold.params import PRESETS, with_settings
from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.errors import NoDataError
from engine.model.events import QUOTE, empty_events
from engine.model.underlyings import generic
from engine.session.symbol_day import PlayerParams
from engine.store.days.meta import Facts
from engine.store.days.store import DayStore
from engine.tape.source import LiveSource
from tui.run.plan import RunPlan
from tui.run.sources import GO_LIVE, judged, make_sources, player_params, simulated
from tui.settings.config import Settings, load_settings

DAY = date(2024, 6, 14)


def settings(tmp_path: Path, **flags: str) -> Settings:
    return load_settings({"data_dir": str(tmp_path), **flags}, {}, tmp_path, tmp_path)


def plan(
    source: str = "simulated",
    day: date = date(2025, 12, 16),
    symbols: tuple[str, ...] = ("DIA",),
    others: tuple[date, ...] = (),
    start_ns: int | None = None,
) -> RunPlan:
    return RunPlan(day, source, symbols, start_ns, None, inf, "json", others, ())


def store_day(tmp_path: Path, day: date, symbol: str) -> None:
    """Write a day of one quote."""
    events = empty_events(1)
    events["ts"], events["cid"], events["kind"] = session(day).open_ns + 1, 1, QUOTE
    with DayStore(tmp_path).writer(day, symbol, [Contract(symbol, day, "C", 100_000)]) as writer:
        writer.append(events)
        writer.commit(Facts("import", "put-call parity", 100, generic(symbol, 1_000), True))


def test_the_simulated_day_comes_first_then_the_days_on_disk(tmp_path: Path) -> None:
    store_day(tmp_path, DAY, "GOOG")
    sources = make_sources(plan(others=(DAY,)), settings(tmp_path))
    assert [(each.name, each.symbols) for each in sources] == [
        ("simulated", ("DIA",)),
        ("import 2024-06-14", ("GOOG",)),
    ]
    assert sources[1].open("GOOG").info.badge == "REPLAY"


def test_a_day_on_disk_comes_first_when_it_is_replayed_and_the_simulated_one_stays_at_hand(
    tmp_path: Path,
) -> None:
    store_day(tmp_path, DAY, "GOOG")
    sources = make_sources(plan("import", DAY, ("GOOG",)), settings(tmp_path, symbol="GOOG"))
    assert [each.name for each in sources] == ["import 2024-06-14", "simulated"]
    assert set(sources[1].symbols) == set(PROFILES)


def test_another_day_has_its_symbols_in_the_order_of_the_watch_list(tmp_path: Path) -> None:
    for symbol in ("AAA", "DIA", "SPY"):
        store_day(tmp_path, DAY, symbol)
    _, day = make_sources(plan(symbols=("SPY", "DIA"), others=(DAY,)), settings(tmp_path))
    assert day.symbols == ("SPY", "DIA", "AAA")


def test_a_damaged_other_day_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "days" / "2024-06-13" / "QQQ").mkdir(parents=True)
    sources = make_sources(plan(others=(date(2024, 6, 13),)), settings(tmp_path))
    assert [each.name for each in sources] == ["simulated"]


def test_a_damaged_other_day_is_left_out_of_a_replay_too(tmp_path: Path) -> None:
    store_day(tmp_path, DAY, "GOOG")
    (tmp_path / "days" / "2024-06-13" / "QQQ").mkdir(parents=True)
    sources = make_sources(plan("import", DAY, ("GOOG",), (date(2024, 6, 13),)), settings(tmp_path))
    assert [each.name for each in sources] == ["import 2024-06-14", "simulated"]


def test_a_damaged_symbol_that_nobody_asked_for_comes_last(tmp_path: Path) -> None:
    store_day(tmp_path, DAY, "GOOG")
    (tmp_path / "days" / "2024-06-14" / "AAA").mkdir(parents=True)
    run = plan("import", DAY, ("AAA", "GOOG"))
    assert make_sources(run, settings(tmp_path))[0].symbols == ("GOOG", "AAA")
    assert make_sources(run, settings(tmp_path, symbol="AAA,GOOG"))[0].symbols == ("AAA", "GOOG")
    readable, damaged = judged(run, settings(tmp_path))
    assert readable == ("GOOG",)
    assert "AAA is not a whole day" in damaged["AAA"]
    assert judged(plan("import", DAY, ("AAA",)), settings(tmp_path)) == (("AAA",), {})
    assert judged(plan(symbols=("SPY",)), settings(tmp_path)) == (("SPY",), {})


def test_a_simulated_tape_says_how_to_go_on_from_it() -> None:
    assert simulated(DAY, 7, ("DIA",)).open("DIA").info.notes[0] == GO_LIVE


def test_the_live_day_comes_first_and_the_simulated_one_stays_at_hand(tmp_path: Path) -> None:
    store_day(tmp_path, DAY, "GOOG")
    keyed = load_settings({"data_dir": str(tmp_path)}, {"MASSIVE_API_KEY": "canary-1"}, tmp_path, tmp_path)
    for name in ("massive", "massive-rest"):
        live, *others = make_sources(plan(name, symbols=keyed.symbol, others=(DAY,)), keyed)
        assert isinstance(live, LiveSource)
        assert (live.name, live.symbols) == (name, keyed.symbol)
        assert [each.name for each in others] == ["simulated", "import 2024-06-14"]
        assert GO_LIVE not in others[0].open("SPY").info.notes
        assert "canary-1" not in repr(vars(live))


def test_the_seed_chooses_the_simulated_day() -> None:
    one, same, other = (simulated(DAY, seed, ("DIA",)).open("DIA").read(3) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_simulated_source_refuses_what_it_does_not_know() -> None:
    with pytest.raises(NoDataError, match="GOOG is not simulated"):
        simulated(DAY, 7, ("GOOG",)).open("GOOG")


def test_settings_reach_the_fold(tmp_path: Path) -> None:
    given = settings(
        tmp_path, preset="seed", rate="0.01", dividend="0.02", expiry="0dte", strikes="9", fps="20"
    )
    got = player_params(plan(start_ns=5), given)
    assert got.fold.signals == PRESETS["seed"]
    assert (got.fold.rate, got.fold.dividend) == (0.01, 0.02)
    assert (got.expiry, got.strikes, got.frame_ns, got.start_ns) == ("0dte", 9, 50_000_000, 5)


def test_thresholds_reach_the_fold_on_top_of_the_preset(tmp_path: Path) -> None:
    set_ = load_settings({"preset": "seed"}, {}, tmp_path, tmp_path, None, ["volume_spike.ratio=4"])
    assert player_params(plan(), set_).fold.signals == with_settings(
        PRESETS["seed"], {"volume_spike.ratio": 4.0}
    )


def test_default_settings_fold_like_a_recorded_hash(tmp_path: Path) -> None:
    assert player_params(plan(), settings(tmp_path)).fold == PlayerParams().fold
