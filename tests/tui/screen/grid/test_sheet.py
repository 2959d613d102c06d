from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.model.events import MISSING
from engine.views.view import View
from tui.screen.grid import sheet as sh
from tui.screen.grid.columns import plan
from tui.settings.prefs import Prefs

DEFAULTS = Prefs()
PLAN = plan(200)
NOWHERE = (-1, "C")


def whole(
    view: View, prefs: Prefs = DEFAULTS, scale: float = 1e6, aim: tuple[int, str] = NOWHERE
) -> np.ndarray:
    span = sh.StrikeSpan(0, len(view.strike_milli))
    return sh.sheet(view, prefs, PLAN, span, scale, aim)


def column(numbers: np.ndarray, field: str, *, put: bool = False, tone: bool = False) -> np.ndarray:
    """Return one field's column from the lowest strike up, as the view has it."""
    fields = [name for name, _ in (PLAN.puts if put else PLAN.calls)]
    start = sh.FIRST_FIELD + 2 * len(PLAN.calls) * put
    return numbers[::-1, start + 2 * fields.index(field) + tone]


def test_rows_stand_from_the_highest_strike_down(make_view) -> None:
    view = make_view()
    assert whole(view)[:, sh.STRIKE].tolist() == view.strike_milli[::-1].tolist()


def test_a_window_shows_only_its_strikes(make_view) -> None:
    view = make_view()
    numbers = sh.sheet(view, Prefs(), PLAN, sh.StrikeSpan(0, 3), 1.0, NOWHERE)
    assert numbers[:, sh.STRIKE].tolist() == [658_000, 657_000, 656_000]


def test_a_move_smaller_than_what_is_displayed_changes_nothing(make_view) -> None:
    view = make_view()
    call = replace(view.call, bid=view.call.bid + 40, delta=view.call.delta + 1e-6, volume=view.call.volume)
    assert (whole(view) == whole(replace(view, call=call))).all()


def test_a_cent_changes_one_field_of_one_row(make_view) -> None:
    view = make_view()
    bid = view.call.bid.copy()
    bid[20] += 100
    changed = np.argwhere(whole(view) != whole(replace(view, call=replace(view.call, bid=bid))))
    assert changed.tolist() == [
        [len(bid) - 1 - 20, sh.FIRST_FIELD + 2 * [f for f, _ in PLAN.calls].index("bid")]
    ]


