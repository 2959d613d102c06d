from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.contracts import MAX_STRIKE_MILLI, Contract
from engine.model.events import MISSING, PRICE_SCALE, to_price
from engine.model.underlyings import Underlying, generic, underlying
from engine.tape.strike_window import StrikeTracker, StrikeTrackerParams, SubscriptionChange

TODAY, TOMORROW = date(2025, 12, 16), date(2025, 12, 17)

spots = st.integers(1, 20_000 * PRICE_SCALE)


def tracker(
    u: Underlying | None = None,
    expiries: Iterable[date] = (TODAY,),
    strikes: int = 2,
    hysteresis: float = 0.6,
) -> StrikeTracker:
    return StrikeTracker(u or underlying("SPY"), expiries, StrikeTrackerParams(strikes, hysteresis))


def follow(tracked: StrikeTracker, *dollars: float) -> list[SubscriptionChange | None]:
    return [tracked.on_spot(to_price(each)) for each in dollars]


def strikes(wanted: Iterable[Contract]) -> list[float]:
    return sorted({contract.strike for contract in wanted})


class TestWindow:
    def test_defaults_are_25_strikes_and_six_tenths(self) -> None:
        assert StrikeTrackerParams() == StrikeTrackerParams(strikes=25, hysteresis=0.6)

    def test_nothing_is_wanted_before_the_first_spot(self) -> None:
        fresh = tracker()
        assert (fresh.wanted, fresh.atm_milli) == (frozenset(), None)

    def test_first_spot_wants_both_rights_of_every_strike_and_expiration(self) -> None:
        fresh = tracker(expiries=(TODAY, TOMORROW), strikes=2)
        change = fresh.on_spot(to_price(685.2))
        assert change is not None
        assert (
            set(change.add)
            == fresh.wanted
            == {
                Contract("SPY", expiry, right, strike_milli)
                for expiry in (TODAY, TOMORROW)
                for right in "CP"
                for strike_milli in (683_000, 684_000, 685_000, 686_000, 687_000)
            }
        )
        assert change.drop == ()
        assert fresh.atm_milli == 685_000

    def test_default_window_of_three_expirations_has_306_contracts(self) -> None:
        wide = StrikeTracker(underlying("SPX"), (TODAY, TOMORROW, date(2025, 12, 18)))
        wide.on_spot(to_price(6_800))
        assert len(wide.wanted) == 51 * 2 * 3

    @pytest.mark.parametrize(
        ("symbol", "root", "spot", "expected"),
        [
            ("SPX", "SPXW", 6_802.4, [6_795.0, 6_800.0, 6_805.0]),
            ("NDX", "NDXP", 25_012.0, [24_975.0, 25_000.0, 25_025.0]),
            ("IWM", "IWM", 250.7, [250.0, 251.0, 252.0]),
        ],
    )
    def test_strikes_step_by_the_increment_under_the_pm_root(
        self, symbol: str, root: str, spot: float, expected: list[float]
    ) -> None:
        tracked = tracker(underlying(symbol), strikes=1)
        tracked.on_spot(to_price(spot))
        assert strikes(tracked.wanted) == expected
        assert {contract.root for contract in tracked.wanted} == {root}

    @pytest.mark.parametrize(
        ("spot", "atm"), [(684.5, 685_000), (685.5, 686_000), (684.4999, 684_000), (0.5, 1_000), (2.5, 3_000)]
    )
    def test_halves_round_up_never_to_even(self, spot: float, atm: int) -> None:
        tracked = tracker()
        tracked.on_spot(to_price(spot))
        assert tracked.atm_milli == atm

    def test_strikes_at_or_below_zero_are_never_wanted(self) -> None:
        tracked = tracker(strikes=5)
        tracked.on_spot(to_price(2))
        assert strikes(tracked.wanted) == [1, 2, 3, 4, 5, 6, 7]

    def test_strikes_no_contract_can_carry_are_never_wanted(self) -> None:
        tracked = tracker(generic("BRK", 100_000), strikes=2)
        tracked.on_spot(to_price(99_900))
        assert strikes(tracked.wanted) == [99_700, 99_800, 99_900]

    def test_fractional_increments_stay_exact(self) -> None:
        tracked = tracker(generic("XYZ", 2_500), strikes=1)
        tracked.on_spot(to_price(101.25))
        assert strikes(tracked.wanted) == [100.0, 102.5, 105.0]


