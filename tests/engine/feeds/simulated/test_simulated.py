"""A simulated day as a tape: deterministic, ordered, complete, random access."""

from __future__ import annotations

import hashlib
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.feeds.simulated import PROFILES, SimTape, SimulatedSource
from engine.model.calendar import session, settle_ns
from engine.model.errors import NoDataError
from engine.model.events import (
    BAR,
    FMV,
    GAP,
    MARK,
    MARK_CLOSE,
    MARK_OPEN,
    MISSING,
    OI,
    PREV_CLOSE,
    QUOTE,
    SPOT,
    TRADE,
    UNDERLYING,
    VENDOR,
    Events,
)

DAY = date(2025, 12, 16)
HALF_DAY = date(2025, 12, 24)
MINUTE = 60 * 10**9
CANCELS = (201, 203)


def tape(symbol: str = "DIA", day: date = DAY, seed: int = 7, planted: bool = True) -> SimTape:
    return SimulatedSource(day, seed, planted).open(symbol)


def digest(*events: Events) -> str:
    """Hash the columns: between the fields of a record lie bytes that no copy promises to keep."""
    names = events[0].dtype.names or ()
    columns = (part[name].tobytes() for name in names for part in events)
    return hashlib.sha256(b"".join(columns)).hexdigest()


def whole(a_tape: SimTape) -> Events:
    return np.concatenate([a_tape.read(i) for i in range(len(a_tape.starts))])


def of(events: Events, kind: int) -> Events:
    return events[events["kind"] == kind]


@pytest.fixture(scope="module")
def spy() -> SimTape:
    return tape("SPY")


@pytest.fixture(scope="module")
def spy_day(spy: SimTape) -> Events:
    return whole(spy)


@pytest.fixture(scope="module")
def dia() -> SimTape:
    return tape("DIA")


@pytest.fixture(scope="module")
def dia_day(dia: SimTape) -> Events:
    return whole(dia)


def test_two_opens_give_the_same_tape() -> None:
    first, second = tape("SPY"), tape("SPY")
    for chunk in (0, 3, 200, 389, 404):
        assert digest(first.read(chunk)) == digest(second.read(chunk))


def test_chunks_do_not_depend_on_the_order_they_are_read_in(dia: SimTape, dia_day: Events) -> None:
    backwards = [dia.read(i) for i in reversed(range(len(dia.starts)))]
    assert digest(*reversed(backwards)) == digest(dia_day)


def test_another_seed_day_or_symbol_gives_another_tape() -> None:
    variants = (tape(), tape(seed=8), tape(day=date(2025, 12, 17)), tape("IWM"))
    assert len({digest(each.read(10)) for each in variants}) == 4


def test_the_days_totals_are_those_asked_for(spy_day: Events) -> None:
    assert len(of(spy_day, TRADE)) >= 300_000
    assert len(of(spy_day, QUOTE)) >= 3_000_000
    assert 3_300_000 <= len(spy_day) <= 3_800_000


def test_time_never_goes_back_and_stays_inside_the_session(spy: SimTape, spy_day: Events) -> None:
    assert (np.diff(spy_day["ts"]) >= 0).all()
    assert spy_day["ts"][0] > spy.info.session.open_ns
    assert spy_day["ts"][-1] < spy.end_ns == spy.info.session.late_close_ns


def test_every_chunk_lies_between_its_start_and_the_next(dia: SimTape) -> None:
    bounds = [*dia.starts.tolist(), dia.end_ns + 1]
    for chunk in range(len(dia.starts)):
        ts = dia.read(chunk)["ts"]
        assert bounds[chunk] <= ts[0]
        assert ts[-1] <= bounds[chunk + 1]


def test_a_chunk_that_does_not_exist_is_refused(dia: SimTape) -> None:
    for chunk in (-1, len(dia.starts)):
        with pytest.raises(IndexError, match=str(chunk)):
            dia.read(chunk)


