"""Which contracts of a past day are wanted: around the prices it had, never around today's."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.backfill.contracts import chosen, spans
from engine.feeds.backfill.day_fetch import BackfillRequest
from engine.model.calendar import Expiry
from engine.model.contracts import Contract
from engine.model.errors import NoDataError
from engine.model.events import PRICE_SCALE
from engine.model.underlyings import PRESETS, generic
from engine.tape.strike_window import StrikeTracker, StrikeTrackerParams

DAY = date(2025, 12, 16)
NEXT = date(2025, 12, 17)
SPY = PRESETS["SPY"]


def listing(expiry: date = DAY, root: str = "SPY") -> list[Contract]:
    return [Contract(root, expiry, right, 1_000 * strike) for strike in range(600, 700) for right in "CP"]


def units(*dollars: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([round(each * PRICE_SCALE) for each in dollars], np.int64)


@given(st.lists(st.integers(620_00, 680_00), min_size=1, max_size=20), st.integers(1, 8))
def test_every_strike_that_the_screen_would_have_tracked_is_there(cents: list[int], count: int) -> None:
    spots = units(*(each / 100 for each in cents))
    found = {each.strike_milli for each in chosen(BackfillRequest(SPY, DAY, 1, count), listing(), spots)}
    tracker = StrikeTracker(SPY, [DAY], StrikeTrackerParams(strikes=count))
    tracked = set()
    for spot in spots:
        tracker.on_spot(int(spot))
        tracked |= {each.strike_milli for each in tracker.wanted}
    assert found >= tracked
    assert all(min(abs(each - spot / 10) for spot in spots) <= (count + 0.5) * 1_000 for each in found)


def test_strikes_between_two_prices_far_apart_are_left_out() -> None:
    found = chosen(BackfillRequest(SPY, DAY, 1, 1), listing(), units(620, 650))
    assert sorted({each.strike_milli // 1000 for each in found}) == [619, 620, 621, 649, 650, 651]


@pytest.mark.parametrize(
    ("expiry", "dates"),
    [(1, {DAY}), (2, {DAY, NEXT}), ("0dte", {DAY}), (NEXT, {NEXT})],
)
def test_expirations_are_those_asked_for(expiry: Expiry, dates: set[date]) -> None:
    wanted = BackfillRequest(SPY, DAY, expiry, None)
    first, last = spans(wanted)[0]
    listed = [each for each in (*listing(), *listing(NEXT)) if first <= each.expiry <= last]
    assert {each.expiry for each in chosen(wanted, listed, units())} == dates


def test_adjusted_and_foreign_roots_are_left_out() -> None:
    found = chosen(BackfillRequest(SPY, DAY, 1, None), [*listing(root="SPY1"), *listing()[:2]], units())
    assert found == listing()[:2]


def test_a_stock_without_a_near_expiration_is_listed_further_ahead() -> None:
    (first, last), (_, far) = spans(BackfillRequest(generic("XYZ", 1_000), DAY, 1, None))
    assert (first, last) == (DAY, date(2025, 12, 19))
    assert (far - DAY).days >= 35


def test_nothing_listed_is_one_sentence() -> None:
    with pytest.raises(
        NoDataError, match=r"SPY had no such options on 2025-12-16 \(expiry 0dte\); choose another"
    ):
        chosen(BackfillRequest(SPY, DAY, "0dte", None), [], units())
