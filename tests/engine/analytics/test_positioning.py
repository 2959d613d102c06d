"""What dealers hold under each convention, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analytics.exposure_choice import Basis, Convention
from engine.analytics.positioning import held, positions

NAN = np.nan
CP = np.array([1.0, -1.0, 1.0, -1.0])
OI = np.array([300.0, 200.0, NAN, 0.0])
VOLUME = np.array([50.0, 70.0, 9.0, 0.0])
BUY, SELL = np.array([30.0, 10.0, 5.0, 0.0]), np.array([10.0, 40.0, 4.0, 0.0])


@pytest.mark.parametrize(
    ("convention", "basis", "held"),
    [
        ("assumed", "oi", [300, -200, NAN, 0]),
        ("assumed", "volume", [50, -70, 9, 0]),
        ("flow", "flow", [-20, 30, -1, 0]),
        ("blended", "oi", [280, -170, NAN, 0]),
    ],
)
def test_positions_by_hand(convention: Convention, basis: Basis, held: list[float]) -> None:
    got = positions(convention, basis, oi=OI, volume=VOLUME, buy=BUY, sell=SELL, cp=CP)
    np.testing.assert_array_equal(got, held)


def test_a_customer_who_buys_leaves_the_dealer_short_whatever_the_right() -> None:
    nothing, ten = np.zeros(2), np.full(2, 10.0)
    both = np.array([1.0, -1.0])
    held = positions("flow", "flow", oi=nothing, volume=ten, buy=ten, sell=nothing, cp=both)
    assert held.tolist() == [-10, -10]


def test_open_interest_of_the_day_goes_with_the_flow_of_every_minute() -> None:
    assumed, flow = np.array([[300.0], [-200.0]]), np.array([[-1.0, -5.0], [2.0, NAN]])
    assert held("blended", assumed, flow).tolist()[0] == [299.0, 295.0]
    assert held("flow", assumed, flow) is flow
    assert held("assumed", assumed, flow) is assumed


def test_blended_is_what_was_assumed_moved_by_the_flow() -> None:
    columns = {"oi": OI, "volume": VOLUME, "buy": BUY, "sell": SELL, "cp": CP}
    parts = positions("assumed", "oi", **columns) + positions("flow", "flow", **columns)
    np.testing.assert_array_equal(positions("blended", "oi", **columns), parts)