def test_prices_and_sizes_are_positive_or_missing(spy_day: Events) -> None:
    quotes, trades = of(spy_day, QUOTE), of(spy_day, TRADE)
    assert ((quotes["p1"] > 0) | (quotes["p1"] == MISSING)).all()
    assert (quotes["p2"] > 0).all()
    assert (quotes["s1"] >= 0).all()
    assert (quotes["s2"] > 0).all()
    assert (quotes["s1"][quotes["p1"] == MISSING] == 0).all()
    assert (trades["p1"] > 0).all()
    assert (trades["s1"] > 0).all()
    assert (of(spy_day, SPOT)["p1"] > 0).all()
    assert (of(spy_day, FMV)["p1"] >= 0).all()


def test_option_prices_are_whole_ticks(spy: SimTape) -> None:
    for symbol, tick in (("SPY", 100), ("SPX", 500), ("NDX", 500)):
        events = tape(symbol).read(30)
        for name in ("p1", "p2"):
            quoted = of(events, QUOTE)[name]
            assert (quoted[quoted != MISSING] % tick == 0).all()
        assert (of(events, TRADE)["p1"] % tick == 0).all()
        assert tape(symbol).info.tick == tick


def test_fields_a_kind_does_not_use_are_missing_or_zero(dia_day: Events) -> None:
    for kind in (TRADE, SPOT, FMV, OI, PREV_CLOSE, MARK, GAP):
        assert (of(dia_day, kind)["p2"] == MISSING).all()
    assert (of(dia_day, OI)["p1"] == MISSING).all()
    assert (dia_day["flags"] == 0).all()
    assert len(of(dia_day, BAR)) == 0


def test_the_day_begins_with_the_open_the_previous_close_and_open_interest(
    dia: SimTape, dia_day: Events
) -> None:
    contracts = len(dia.contracts)
    assert (dia_day["kind"][0], dia_day["s1"][0]) == (MARK, MARK_OPEN)
    assert dia_day["kind"][1] == PREV_CLOSE
    assert (dia_day["kind"][2 : contracts + 2] == OI).all()
    assert dia_day["cid"][2 : contracts + 2].tolist() == list(range(1, contracts + 1))
    assert (dia_day["kind"][-1], dia_day["s1"][-1]) == (MARK, MARK_CLOSE)


def test_the_previous_close_is_where_the_previous_day_ended() -> None:
    today, yesterday = tape("IWM").read(0), tape("IWM", date(2025, 12, 15))
    last_minute = yesterday.read(389)
    close = of(last_minute, SPOT)["p1"][-1]
    assert of(today, PREV_CLOSE)["p1"][0] == pytest.approx(close, rel=2e-4)


def test_one_feed_gap_says_how_long_nothing_was_told(spy_day: Events) -> None:
    (at,) = np.flatnonzero(spy_day["kind"] == GAP)
    silent_ms = int(spy_day["s1"][at])
    assert 3_000 <= silent_ms <= 7_000
    assert spy_day["ts"][at] - spy_day["ts"][at - 1] >= silent_ms * 10**6
    assert spy_day["cid"][at] == UNDERLYING


def test_cancels_repeat_an_earlier_print_of_the_contract(spy_day: Events) -> None:
    trades = of(spy_day, TRADE)
    cancels = np.flatnonzero(np.isin(trades["cond"], CANCELS))
    assert len(cancels) > 50
    assert set(np.unique(trades["cond"][cancels]).tolist()) == set(CANCELS)
    for at in cancels.tolist():
        earlier = trades[:at]
        same = earlier["cid"] == trades["cid"][at]
        for name in ("p1", "s1", "exch"):
            same &= earlier[name] == trades[name][at]
        assert same.any()


