"""The simulated day's ground truth: who was the aggressor, and what was planted where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest

from engine.feeds.simulated import PlantedEvent, SimTape, SimulatedSource
from engine.model.events import FMV, MISSING, QUOTE, SPOT, TRADE, Events

DAY = date(2025, 12, 16)
SECOND = 10**9
SYMBOLS = ("SPY", "QQQ", "SPX", "IWM", "NDX", "DIA")


def tape(symbol: str = "SPY", planted: bool = True) -> SimTape:
    return SimulatedSource(DAY, planted=planted).open(symbol)


@pytest.fixture(scope="module")
def spy() -> SimTape:
    return tape()


def around(a_tape: SimTape, ts_ns: int) -> Events:
    """Return the events of the chunk that holds a moment and of its neighbours."""
    chunk = int(np.searchsorted(a_tape.starts, ts_ns, side="right")) - 1
    return np.concatenate([a_tape.read(i) for i in range(chunk - 1, chunk + 2)])


def planted_of(a_tape: SimTape, kind: str) -> list[PlantedEvent]:
    found = [plant for plant in a_tape.planted if plant.kind == kind]
    assert found
    return found


def own(events: Events, cid: int, kind: int) -> Events:
    return events[(events["cid"] == cid) & (events["kind"] == kind)]


def between(events: Events, start_ns: int, end_ns: int) -> Events:
    return events[(events["ts"] >= start_ns) & (events["ts"] < end_ns)]


def middles(quotes: Events) -> np.ndarray:
    bid = np.where(quotes["p1"] == MISSING, 0, quotes["p1"]).astype(np.int64)
    return (bid + quotes["p2"]) / 2.0


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_day_has_dozens_of_plants_of_every_kind(symbol: str) -> None:
    planted = tape(symbol).planted
    assert 40 <= len(planted) <= 80
    kinds = Counter(plant.kind for plant in planted)
    swept = {"sweep"} if symbol != "SPX" else set()  # SPX trades on one exchange only
    assert (
        set(kinds) == {"volume_spike", "spread_tightening", "price_move", "fmv_divergence", "block"} | swept
    )
    assert min(kinds.values()) >= 5
    assert len({plant.cid for plant in planted}) > 20
    assert [plant.ts_ns for plant in planted] == sorted(plant.ts_ns for plant in planted)


@pytest.mark.parametrize("kind", ["volume_spike", "spread_tightening", "price_move", "sweep", "block"])
def test_plants_of_a_kind_run_from_weak_to_strong(kind: str) -> None:
    strengths = [plant.strength for day in (16, 17, 18) for plant in _planted_on(day, kind)]
    assert 0.0 <= min(strengths) < 0.25
    assert 0.75 < max(strengths) <= 1.0


def _planted_on(day: int, kind: str) -> list[PlantedEvent]:
    return planted_of(SimulatedSource(date(2025, 12, day)).open("SPY"), kind)


def test_the_null_day_has_none_and_is_otherwise_the_same_market() -> None:
    null, planted = tape(planted=False), tape()
    assert null.planted == ()
    spots = [each.read(100)["p1"][each.read(100)["kind"] == SPOT] for each in (null, planted)]
    assert (spots[0] == spots[1]).all()


@pytest.mark.parametrize("symbol", ["SPY", "SPX", "DIA"])
def test_a_volume_spike_is_its_lots_on_its_side_in_seconds(symbol: str) -> None:
    a_tape = tape(symbol)
    for plant in planted_of(a_tape, "volume_spike"):
        chunk = int(np.searchsorted(a_tape.starts, plant.ts_ns, side="right")) - 1
        events, truth = a_tape.read(chunk), a_tape.truth(chunk)
        mine = (events["cid"] == plant.cid) & (events["kind"] == TRADE)
        during = mine & (events["ts"] >= plant.ts_ns) & (events["ts"] < plant.end_ns)
        sided = during & (truth == plant.direction)
        assert events["s1"][sided].sum() >= plant.amount >= 100
        assert plant.end_ns - plant.ts_ns <= 6 * SECOND


@pytest.mark.parametrize("symbol", ["SPY", "NDX", "DIA"])
def test_a_planted_sweep_is_several_exchanges_within_half_a_second(symbol: str) -> None:
    iso = 0
    for plant, prints, truth in _prints_of(tape(symbol), "sweep"):
        mine = truth == plant.direction
        assert plant.end_ns - plant.ts_ns <= SECOND // 2
        assert mine.sum() >= 3
        assert prints["s1"][mine].sum() >= plant.amount >= 40
        assert len(set(prints["exch"][mine].tolist())) >= 2
        iso += int((prints["cond"][mine] == 219).any())
    assert iso >= 3


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_planted_block_is_one_print(symbol: str) -> None:
    for plant, prints, truth in _prints_of(tape(symbol), "block"):
        assert plant.amount in prints["s1"][truth == plant.direction]
        assert plant.amount <= 2500


def test_some_blocks_and_sweeps_are_too_small_and_some_are_not() -> None:
    swept = [plant.amount for plant in planted_of(tape(), "sweep")]
    blocks = [plant.amount for plant in planted_of(tape(), "block")]
    assert min(swept) < 100 < max(swept)
    assert min(blocks) < 500 < max(blocks)


def _prints_of(a_tape: SimTape, kind: str) -> Iterator[tuple[PlantedEvent, Events, np.ndarray]]:
    """Yield each plant of a kind with the prints of its contract while it lasts, and their true sides."""
    for plant in planted_of(a_tape, kind):
        chunk = int(np.searchsorted(a_tape.starts, plant.ts_ns, side="right")) - 1
        events, truth = a_tape.read(chunk), a_tape.truth(chunk)
        during = (events["cid"] == plant.cid) & (events["kind"] == TRADE)
        during &= (events["ts"] >= plant.ts_ns) & (events["ts"] <= plant.end_ns)
        yield plant, events[during], truth[during]


def test_the_null_day_trades_few_blocks_and_none_that_look_planted() -> None:
    """Large orders have a tail of their own: some reach 200 lots, next to none the size of a block."""
    a_tape = tape(planted=False)
    events = np.concatenate([a_tape.read(i) for i in range(len(a_tape.starts))])
    lots = events["s1"][events["kind"] == TRADE]
    assert 10 <= (lots >= 200).sum() <= 60
    assert 1 <= (lots >= 500).sum() <= 10


@pytest.mark.parametrize("symbol", ["SPY", "SPX", "DIA"])
def test_a_planted_spread_narrows_and_stays_with_size(symbol: str) -> None:
    a_tape = tape(symbol)
    tick = a_tape.info.tick
    for plant in planted_of(a_tape, "spread_tightening"):
        quotes = own(around(a_tape, plant.ts_ns), plant.cid, QUOTE)
        before = quotes[quotes["ts"] < plant.ts_ns]
        during = between(quotes, plant.ts_ns, plant.end_ns)
        usual = np.median(before["p2"] - before["p1"])
        assert usual >= 4 * tick
        share = (during["p2"] - during["p1"]).max() / usual
        assert share <= (0.95 if plant.strength < 0.7 else 0.55)
        assert len(during) >= 3
        assert during["s1"].min() >= 10
        assert during["s2"].min() >= 10
        assert plant.end_ns - plant.ts_ns >= 3 * SECOND


@pytest.mark.parametrize("symbol", ["SPY", "NDX"])
def test_a_planted_price_move_shifts_the_middle_and_stays(symbol: str) -> None:
    planted, null = tape(symbol), tape(symbol, planted=False)
    for plant in planted_of(planted, "price_move"):
        quotes = own(around(planted, plant.ts_ns), plant.cid, QUOTE)
        moved = between(quotes, plant.ts_ns, plant.end_ns)
        calm = own(around(null, plant.ts_ns), plant.cid, QUOTE)
        asked = np.interp(moved["ts"], calm["ts"], middles(calm))
        shift = (middles(moved) - asked) / 10_000.0
        assert len(moved) >= 5
        noise = np.median(calm["p2"] - calm["p1"]) / 10_000.0
        assert np.median(shift) == pytest.approx(plant.amount, rel=0.35, abs=noise)
        assert np.sign(plant.amount) == plant.direction


@pytest.mark.parametrize("symbol", ["SPY", "SPX", "DIA"])
def test_a_planted_fair_value_is_off_on_its_side_for_seconds(symbol: str) -> None:
    a_tape = tape(symbol)
    for plant in planted_of(a_tape, "fmv_divergence"):
        events = around(a_tape, plant.ts_ns)
        values = between(own(events, plant.cid, FMV), plant.ts_ns, plant.end_ns)
        quotes = own(events, plant.cid, QUOTE)
        at = np.searchsorted(quotes["ts"], values["ts"]) - 1
        half = np.median(quotes["p2"] - quotes["p1"]) / 2.0
        off = (values["p1"] - middles(quotes)[at]) / half
        assert len(values) >= 3
        assert np.sign(np.median(off)) == plant.direction
        assert np.median(np.abs(off)) > 0.4
        if plant.strength > 0.6:
            assert np.median(np.abs(off)) > 2.0


def test_fair_values_otherwise_lie_inside_the_quotes(spy: SimTape) -> None:
    events = tape(planted=False).read(200)
    for cid in np.unique(events["cid"][events["kind"] == FMV]).tolist():
        values, quotes = own(events, cid, FMV), own(events, cid, QUOTE)
        off = values["p1"] - np.interp(values["ts"], quotes["ts"], middles(quotes))
        assert np.median(np.abs(off)) < np.median(quotes["p2"] - quotes["p1"])


def test_plants_keep_clear_of_the_gap_and_the_ends(spy: SimTape) -> None:
    hours = spy.info.session
    for plant in spy.planted:
        assert plant.ts_ns > hours.open_ns + 900 * SECOND
        assert plant.end_ns < hours.close_ns - 120 * SECOND


def test_prints_mostly_hit_the_quote_on_their_true_side_and_a_fifth_are_resting_customers(
    spy: SimTape,
) -> None:
    events = np.concatenate([spy.read(i) for i in (99, 100)])
    truth = np.concatenate([spy.truth(i) for i in (99, 100)])
    bid: dict[int, int] = {}
    ask: dict[int, int] = {}
    seen: Counter[str] = Counter()
    for row, side in zip(events, truth.tolist(), strict=True):
        cid = int(row["cid"])
        if row["kind"] == QUOTE:
            bid[cid], ask[cid] = int(row["p1"]), int(row["p2"])
        elif row["kind"] == TRADE and row["cond"] == 209 and cid in ask:
            seen[_where(int(row["p1"]), bid[cid], ask[cid], side)] += 1
    total = sum(seen.values())
    assert total > 500
    right, resting = seen["at the touch of its side"], seen["at the other touch"]
    assert 0.75 < right / (right + resting) < 0.83
    assert seen["inside"] / total > 0.03
    assert seen["elsewhere"] / total < 0.06


def _where(price: int, bid: int, ask: int, side: int) -> str:
    if price == (ask if side > 0 else bid):
        return "at the touch of its side"
    if price == (bid if side > 0 else ask):
        return "at the other touch"
    return "inside" if bid < price < ask else "elsewhere"


def test_prints_of_all_a_touch_shows_are_mostly_resting_customers(spy: SimTape) -> None:
    """A print as large as the bid is a customer's bid that was hit: quant 3.1's rule by size of the trade."""
    plain, quote, truth = _plain_prints(spy, range(60, 120))
    alone = quote["s1"] != quote["s2"]
    at_bid = alone & (plain["p1"] == quote["p1"]) & (plain["s1"] == quote["s1"])
    at_ask = alone & (plain["p1"] == quote["p2"]) & (plain["s1"] == quote["s2"])
    bought = np.concatenate([truth[at_bid] > 0, truth[at_ask] < 0])
    assert 0.08 < len(bought) / len(plain) < 0.25
    assert 0.72 < bought.mean() < 0.92


def test_customers_trade_a_little_more_often_against_the_deeper_side(spy: SimTape) -> None:
    plain, quote, truth = _plain_prints(spy, range(60, 180))
    inside = (plain["p1"] > quote["p1"]) & (plain["p1"] < quote["p2"]) & (quote["s1"] != quote["s2"])
    inside &= 2 * plain["p1"].astype(np.int64) == quote["p1"].astype(np.int64) + quote["p2"]
    deeper = np.sign(quote["s2"].astype(np.int64) - quote["s1"])
    assert 0.53 < (deeper == truth)[inside].mean() < 0.65


def _plain_prints(a_tape: SimTape, chunks: range) -> tuple[Events, Events, np.ndarray]:
    """Return automatic prints, the quote before each, and their true sides."""
    events = np.concatenate([a_tape.read(i) for i in chunks])
    truth = np.concatenate([a_tape.truth(i) for i in chunks])
    order = np.lexsort((np.arange(len(events)), events["cid"]))
    events, truth = events[order], truth[order]
    last = np.maximum.accumulate(np.where(events["kind"] == QUOTE, np.arange(len(events)), 0))
    plain = (events["kind"] == TRADE) & (events["cond"] == 209) & (events["cid"][last] == events["cid"])
    return events[plain], events[last[plain]], truth[plain]


def test_crosses_openings_and_cancels_have_no_side(spy: SimTape) -> None:
    for chunk in (0, 20, 60):
        events, truth = spy.read(chunk), spy.truth(chunk)
        sideless = (events["kind"] == TRADE) & np.isin(events["cond"], (201, 203, 206, 208, 229, 234))
        assert (truth[sideless] == 0).all()
        plain = (events["kind"] == TRADE) & (events["cond"] == 209)
        assert (truth[plain] != 0).all()


def test_the_two_legs_of_a_package_have_opposite_sides(spy: SimTape) -> None:
    events, truth = spy.read(100), spy.truth(100)
    legs = truth[(events["kind"] == TRADE) & (events["cond"] == 232)]
    assert (legs[::2] == -legs[1::2]).all()


def test_calls_are_bought_more_often_before_the_spot_rises(spy: SimTape) -> None:
    """The flow leans the way the next four minutes go: the informed share the signals should find."""
    lean, ahead = [], []
    call = np.array([0.0, *(1.0 if c.right == "C" else -1.0 for c in spy.contracts)])
    for chunk in range(30, 380, 12):
        events, truth = spy.read(chunk), spy.truth(chunk)
        plain = (events["kind"] == TRADE) & (events["cond"] == 209)
        lean.append((truth[plain] * call[events["cid"][plain]]).mean())
        spots = [own(spy.read(at), 0, SPOT)["p1"][0] for at in (chunk, chunk + 4)]
        ahead.append(float(spots[1]) - float(spots[0]))
    assert np.corrcoef(lean, ahead)[0, 1] > 0.3
