"""Which channels are held."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.massive.subscriptions import (
    Grants,
    SymbolSubscription,
    by_nearness,
    option_channels,
    spot_channels,
    spot_cluster,
)
from engine.model.contracts import Contract
from engine.model.underlyings import underlying
from engine.tape.strike_window import StrikeTracker, StrikeTrackerParams

DAY = date(2025, 12, 19)
ROOTS = ("SPY", "QQQ", "IWM")


def chain(root: str, expiries: int = 2, strikes: int = 10, centre: int = 100) -> tuple[Contract, ...]:
    """Return a chain around a centre in dollars, the most wanted first."""
    made = [
        Contract(root, DAY + timedelta(days=i), right, strike * 1000)
        for i in range(expiries)
        for strike in range(centre - strikes, centre + strikes + 1)
        for right in "CP"
    ]
    return by_nearness(made, centre * 1000)


def watched(root: str, **shape: int) -> SymbolSubscription:
    """Return a symbol of which everything is wanted."""
    contracts = chain(root, **shape)
    return SymbolSubscription(contracts, contracts)


def quoted(channels: frozenset[str], root: str) -> list[str]:
    """Return the quoted contracts of a root."""
    return sorted(each for each in channels if each.startswith(f"Q.O:{root}"))


shapes = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 12)), min_size=1, max_size=3)
every_grant = st.builds(Grants, st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["A", "AM", ""]))


@given(shapes, every_grant, st.integers(1, 3), st.integers(0, 60))
def test_no_connection_is_ever_over_its_budget(
    shapes: list[tuple[int, int]], grants: Grants, connections: int, most: int
) -> None:
    watch = [watched(root, expiries=e, strikes=s) for root, (e, s) in zip(ROOTS, shapes, strict=False)]
    for channels in option_channels(watch, grants, connections, most):
        assert sum(each.startswith(("Q.", "FMV.")) for each in channels) <= most


@given(shapes, st.integers(1, 3), st.integers(0, 60))
def test_every_trade_is_wanted_exactly_once_and_beside_the_quotes(
    shapes: list[tuple[int, int]], connections: int, most: int
) -> None:
    watch = [watched(root, expiries=e, strikes=s) for root, (e, s) in zip(ROOTS, shapes, strict=False)]
    held = option_channels(watch, Grants(), connections, most)
    trades = [each for channels in held for each in channels if each.startswith("T.")]
    assert sorted(trades) == sorted(f"T.{each.occ}" for of in watch for each in of.traded)
    for channels in held:
        assert all("T" + each[1:] in channels for each in channels if each.startswith("Q."))


@given(shapes, st.integers(0, 200))
def test_no_symbol_waits_while_another_has_more(shapes: list[tuple[int, int]], most: int) -> None:
    watch = [watched(root, expiries=e, strikes=s) for root, (e, s) in zip(ROOTS, shapes, strict=False)]
    (channels,) = option_channels(watch, Grants(), 1, most)
    counts = {root: len(quoted(channels, root)) for root in ROOTS[: len(watch)]}
    for root, each in zip(ROOTS, watch, strict=False):
        if counts[root] < len(each.quoted):
            assert max(counts.values()) <= counts[root] + 1


@given(st.integers(0, 84))
def test_near_expirations_come_first_and_then_near_strikes(most: int) -> None:
    each = watched("SPY")
    (channels,) = option_channels([each], Grants(), 1, most)
    assert quoted(channels, "SPY") == sorted(f"Q.{contract.occ}" for contract in each.quoted[:most])
    ranks = [(contract.expiry, abs(contract.strike - 100)) for contract in each.quoted]
    assert ranks == sorted(ranks)


def test_fair_values_take_places_of_the_same_budget() -> None:
    (channels,) = option_channels([watched("SPY")], Grants(fair_values=True), 1, 20)
    assert sum(each.startswith("Q.") for each in channels) == 10
    assert sum(each.startswith("FMV.") for each in channels) == 10


def test_bars_are_wanted_only_where_quotes_are_not_granted() -> None:
    assert not any(each.startswith("A.") for each in option_channels([watched("SPY")], Grants())[0])
    (channels,) = option_channels([watched("SPY")], Grants(quotes=False))
    assert sum(each.startswith("A.") for each in channels) == 84
    assert not any(each.startswith("Q.") for each in channels)


def test_a_spot_that_drifts_within_the_slack_changes_no_channel() -> None:
    spy = underlying("SPY")
    tracker = StrikeTracker(spy, [DAY], StrikeTrackerParams(strikes=5))

    def channels(spot: float) -> frozenset[str]:
        tracker.on_spot(round(spot * 10_000))
        assert tracker.atm_milli is not None
        near = by_nearness(tracker.wanted, tracker.atm_milli)
        return option_channels([SymbolSubscription(near, near)], Grants(), 1, 10)[0]

    first = channels(100.0)
    assert all(channels(100 + drift) == first for drift in (0.55, -0.55, 0.3, 0.59))
    moved = channels(100.61)
    assert 0 < len(moved - first) <= 8


def test_a_kind_is_lost_only_when_nothing_of_it_is_held() -> None:
    assert Grants().without({"Q.O:A"}, {"Q.O:B"}) == Grants()
    assert Grants().without({"Q.O:A"}, {"T.O:A"}) == Grants(quotes=False)
    assert Grants(quotes=False).without({"A.O:A"}, set()) == Grants(quotes=False, bars="AM")
    assert Grants(quotes=False, bars="AM").without({"AM.O:A"}, set()).bars == ""
    assert Grants().without({"T.O:A"}, set()).trades is False


def test_an_underlying_is_heard_on_its_own_cluster() -> None:
    spy, spx = underlying("SPY"), underlying("SPX")
    assert (spot_cluster(spy), spot_cluster(spx)) == ("stocks", "indices")
    assert spot_channels([spy, spx]) == {"T.SPY", "V.I:SPX"}
    assert spot_channels([spy], trades=False) == {"Q.SPY"}