def test_every_displayed_price_is_the_views_to_the_cent(make_view) -> None:
    view = make_view()
    numbers = whole(view)
    assert (column(numbers, "ask", put=True) == view.put.ask // 100).all()
    assert (column(numbers, "iv") == np.rint(view.call.iv * 1000)).all()
    assert (column(numbers, "delta", put=True) == np.rint(view.put.delta * 100)).all()


@pytest.mark.parametrize("field", ["bid", "ask", "last", "fmv", "oi", "voi", "iv", "delta", "gamma"])
def test_what_is_not_known_is_missing_and_never_zero(empty_view, field: str) -> None:
    numbers = whole(empty_view())
    assert (column(numbers, field) == MISSING).all()
    assert (column(numbers, field, put=True) == MISSING).all()


def test_a_fair_value_without_a_two_sided_quote_has_no_edge(make_view) -> None:
    view = make_view()
    call = replace(view.call, bid=np.full_like(view.call.bid, MISSING))
    assert (column(whole(replace(view, call=call)), "fmv") == MISSING).all()
    assert (column(whole(view), "fmv") == 0).all()


def test_volume_over_an_unknown_or_empty_open_interest_is_not_known(make_view) -> None:
    view = make_view()
    oi = view.call.oi.copy()
    oi[0], oi[1], oi[2] = MISSING, 0, 100
    volume = np.full_like(oi, 250)
    tenths = column(whole(replace(view, call=replace(view.call, oi=oi, volume=volume))), "voi")
    assert tenths[:3].tolist() == [MISSING, MISSING, 25]


def test_a_quote_older_than_asked_for_is_stale_and_one_never_quoted_is_not(make_view) -> None:
    view = make_view()
    age = np.full(len(view.call.age_s), 29.0)
    age[3], age[4] = 31.0, np.nan
    tones = column(whole(replace(view, call=replace(view.call, age_s=age))), "bid", tone=True)
    assert np.flatnonzero(tones).tolist() == [3]


def test_heat_rises_in_equal_steps_of_the_largest() -> None:
    assert sh.heat(np.array([0, 1, 100, 101, 400, 800, MISSING]), 800).tolist() == [0, 0, 0, 1, 3, 7, 0]
    assert sh.heat(np.array([0, 0]), 0).tolist() == [0, 0]


def test_net_premium_weighs_by_the_chains_largest(make_view) -> None:
    view = make_view()
    net = np.zeros(len(view.strike_milli))
    net[:5] = [1e6, -3e5, 1e5, 1e4, np.nan]
    numbers = whole(replace(view, call=replace(view.call, net_premium_usd=net)))
    assert column(numbers, "net")[:5].tolist() == [1_000_000, -300_000, 100_000, 10_000, MISSING]
    assert column(numbers, "net", tone=True)[:4].tolist() == [2, 2, 1, 0]


def test_spot_money_and_cursor_are_flagged(make_view) -> None:
    view = make_view()
    flags = dict(
        zip(view.strike_milli[::-1].tolist(), whole(view, aim=(684_000, "P"))[:, sh.FLAGS], strict=True)
    )
    assert flags[681_000] & sh.ATM
    assert flags[681_000] & sh.CALL_ITM
    assert flags[682_000] & sh.PUT_ITM
    assert not flags[682_000] & sh.CALL_ITM
    assert flags[684_000] & sh.CURSOR
    assert flags[684_000] & sh.AIM_PUT
    assert sum(bool(flag & sh.ATM) for flag in flags.values()) == 1


def test_marks_stand_on_the_nearest_strike_and_nowhere_outside_the_ladder(make_view) -> None:
    view = make_view()
    view = replace(view, gamma=replace(view.gamma, band=None))
    marks = dict(zip(view.strike_milli[::-1].tolist(), whole(view)[:, sh.MARKS].tolist(), strict=True))
    assert marks[685_000] == sh.MARK_CW
    assert marks[675_000] == sh.MARK_PW
    assert marks[680_000] == sh.MARK_FLIP
    assert marks[681_000] == sh.MARK_PAIN
    away = replace(view, gamma=replace(view.gamma, zero_gamma=9_000.0, max_pain=None))
    assert not (whole(away)[:, sh.MARKS] & (sh.MARK_FLIP | sh.MARK_PAIN)).any()


def test_net_bars_stand_on_the_side_of_their_sign(make_view) -> None:
    view = make_view()
    numbers = whole(view, Prefs(unit="shares"), scale=1e6)[::-1]
    net = view.call.gex + view.put.gex
    left_cells, right_cells = sh.halves(PLAN.bars, "net")
    assert (numbers[:, sh.LEFT] == np.floor(np.maximum(-net, 0) / 1e6 * 8 * left_cells + 0.5)).all()
    assert (numbers[:, sh.RIGHT] == np.floor(np.maximum(net, 0) / 1e6 * 8 * right_cells + 0.5)).all()
    assert ((numbers[:, sh.LEFT] == 0) | (numbers[:, sh.RIGHT] == 0)).all()


def in_shares(profile_view: str) -> Prefs:
    return Prefs(unit="shares", profile_view=profile_view)


def test_views_of_the_profile_show_puts_against_calls_and_the_gross(make_view) -> None:
    view = make_view()
    left, right = sh.bar_columns(view, in_shares("calls_puts"))
    assert (left == -view.put.gex).all()
    assert (right == view.call.gex).all()
    none, gross = sh.bar_columns(view, in_shares("absolute"))
    assert not none.any()
    assert gross == pytest.approx(left + right)


def test_counts_stand_puts_left_and_calls_right_and_an_unknown_one_is_not_zero(make_view) -> None:
    view = make_view()
    oi = view.call.oi.copy()
    oi[3] = MISSING
    left, right = sh.bar_columns(replace(view, call=replace(view.call, oi=oi)), Prefs(profile_view="oi"))
    assert (left == view.put.oi).all()
    assert np.flatnonzero(np.isnan(right)).tolist() == [3]
    left, right = sh.bar_columns(view, Prefs(profile_view="volume"))
    assert ((left == view.put.volume) & (right == view.call.volume)).all()


def test_another_metric_shows_its_own_exposure_in_dollars_whatever_the_unit_of_gamma(make_view) -> None:
    view = make_view()
    for unit in ("shares", "usd_per_1"):
        _, right = sh.bar_columns(view, Prefs(metric="vanna", unit=unit, profile_view="calls_puts"))
        assert right == pytest.approx(np.abs(view.exposures["vanna"].call) * 681.42)


def test_strikes_between_the_flips_of_the_conventions_are_marked(make_view) -> None:
    marks = whole(make_view())[:, sh.MARKS] & sh.MARK_BAND
    strikes = whole(make_view())[:, sh.STRIKE]
    assert strikes[marks > 0].tolist() == [683_000, 682_000, 681_000, 680_000]


def test_one_unknown_leg_leaves_the_other_and_two_leave_nothing(make_view) -> None:
    view = make_view()
    gamma = view.exposures["gamma"]
    call, put, net = gamma.call.copy(), gamma.put.copy(), gamma.net.copy()
    call[10] = call[11] = put[11] = net[11] = np.nan
    net[10] = put[10]
    half = replace(view, exposures={"gamma": replace(gamma, call=call, put=put, net=net)})
    left, _ = sh.bar_columns(half, in_shares("net"))
    assert left[10] == -put[10]
    flags = whole(half)[::-1, sh.FLAGS]
    assert np.flatnonzero(flags & sh.NO_GAMMA).tolist() == [11]


def test_the_peak_is_in_the_unit_shown_and_zero_where_nothing_is_known(make_view, empty_view) -> None:
    view = make_view()
    shares = np.abs(view.call.gex + view.put.gex).max()
    assert sh.peak(view, Prefs(unit="shares")) == pytest.approx(shares)
    assert sh.peak(view, Prefs(unit="usd_per_1")) == pytest.approx(shares * 681.42)
    assert sh.peak(empty_view(), Prefs()) == 0.0


def test_a_view_without_strikes_has_no_rows(make_view) -> None:
    numbers = sh.sheet(make_view(), Prefs(), PLAN, sh.StrikeSpan(0, 0), 1.0, NOWHERE)
    assert numbers.shape == (0, sh.FIRST_FIELD + 2 * (len(PLAN.calls) + len(PLAN.puts)))
