"""The simulated SPY day against what was measured on real ones."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.analytics.greeks import years
from engine.analytics.implied_vol import OK, implied_vol
from engine.feeds.simulated import DayParams, SimTape, SimulatedSource
from engine.model.calendar import settle_ns
from engine.model.events import MISSING, OI, QUOTE, SPOT, TRADE, Events

DAY = date(2025, 12, 16)
CANCELS = (201, 203)


@pytest.fixture(scope="module")
def spy() -> SimTape:
    return SimulatedSource(DAY).open("SPY")


@pytest.fixture(scope="module")
def sampled(spy: SimTape) -> Events:
    """Every fourth minute of the regular session."""
    return np.concatenate([spy.read(i) for i in range(0, 390, 4)])


@pytest.fixture(scope="module")
def strike(spy: SimTape) -> np.ndarray:
    return np.array([np.nan, *(c.strike for c in spy.contracts)])


@pytest.fixture(scope="module")
def nearest(spy: SimTape) -> np.ndarray:
    return np.array([False, *(c.expiry == DAY for c in spy.contracts)])


def trades(events: Events) -> Events:
    return events[(events["kind"] == TRADE) & ~np.isin(events["cond"], CANCELS)]


def closing_spot(spy: SimTape) -> float:
    events = spy.read(389)
    return float(events["p1"][events["kind"] == SPOT][-1]) / 10_000


@pytest.mark.parametrize(("dollars", "low", "high"), [(3.0, 0.38, 0.77), (10.0, 0.88, 0.97)])
def test_volume_gathers_around_the_close(
    spy: SimTape,
    sampled: Events,
    strike: np.ndarray,
    nearest: np.ndarray,
    dollars: float,
    low: float,
    high: float,
) -> None:
    prints = trades(sampled)
    prints = prints[nearest[prints["cid"]]]
    near = np.abs(strike[prints["cid"]] - closing_spot(spy)) <= dollars
    assert low <= prints["s1"][near].sum() / prints["s1"].sum() <= high


def test_the_nearest_series_has_most_of_the_volume(sampled: Events, nearest: np.ndarray) -> None:
    prints = trades(sampled)
    assert 0.7 < prints["s1"][nearest[prints["cid"]]].sum() / prints["s1"].sum() < 0.9


def test_volume_is_ten_to_sixteen_times_open_interest(
    spy: SimTape, sampled: Events, nearest: np.ndarray
) -> None:
    prints = trades(sampled)
    first = spy.read(0)
    interest = first[(first["kind"] == OI) & nearest[first["cid"]]]
    volume = 390 / 98 * prints["s1"][nearest[prints["cid"]]].sum()
    assert 10.0 < volume / interest["s1"].sum() < 16.0


@pytest.mark.parametrize(("step", "low", "high"), [(5, 0.28, 0.43), (10, 0.15, 0.27)])
def test_open_interest_sits_at_round_strikes(
    spy: SimTape, strike: np.ndarray, nearest: np.ndarray, step: int, low: float, high: float
) -> None:
    first = spy.read(0)
    interest = first[(first["kind"] == OI) & nearest[first["cid"]]]
    at = strike[interest["cid"]] % step == 0
    assert low < interest["s1"][at].sum() / interest["s1"].sum() < high


def test_trading_is_heaviest_at_the_open_and_picks_up_at_the_close(spy: SimTape) -> None:
    def prints(first: int, last: int) -> float:
        return float(np.mean([len(trades(spy.read(i))) for i in range(first, last)]))

    noon = prints(190, 200)
    assert 1.6 < prints(5, 15) / noon < 2.6
    assert 1.2 < prints(378, 388) / noon < 2.0
    assert prints(389, 390) / noon > 2.2


def test_spreads_widen_into_the_money(spy: SimTape, strike: np.ndarray, nearest: np.ndarray) -> None:
    events = np.concatenate([spy.read(i) for i in range(240, 300, 6)])
    quotes = events[(events["kind"] == QUOTE) & nearest[events["cid"]] & (events["p1"] != MISSING)]
    spots = events[events["kind"] == SPOT]
    spot = spots["p1"][np.searchsorted(spots["ts"], quotes["ts"]).clip(0, len(spots) - 1)] / 10_000
    call = np.array([False, *(c.right == "C" for c in spy.contracts)])[quotes["cid"]]
    out = np.where(call, strike[quotes["cid"]] - spot, spot - strike[quotes["cid"]])
    cents = (quotes["p2"] - quotes["p1"]) / 100

    def median(low: float, high: float) -> float:
        return float(np.median(cents[(out > low) & (out <= high)]))

    assert median(-0.5, 0.5) == 2
    assert median(0.5, 2) == 1
    assert median(2, 99) == 1
    assert 4 <= median(-5, -2) <= 6
    assert 8 <= median(-10, -5) <= 12
    assert 18 <= median(-99, -10) <= 30


def test_lots_have_a_median_of_two_and_a_tail(sampled: Events) -> None:
    lots = trades(sampled)["s1"]
    assert np.median(lots) in (2, 3)
    assert 3.5 < lots.mean() < 7.5
    assert 0.0003 < (lots >= 100).mean() < 0.01


def test_the_spot_ranges_like_an_ordinary_day(spy: SimTape, sampled: Events) -> None:
    spots = sampled["p1"][sampled["kind"] == SPOT] / 10_000
    assert 0.003 < (spots.max() - spots.min()) / spots[0] < 0.03


@pytest.mark.parametrize("symbol", ["SPY", "SPX", "NDX"])
def test_the_spot_crosses_strikes_with_much_open_interest(symbol: str) -> None:
    tape = SimulatedSource(DAY).open(symbol)
    first, nearest = tape.read(0), tape.contracts.expiries()[0]
    interest: dict[float, int] = {}
    for row in first[first["kind"] == OI]:
        contract = tape.contracts[int(row["cid"])]
        if contract.expiry == nearest:
            interest[contract.strike] = interest.get(contract.strike, 0) + int(row["s1"])
    heaviest = np.array(sorted(interest, key=lambda strike: -interest[strike])[:10])
    spots = np.concatenate([of_spot(tape.read(i)) for i in range(0, 390, 6)])
    crossed = (spots.min() < heaviest) & (heaviest < spots.max())
    assert crossed.sum() >= 1


def of_spot(events: Events) -> np.ndarray:
    return events["p1"][events["kind"] == SPOT] / 10_000


def test_index_and_fund_move_together() -> None:
    def path(symbol: str) -> np.ndarray:
        tape = SimulatedSource(DAY).open(symbol)
        firsts = [tape.read(i) for i in range(0, 390, 30)]
        return np.array([chunk["p1"][chunk["kind"] == SPOT][0] for chunk in firsts], float)

    ratio = path("SPX") / path("SPY")
    assert ratio.max() / ratio.min() < 1.003


@pytest.mark.parametrize(("chunk", "fewest"), [(60, 8), (200, 6), (330, 4)])
def test_volatility_inverted_from_the_quotes_is_a_smooth_smile(spy: SimTape, chunk: int, fewest: int) -> None:
    """Neighbouring strikes bend by no more than the rounding of quotes worth ten ticks; puts stand higher."""
    events = spy.read(chunk)
    for expiry in spy.contracts.expiries():
        smile = _smile(spy, events, expiry)
        assert len(smile) >= fewest
        assert np.abs(np.diff(smile, 2)).max() < 0.05 * smile.mean()
        assert smile[0] > smile[len(smile) // 2]


def _smile(spy: SimTape, events: Events, expiry: date) -> np.ndarray:
    """Return volatilities of contracts out of the money worth ten ticks and more, from their last quotes."""
    spots = events[events["kind"] == SPOT]
    found = []
    for cid in range(1, len(spy.contracts) + 1):
        contract = spy.contracts[cid]
        quote = events[(events["cid"] == cid) & (events["kind"] == QUOTE)][-1]
        spot = spots["p1"][np.searchsorted(spots["ts"], quote["ts"]) - 1] / 10_000
        sign = 1.0 if contract.right == "C" else -1.0
        out = sign * (contract.strike - spot)
        middle = (int(quote["p1"]) + int(quote["p2"])) / 20_000
        if contract.expiry == expiry and 0.0 <= out < 6.0 and middle >= 0.10:
            left = years(settle_ns(spy.info.underlying, "SPY", expiry), int(quote["ts"]))
            sigma, status = implied_vol(middle, spot, contract.strike, left, DayParams().rate, 0.0, sign)
            assert status == OK
            found.append((contract.strike, sigma))
    return np.array([sigma for _, sigma in sorted(found)])
