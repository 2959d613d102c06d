"""The spot from option quotes: which strikes, how often, and when there is none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.implied_spot import ImpliedSpot, ImpliedSpotParams, nearest_pairs
from engine.model.contracts import Contract
from engine.model.events import FLAG_PARITY, MISSING, NS, QUOTE, SPOT, TRADE, Events, empty_events

DAY, LATER = date(2025, 12, 16), date(2025, 12, 17)
STRIKES = (680, 685, 690, 695, 700)
CONTRACTS = tuple(sorted(Contract("SPY", DAY, right, strike * 1000) for strike in STRIKES for right in "CP"))


def cid(strike: int, right: str) -> int:
    return CONTRACTS.index(Contract("SPY", DAY, right, strike * 1000)) + 1


def quote(at_s: float, contract: int, bid: float, ask: float) -> Events:
    event = empty_events(1)
    event["ts"], event["cid"], event["kind"] = int(at_s * NS), contract, QUOTE
    event["p1"] = MISSING if np.isnan(bid) else round(bid * 10_000)
    event["p2"] = MISSING if np.isnan(ask) else round(ask * 10_000)
    return event


def pair(at_s: float, strike: int, spot: float, value: float = 1.0, half: float = 0.05) -> Events:
    """Quote call and put of a strike so that their mids imply `spot`."""
    call, put = max(spot - strike, 0.0) + value, max(strike - spot, 0.0) + value
    return np.concatenate(
        [
            quote(at_s, cid(strike, "C"), call - half, call + half),
            quote(at_s, cid(strike, "P"), put - half, put + half),
        ]
    )


def pairs(at_s: float, spot: float) -> Events:
    """Quote three strikes so that all of them imply `spot`."""
    return np.concatenate([pair(at_s, strike, spot) for strike in (685, 690, 695)])


def trade(at_s: float) -> Events:
    event = empty_events(1)
    event["ts"], event["cid"], event["kind"], event["p1"] = int(at_s * NS), 1, TRADE, 10_000
    return event


def parity(**params: int) -> ImpliedSpot:
    return ImpliedSpot(len(CONTRACTS), nearest_pairs(CONTRACTS, ("SPY",)), ImpliedSpotParams(**params))


def run(blocks: Iterable[Events], maker: ImpliedSpot | None = None) -> Events:
    return np.concatenate(list((maker or parity()).insert(blocks)))


def spots(events: Events) -> list[tuple[float, float]]:
    chosen = events[events["kind"] == SPOT]
    return [(int(event["ts"]) / NS, int(event["p1"]) / 10_000) for event in chosen]


def test_spot_is_strike_plus_call_minus_put() -> None:
    made = run([pairs(1, 691.25)])
    assert spots(made) == [(1.0, 691.25)]
    (spot,) = made[made["kind"] == SPOT]
    assert (spot["cid"], spot["flags"], spot["p2"]) == (0, FLAG_PARITY, MISSING)


def test_pairs_that_agree_outvote_those_that_do_not() -> None:
    far = [pair(1, 680, 999.0), pair(1, 700, 1.0)]
    near = [pair(1, 685, 691.1), pair(1, 690, 691.2), pair(1, 695, 691.2)]
    assert spots(run([np.concatenate(far + near)])) == [(1.0, 691.2)]


def test_fewer_than_three_pairs_imply_nothing() -> None:
    assert spots(run([np.concatenate([pair(1, 690, 691.0), pair(1, 695, 691.0)])])) == []


@pytest.mark.parametrize(("bid", "ask"), [(np.nan, 1.0), (1.0, np.nan), (0.0, 1.0), (1.1, 1.0)])
def test_a_pair_with_a_side_missing_or_crossed_says_nothing(bid: float, ask: float) -> None:
    made = run([np.concatenate([quote(1, cid(690, "C"), 1.0, 1.1), quote(1, cid(690, "P"), bid, ask)])])
    assert spots(made) == []


def test_a_stale_quote_says_nothing() -> None:
    old, fresh = pairs(1, 690.0), quote(122, cid(690, "P"), 0.95, 1.05)
    late = parity(every_ns=200 * NS)
    late.hear(np.concatenate([old, fresh]))
    assert late.sample(122 * NS) is None
    assert spots(run([np.concatenate([old, fresh])], parity(max_age_ns=121 * NS)))[-1] == (1.0, 690.0)


def test_at_most_one_spot_a_second() -> None:
    blocks = [pairs(i / 10, 691 + i / 100) for i in range(50)]
    times = [at for at, _ in spots(run([np.concatenate(blocks)]))]
    assert times == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_an_unchanged_spot_is_not_repeated() -> None:
    blocks = [pairs(i, 691.0) for i in range(5)] + [pairs(5, 691.5)]
    assert spots(run(blocks)) == [(0.0, 691.0), (5.0, 691.5)]


def test_the_spot_stands_behind_the_quotes_that_imply_it_and_before_the_trades() -> None:
    made = run([np.concatenate([pairs(1, 691.0), trade(1), pairs(2, 692.0)])])
    assert made["kind"].tolist() == [*[QUOTE] * 6, SPOT, TRADE, *[QUOTE] * 6, SPOT]


def test_nothing_else_is_changed() -> None:
    given_events = np.concatenate([trade(0), pairs(1, 691.0), trade(1), pairs(2, 692.0)])
    made = run([given_events])
    assert np.array_equal(made[made["kind"] != SPOT], given_events)


def test_samples_are_counted_and_a_day_without_pairs_has_none() -> None:
    maker = parity()
    run([pairs(1, 691.0), pairs(2, 692.0)], maker)
    assert maker.samples == 2
    lonely = ImpliedSpot(1, nearest_pairs(CONTRACTS[:1], ("SPY",)), ImpliedSpotParams())
    assert spots(run([quote(1, 1, 1.0, 1.1)], lonely)) == []
    assert lonely.samples == 0


def test_the_nearest_expiration_with_pairs_is_used() -> None:
    contracts = [
        Contract("SPY", DAY, "C", 690_000),
        Contract("SPY", LATER, "C", 690_000),
        Contract("SPY", LATER, "P", 690_000),
    ]
    found = nearest_pairs(contracts, ("SPY",))
    assert (found.strike.tolist(), found.call.tolist(), found.put.tolist()) == ([6_900_000], [2], [3])


def test_on_one_day_the_first_root_is_preferred() -> None:
    contracts = [Contract(root, DAY, right, 6_000_000) for root in ("SPX", "SPXW") for right in "CP"]
    assert nearest_pairs(contracts, ("SPXW", "SPX")).call.tolist() == [3]
    assert nearest_pairs(contracts, ("SPX", "SPXW")).call.tolist() == [1]


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 700), st.sampled_from(STRIKES), st.integers(68_500, 69_500)), min_size=1
    ),
    cuts=st.sets(st.integers(0, 40)),
)
def test_cutting_the_stream_between_instants_changes_nothing(
    steps: list[tuple[int, int, int]], cuts: set[int]
) -> None:
    at, events = 0, []
    for wait_ms, strike, cents in steps:
        at += wait_ms
        events.append(pair(at / 1000, strike, cents / 100))
    whole = np.concatenate(events)
    starts = np.flatnonzero(np.append(True, whole["ts"][1:] != whole["ts"][:-1]))
    pieces = np.split(whole, [int(starts[i]) for i in sorted(cuts) if i < len(starts)])
    assert np.array_equal(run([whole]), run(pieces))