def test_a_cancel_of_the_last_print_says_so(spy_day: Events) -> None:
    trades = of(spy_day, TRADE)
    for at in np.flatnonzero(trades["cond"] == 203)[:40].tolist():
        printed = trades[:at][trades["cid"][:at] == trades["cid"][at]]
        printed = printed[~np.isin(printed["cond"], CANCELS)]
        assert printed["p1"][-1] == trades["p1"][at]
        assert printed["s1"][-1] == trades["s1"][at]


def test_the_opening_has_auction_prints_and_no_fair_values(spy: SimTape) -> None:
    events = spy.read(0)
    opening = np.isin(events["cond"], (206, 208)) & (events["kind"] == TRADE)
    assert opening.sum() > 50
    assert (of(events, FMV)["ts"] > spy.info.session.open_ns + 20 * 10**9).all()
    assert len(of(events, VENDOR)) == 0


def test_no_contract_is_quoted_or_traded_before_its_opening_print(spy: SimTape) -> None:
    events = spy.read(0)
    for cid in np.unique(events["cid"][np.isin(events["cond"], (206, 208))])[:30]:
        own = events[(events["cid"] == cid) & np.isin(events["kind"], (QUOTE, TRADE))]
        assert own["cond"][0] in (206, 208)
        assert own["kind"][1] == QUOTE


def test_every_kind_of_print_occurs(spy_day: Events) -> None:
    seen = set(np.unique(of(spy_day, TRADE)["cond"]).tolist())
    assert {201, 202, 203, 204, 206, 208, 209, 219, 227, 228, 229, 231, 232, 233, 234, 235, 236} <= seen


def test_sweeps_print_on_several_exchanges_within_half_a_second(spy: SimTape) -> None:
    trades = of(spy.read(100), TRADE)
    iso = trades[trades["cond"] == 219]
    found = 0
    for cid in np.unique(iso["cid"]):
        own = iso[iso["cid"] == cid]
        for at in range(len(own) - 2):
            burst = own[at : at + 3]
            close = burst["ts"][-1] - burst["ts"][0] < 500 * 10**6
            found += close and len(set(burst["exch"].tolist())) >= 2
    assert found >= 5


def test_multi_leg_prints_come_in_pairs_at_one_time_and_exchange(spy: SimTape) -> None:
    trades = of(spy.read(100), TRADE)
    legs = trades[(trades["cond"] >= 232) & (trades["cond"] <= 236)]
    assert 0.08 < len(legs) / len(trades) < 0.18
    first, second = legs[::2], legs[1::2]
    for name in ("ts", "exch", "cond", "s1"):
        assert (first[name] == second[name]).all()
    assert (first["cid"] != second["cid"]).all()


def test_locked_and_crossed_quotes_are_rare_but_occur(spy_day: Events) -> None:
    quotes = of(spy_day, QUOTE)
    quotes = quotes[quotes["p1"] != MISSING]
    assert 1e-5 < (quotes["p1"] == quotes["p2"]).mean() < 1e-3
    assert 1e-5 < (quotes["p1"] > quotes["p2"]).mean() < 1e-3


def test_the_spot_comes_several_times_a_second(spy: SimTape) -> None:
    spots = of(spy.read(50), SPOT)
    assert len(spots) >= 180
    assert (spots["cid"] == UNDERLYING).all()
    assert np.diff(spots["ts"]).max() < 400 * 10**6


def test_fair_values_are_never_older_than_a_second_near_the_money(spy: SimTape) -> None:
    values = of(spy.read(50), FMV)
    assert len(np.unique(values["cid"])) == 6
    for cid in np.unique(values["cid"]):
        assert np.diff(values["ts"][values["cid"] == cid]).max() < 10**9 * 1.01


def test_vendor_rows_carry_plausible_greeks(spy: SimTape) -> None:
    rows = of(spy.read(50), VENDOR)
    assert len(rows) >= 30
    for row in rows:
        contract = spy.contracts[int(row["cid"])]
        assert 0.05e6 < row["p1"] < 1e6
        assert row["p2"] >= 0
        assert (0 <= row["s1"] <= 10**6) if contract.right == "C" else (-(10**6) <= row["s1"] <= 0)