class TestFollowing:
    def test_the_centre_stays_within_six_tenths_of_an_increment(self) -> None:
        assert follow(tracker(), 685.0, 685.6, 684.4, 685.0)[1:] == [None, None, None]

    @pytest.mark.parametrize(("spot", "atm"), [(685.6001, 686_000), (684.3999, 684_000)])
    def test_the_centre_moves_just_beyond(self, spot: float, atm: int) -> None:
        tracked = tracker()
        follow(tracked, 685.0, spot)
        assert tracked.atm_milli == atm

    def test_one_step_adds_the_new_edge_and_drops_the_old_one(self) -> None:
        _, change = follow(tracker(strikes=2), 685.0, 685.7)
        assert change is not None
        assert change.add == (Contract("SPY", TODAY, "C", 688_000), Contract("SPY", TODAY, "P", 688_000))
        assert change.drop == (Contract("SPY", TODAY, "C", 683_000), Contract("SPY", TODAY, "P", 683_000))

    def test_a_jump_over_many_strikes_replaces_the_whole_window(self) -> None:
        tracked = tracker(strikes=2)
        _, change = follow(tracked, 685.0, 600.0)
        assert change is not None
        assert strikes(change.drop) == [683, 684, 685, 686, 687]
        assert strikes(change.add) == strikes(tracked.wanted) == [598, 599, 600, 601, 602]

    def test_chatter_around_a_half_moves_once(self) -> None:
        tracked = tracker()
        changes = follow(tracked, 685.0, *[685.45, 685.55] * 50)
        assert [change for change in changes[1:] if change] == []

    def test_a_missing_spot_is_not_a_price(self) -> None:
        tracked = tracker()
        assert tracked.on_spot(MISSING) is None
        assert tracked.on_spot(0) is None
        assert tracked.atm_milli is None
        follow(tracked, 685.0)
        assert tracked.on_spot(MISSING) is None
        assert tracked.atm_milli == 685_000

    def test_a_spot_straight_off_the_tape_does_not_overflow(self) -> None:
        tracked = tracker(underlying("NDX"), strikes=0)
        tracked.on_spot(np.int32(to_price(150_000)))  # type: ignore[arg-type]
        assert tracked.atm_milli == 150_000_000

    def test_no_expirations_want_nothing_and_change_nothing(self) -> None:
        assert follow(tracker(expiries=()), 685.0, 700.0) == [None, None]

    @given(
        st.lists(spots, min_size=1, max_size=40),
        st.integers(0, 30),
        st.sampled_from([1_000, 5_000, 25_000, 500]),
    )
    def test_changes_add_up_to_the_wanted_set(self, path: list[int], n: int, increment_milli: int) -> None:
        tracked = tracker(generic("XYZ", increment_milli), (TODAY, TOMORROW), n)
        held: set[Contract] = set()
        for spot in path:
            change = tracked.on_spot(spot)
            if change is not None:
                assert change.add or change.drop
                assert not held & set(change.add)
                assert held >= set(change.drop)
                held = (held - set(change.drop)) | set(change.add)
            assert held == tracked.wanted
        assert all(0 < contract.strike_milli <= MAX_STRIKE_MILLI for contract in held)

    @given(st.lists(spots, min_size=1, max_size=40), st.sampled_from([1_000, 5_000, 25_000]))
    def test_the_centre_is_never_further_than_the_slack(self, path: list[int], increment_milli: int) -> None:
        tracked = tracker(generic("XYZ", increment_milli))
        for spot in path:
            tracked.on_spot(spot)
            assert tracked.atm_milli is not None
            assert abs(spot - tracked.atm_milli * 10) * 10 <= 6 * increment_milli * 10

    @given(spots)
    def test_the_first_centre_is_the_nearest_strike(self, spot: int) -> None:
        tracked = tracker()
        tracked.on_spot(spot)
        assert tracked.atm_milli is not None
        assert -5_000 <= spot - tracked.atm_milli * 10 < 5_000
