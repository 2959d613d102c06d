from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.events import MISSING, PRICE_SCALE
from engine.views.queries import HeatQuery
from tui.screen.stages.heat_map_sheet import CURSOR, LINE, UNKNOWN, codes, grid, levels, lower_bound
from tui.screen.theme import HEAT_LEVELS

HOT = HEAT_LEVELS - 1


def test_levels_keep_the_sign_and_grow_with_the_root() -> None:
    values = np.array([0.0, 1.0, -1.0, 0.25, -0.25, np.nan, 7.0])
    assert levels(values, 1.0).tolist() == [0, HOT, -HOT, 4, -4, UNKNOWN, HOT]


def test_without_a_scale_every_known_value_is_cold() -> None:
    assert levels(np.array([0.0, np.nan]), 0.0).tolist() == [0, UNKNOWN]


@given(value=st.floats(0, 1e9), scale=st.floats(1.0, 1e9))
def test_the_printed_bound_of_a_level_is_where_it_begins(value: float, scale: float) -> None:
    level = int(levels(np.array([value]), scale)[0])
    if level:
        assert value >= lower_bound(level, scale) * (1 - 1e-9)
    if level < HOT:
        assert value <= lower_bound(level + 1, scale) * (1 + 1e-9)


def test_a_narrow_map_shows_the_last_minute_of_each_column(make_heat) -> None:
    heat = make_heat(HeatQuery())
    fitted = grid(heat, 192, 80, "shares")
    assert fitted.columns.step == 3
    assert fitted.values[30, 3] == heat.values[30, 11]
    assert fitted.times_ns[3] == heat.times_ns[11]


def test_a_map_knows_nothing_after_the_minutes_it_may_show(make_heat) -> None:
    heat = make_heat(HeatQuery())
    assert grid(heat, 100, 200, "shares").times_ns[-1] == heat.times_ns[99]


def test_gamma_is_converted_at_the_spot_of_its_minute_and_other_metrics_are_not(make_heat) -> None:
    heat = make_heat(HeatQuery())
    spot = heat.spot[7] / PRICE_SCALE
    shares = grid(heat, 192, 192, "shares").value(685_000, 7)
    assert grid(heat, 192, 192, "usd_per_1").value(685_000, 7) == pytest.approx(shares * spot)
    assert grid(heat, 192, 192, "usd_per_1pct").value(685_000, 7) == pytest.approx(shares * spot**2 / 100)
    charm = make_heat(HeatQuery("charm"))
    assert grid(charm, 192, 192, "usd_per_1").value(685_000, 7) == charm.values[29, 7]


def test_a_minute_without_spot_has_no_gamma_in_dollars(make_heat) -> None:
    heat = make_heat(HeatQuery())
    spot = heat.spot.copy()
    spot[7] = MISSING
    assert np.isnan(grid(replace(heat, spot=spot), 192, 192, "usd_per_1").value(685_000, 7))


def test_a_strike_the_map_does_not_have_is_unknown(make_heat) -> None:
    fitted = grid(make_heat(HeatQuery()), 192, 200, "shares")
    assert np.isnan(fitted.value(999_000, 3))
    rows = codes(fitted, np.array([999_000, 685_000]), fitted.peak, -1, -1)
    assert (rows[0] % LINE == UNKNOWN).all()
    assert (rows[1] % LINE != UNKNOWN).any()


def test_the_spots_path_lies_on_the_nearest_strike(make_heat) -> None:
    heat = make_heat(HeatQuery())
    fitted = grid(heat, 192, 192, "shares")
    strikes = fitted.strike_milli[::-1]
    lined = (codes(fitted, strikes, fitted.peak, -1, -1) + HEAT_LEVELS) // LINE
    for column in (0, 60, 191):
        nearest = int(np.abs(strikes - heat.spot[column] / 10).argmin())
        assert lined[nearest, column] > 0


def test_the_cursors_mark_their_column_and_their_crossing(make_heat) -> None:
    fitted = grid(make_heat(HeatQuery()), 192, 192, "shares")
    strikes = fitted.strike_milli[::-1]
    plain = codes(fitted, strikes, fitted.peak, -1, -1)
    marked = codes(fitted, strikes, fitted.peak, 9, 685_000) - plain
    assert set(marked[:, 9].tolist()) == {CURSOR, 2 * CURSOR}
    assert marked[strikes == 685_000, 9] == 2 * CURSOR
    assert not marked[:, :9].any()


def test_a_time_is_found_in_its_column(make_heat) -> None:
    heat = make_heat(HeatQuery())
    fitted = grid(heat, 192, 80, "shares")
    assert fitted.column_at(None) == len(fitted.times_ns) - 1
    assert fitted.column_at(int(heat.times_ns[4])) == 1
    assert fitted.column_at(int(heat.times_ns[-1]) + 1) == len(fitted.times_ns) - 1
    assert grid(heat, 0, 80, "shares").column_at(None) == -1