def test_the_expiring_series_stops_at_settlement_and_the_others_go_on(spy: SimTape) -> None:
    after = np.concatenate([spy.read(i) for i in range(390, 405)])
    root = spy.info.underlying.roots[0]
    assert spy.starts[390] == settle_ns(spy.info.underlying, root, DAY)
    traded = [spy.contracts[int(cid)].expiry for cid in np.unique(after["cid"]) if cid != UNDERLYING]
    assert traded
    assert min(traded) > DAY
    assert 0 < len(of(after, TRADE)) < len(of(spy.read(200), TRADE)) * 15


def test_a_half_day_ends_early() -> None:
    half = tape("IWM", HALF_DAY)
    assert half.info.session == session(HALF_DAY)
    assert half.end_ns == half.info.session.late_close_ns
    assert len(half.starts) == 225
    events = whole(half)
    assert (np.diff(events["ts"]) >= 0).all()
    assert len(of(events, GAP)) == 1
    settled = events[events["ts"] >= half.info.session.close_ns]
    expiring = [half.contracts[int(c)].expiry == HALF_DAY for c in np.unique(settled["cid"]) if c > 0]
    assert not any(expiring)


def test_six_symbols_open_at_their_levels() -> None:
    levels = {"SPY": 680, "QQQ": 610, "SPX": 6800, "NDX": 25_100, "IWM": 251, "DIA": 485}
    assert set(levels) == set(PROFILES)
    for symbol, level in levels.items():
        spot = of(tape(symbol).read(389), SPOT)["p1"][-1] / 10_000
        assert spot == pytest.approx(level, rel=0.001)


def test_activity_is_in_proportion_to_the_symbols_own() -> None:
    def prints(symbol: str) -> int:
        return sum(len(of(tape(symbol).read(i), TRADE)) for i in (20, 120, 300))

    spy = prints("SPY")
    for symbol, profile in PROFILES.items():
        assert prints(symbol) / spy == pytest.approx(profile.activity, rel=0.25, abs=0.01)


def test_index_options_trade_on_their_own_exchanges() -> None:
    trades = of(tape("SPX").read(30), TRADE)
    assert set(trades["exch"].tolist()) == {302}


def test_contracts_are_three_expirations_around_the_money(spy: SimTape) -> None:
    expiries = spy.contracts.expiries()
    assert (len(expiries), expiries[0]) == (3, DAY)
    assert len(spy.contracts) == 3 * 81 * 2
    strikes = np.array(spy.contracts.strikes(DAY)) / 1000
    assert strikes.min() < 650
    assert strikes.max() > 715


def test_a_weekly_symbol_has_its_next_fridays() -> None:
    assert tape("DIA").contracts.expiries()[0] == date(2025, 12, 19)


def test_other_years_have_their_own_level() -> None:
    spot = of(tape("SPY", date(2016, 3, 15)).read(10), SPOT)["p1"][0] / 10_000
    assert 150 < spot < 300


def test_a_day_says_what_it_is(spy: SimTape) -> None:
    assert (spy.info.source, spy.info.badge, spy.info.spot_origin) == ("simulated", "SIMULATED", "tape")
    assert spy.info.day == DAY


def test_a_symbol_that_is_not_simulated_is_named() -> None:
    with pytest.raises(NoDataError, match="TSLA"):
        tape("TSLA")


def test_a_holiday_has_no_tape() -> None:
    with pytest.raises(NoDataError, match="2025-12-25"):
        tape("SPY", date(2025, 12, 25))


def test_the_truth_is_aligned_with_the_events(dia: SimTape) -> None:
    for chunk in (0, 5, 389):
        events, truth = dia.read(chunk), dia.truth(chunk)
        assert len(truth) == len(events)
        sided: NDArray[np.bool_] = truth != 0
        assert (events["kind"][sided] == TRADE).all()
