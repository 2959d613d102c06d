"""Who started a trade: the stack of rules, what weakens it, and what keeps it silent."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold.conditions import AUCTION, EXTENDED, FIRST_CODE, LAST_CODE, REGULAR, SWEEP, TREATMENT
from engine.fold.params import FoldParams, SideParams

SIDE = SideParams()

# Twelve crafted trades with the sides that the stack "quote, depth, tick" of an independent package gives
# them: price, bid, ask, bid size, ask size, last different price, side.
# The last one departs from it on purpose: with a bid of zero the mid means nothing, so depth is not asked
# and without a different last price the trade stays unclassified.
CASES = {
    "at_ask": (2.5, 2.45, 2.5, 30, 40, 2.45, 1),
    "above_mid_inside": (2.48, 2.45, 2.5, 30, 40, 2.5, 1),
    "mid_uptick": (2.5, 2.45, 2.55, 30, 30, 2.45, 1),
    "mid_no_tick_ask_deeper": (2.5, 2.45, 2.55, 30, 60, 2.5, 1),
    "mid_equal_depth_lead_up": (2.5, 2.45, 2.55, 30, 30, 2.5, 0),
    "size_eq_ask_at_ask": (2.5, 2.45, 2.5, 30, 40, 2.45, 1),
    "outside_above_ask": (2.6, 2.45, 2.5, 30, 40, 2.65, 1),
    "locked_at_price": (2.5, 2.5, 2.5, 30, 40, 2.45, 1),
    "crossed_uptick": (2.5, 2.55, 2.45, 30, 40, 2.45, 1),
    "no_quote_no_tick": (2.5, nan, nan, 0, 0, nan, 0),
    "clnv_inside_60pct_downtick": (2.56, 2.5, 2.6, 30, 40, 2.6, 1),
    "zero_bid_mid": (0.05, 0.0, 0.1, 0, 500, 0.05, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_reference_trades_get_their_reference_sides(tape, name) -> None:
    price, bid, ask, bid_size, ask_size, lag, expected = CASES[name]
    if lag == lag:
        tape.trade(lag, at=0)
    tape.quote(bid, ask, at=1, sizes=(bid_size, ask_size)).trade(price, at=2)
    assert tape.fold().last_side[0] == expected


@pytest.mark.parametrize(
    ("price", "side", "confidence", "rule"),
    [
        (2.50, 1, SIDE.at_quote, "at ask"),
        (2.40, -1, SIDE.at_quote, "at bid"),
        (2.51, 1, SIDE.outside, "above ask"),
        (2.39, -1, SIDE.outside, "below bid"),
        (2.49, 1, SIDE.inside * 0.8333, "inside"),
        (2.41, -1, SIDE.inside * 0.8333, "inside"),
        (2.47, 1, SIDE.depth, "depth"),
        (2.45, 1, SIDE.depth, "depth"),
    ],
)
def test_place_against_the_quote_decides(tape, price, side, confidence, rule) -> None:
    """|distance| / spread is 0.8 at 2.49: (0.8 - 0.4) / 0.6 of the way from half to full confidence."""
    tape.quote(2.40, 2.50, at=0, sizes=(30, 40)).trade(price, at=1)
    assert tape.fold().last_side == (side, round(confidence), rule)


def test_deeper_bid_at_mid_counts_as_sold(tape) -> None:
    tape.quote(2.40, 2.50, at=0, sizes=(41, 40)).trade(2.45, at=1)
    assert tape.fold().last_side == (-1, SIDE.depth, "depth")


@pytest.mark.parametrize(("before", "side"), [(2.44, 1), (2.46, -1)])
def test_equal_depth_at_mid_falls_back_to_the_tick(tape, before, side) -> None:
    tape.trade(before, at=0).quote(2.40, 2.50, at=1, sizes=(30, 30)).trade(2.45, at=2)
    assert tape.fold().last_side == (side, SIDE.tick, "tick")


def test_tick_rule_looks_back_to_the_last_different_price(tape) -> None:
    tape.trade(2.44).trade(2.45, at=1).trade(2.45, at=2).trade(2.45, at=3)
    assert [side for side, _, _ in tape.fold().decisions] == [0, 1, 1, 1]


def test_trade_without_quote_or_earlier_price_stays_unknown(tape) -> None:
    assert tape.trade().fold().last_side == (0, 0, "none")


# --- which quote ----------------------------------------------------------------------------------------


def test_quote_of_a_nanosecond_before_prevails(tape) -> None:
    tape.quote(2.45, 2.50, at=0).quote(2.50, 2.55, at=1).trade(2.50, at=1 + 1e-9)
    assert tape.fold().last_side == (-1, SIDE.at_quote, "at bid")


def test_quote_of_the_same_nanosecond_yields_to_the_one_before_and_costs_confidence(tape) -> None:
    tape.quote(2.45, 2.50, at=0).quote(2.50, 2.55, at=1).trade(2.50, at=1)
    assert tape.fold().last_side == (1, round(SIDE.at_quote * SIDE.tie_share), "at ask")


def test_several_quotes_of_the_same_nanosecond_all_yield(tape) -> None:
    tape.quote(2.45, 2.50, at=0).quote(2.50, 2.55, at=1).quote(2.49, 2.54, at=1).trade(2.50, at=1)
    assert tape.fold().last_side[2] == "at ask"


def test_quote_that_arrives_later_but_is_of_a_later_time_is_not_used(tape) -> None:
    tape.quote(2.45, 2.50, at=0).quote(2.50, 2.55, at=2).trade(2.50, at=1)
    assert tape.fold().last_side[2] == "at ask"


def test_trade_of_before_every_known_quote_asks_the_tick(tape) -> None:
    tape.trade(2.40, at=0).quote(2.45, 2.50, at=2).trade(2.45, at=2)
    assert tape.fold().last_side == (1, SIDE.tick, "tick")


# --- what weakens it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "moved", "share"),
    [
        (SIDE.stale_moved_s, True, 1.0),
        (SIDE.stale_moved_s + 0.001, True, 0.5),
        (SIDE.stale_moved_s + 0.001, False, 1.0),
        (SIDE.stale_s, False, 1.0),
        (SIDE.stale_s + 0.001, False, 0.5),
    ],
)
def test_stale_quote_halves_the_confidence(tape, age, moved, share) -> None:
    tape.spot(685.0, at=0).quote(at=0)
    if moved:
        tape.spot(685.01, at=0.5)
    side, confidence, rule = tape.trade(2.50, at=age).fold().last_side
    assert (side, confidence, rule) == (1, round(SIDE.at_quote * share), "at ask")


def test_tick_rule_does_not_suffer_from_a_stale_quote(tape) -> None:
    tape.trade(2.40, at=0).quote(2.55, 2.45, at=1).trade(2.50, at=999)
    assert tape.fold().last_side == (1, SIDE.tick, "tick")


@pytest.mark.parametrize(("price", "side"), [(2.51, 1), (2.49, -1)])
def test_trade_away_from_a_locked_quote_follows_it_with_less_confidence(tape, price, side) -> None:
    tape.quote(2.50, 2.50, at=0).trade(price, at=1)
    assert tape.fold().last_side == (side, SIDE.outside, "locked")


def test_crossed_quote_says_nothing(tape) -> None:
    assert tape.quote(2.55, 2.45, at=0).trade(2.55, at=1).fold().last_side == (0, 0, "none")


@pytest.mark.parametrize("bid", [0.0, nan])
@pytest.mark.parametrize(
    ("price", "decision"),
    [(0.10, (1, SIDE.at_quote, "at ask")), (0.11, (1, SIDE.at_quote, "at ask")), (0.05, (0, 0, "none"))],
)
def test_without_a_bid_only_the_ask_decides(tape, bid, price, decision) -> None:
    assert tape.quote(bid, 0.10, at=0).trade(price, at=1).fold().last_side == decision


@pytest.mark.parametrize("ask", [0.0, nan])
def test_without_an_ask_the_quote_says_nothing(tape, ask) -> None:
    assert tape.quote(2.45, ask, at=0).trade(2.45, at=1).fold().last_side == (0, 0, "none")


# --- conditions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 17, 200, *range(FIRST_CODE, LAST_CODE + 1), 249, -1])
def test_every_condition_code_is_classified_or_kept_out(tape, code) -> None:
    how = TREATMENT[code - FIRST_CODE] if FIRST_CODE <= code <= LAST_CODE else REGULAR
    decision = tape.quote(at=0).trade(2.50, at=1, cond=code).fold().last_side
    if code in (201, 203, 205, 207):
        assert decision == (0, 0, "none")  # a cancel is no trade: nothing is decided
    elif how in (REGULAR, SWEEP, EXTENDED):
        assert decision == (1, SIDE.at_quote, "at ask")
    elif how == AUCTION:
        assert decision == (1, round(SIDE.at_quote * SIDE.auction_share), "at ask")
    else:
        assert decision == (0, 0, "condition")


def test_late_print_leaves_the_last_price_alone(tape) -> None:
    tape.trade(2.40, at=0).trade(2.60, at=1, cond=202).trade(2.50, at=2)
    assert tape.fold().last_side == (1, SIDE.tick, "tick")


def test_opening_print_counts_as_last_price_only_when_it_is_the_first(tape, new_tape) -> None:
    first = new_tape().trade(2.40, at=0, cond=208).trade(2.50, at=1).fold()
    assert first.last_side == (1, SIDE.tick, "tick")
    later = tape.trade(2.60, at=0).trade(2.40, at=1, cond=210).trade(2.50, at=2).fold()
    assert later.last_side == (-1, SIDE.tick, "tick")


# --- bounds ---------------------------------------------------------------------------------------------


@given(
    bid=st.integers(0, 60), ask=st.integers(0, 60), price=st.integers(1, 60),
    sizes=st.tuples(st.integers(0, 3), st.integers(0, 3)), before=st.integers(1, 60), age=st.floats(0, 100),
)  # fmt: skip
def test_mirrored_market_gives_the_mirrored_side(new_tape, bid, ask, price, sizes, before, age) -> None:
    """Turn every price around 1.00 upside down and swap the sizes: the side must turn with it."""

    def decide(sign: int) -> tuple[int, int, str]:
        b, a, before_it, at = (1.0 + sign * cents / 100 for cents in (bid, ask, before, price))
        quote, depth = ((b, a), sizes) if sign > 0 else ((a, b), sizes[::-1])
        script = new_tape().trade(before_it, at=0).quote(*quote, at=1, sizes=depth)
        return script.trade(at, at=1 + age + 1e-9).fold().last_side

    up, down = decide(1), decide(-1)
    assert up[0] == -down[0]
    assert up[1] == down[1]
    assert 0 <= up[1] <= 100
    assert (up[1] == 0) == (up[0] == 0)


def test_confidences_are_parameters(tape) -> None:
    params = FoldParams(side=replace(SIDE, at_quote=91))
    assert tape.quote(at=0).trade(2.50, at=1).fold(params).last_side == (1, 91, "at ask")
