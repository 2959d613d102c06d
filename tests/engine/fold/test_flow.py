"""What prints and cancels add up to, against a ledger written the plain way."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold import flow
from engine.fold.conditions import CANCEL
from engine.fold.params import FoldParams
from engine.fold.records import RECENT_PRINTS, SIDE
from engine.fold.step import step
from engine.fold.trade_side import treatment
from engine.model.events import TRADE
from engine.views.queries import CHANNELS

CALL, PUT, LOW_PUT, HIGH_CALL = 1, 2, 4, 5
ASK, BID, MID = 2.50, 2.40, 2.45  # the quote every trade here is judged by
SIDES = {ASK: "buy", BID: "sell"}
COUNTS = ("volume", "cancelled", "buy", "sell", "unknown", "premium", "buy_premium", "sell_premium")


@pytest.fixture
def quoted(tape):
    """A tape with a spot and a quote of equal depth: the mid is unclassified until a price differs."""
    return tape.spot(685.0, at=0).quote(BID, ASK, at=0, sizes=(30, 30))


def test_bought_sold_and_unknown_contracts_are_kept_apart(quoted) -> None:
    quoted.trade(MID, 7, at=1).trade(ASK, 5, at=2).trade(BID, 3, at=3)
    cell = quoted.fold().cell()
    assert (cell["volume"], cell["unknown"], cell["buy"], cell["sell"]) == (15, 7, 5, 3)


def test_premium_is_an_exact_integer(quoted) -> None:
    quoted.trade(ASK, 123_456, at=1).trade(BID, 7, at=2)
    cell = quoted.fold().cell()
    bought, sold = 25_000 * 123_456 * 100, 24_000 * 7 * 100
    assert cell["buy_premium"] == bought > 2**32
    assert (cell["sell_premium"], cell["premium"]) == (sold, bought + sold)


def test_trades_that_conditions_keep_out_count_as_unknown_volume(quoted) -> None:
    quoted.trade(ASK, 5, at=1, cond=232).trade(ASK, 6, at=2, cond=202)
    cell = quoted.fold().cell()
    assert (cell["volume"], cell["unknown"], cell["buy"]) == (11, 11, 0)


def test_signed_greeks_are_those_of_the_trade(quoted) -> None:
    quoted.trade(ASK, 5, at=0.5).trade(BID, 2, at=0.6)
    cell = quoted.fold().cell()
    assert 0.4 < cell["delta"] < 0.6
    assert cell["delta_flow"] == pytest.approx(300 * cell["delta"], rel=1e-12)
    assert cell["gamma_flow"] == pytest.approx(300 * cell["gamma"], rel=1e-12)


def test_classified_trade_without_a_delta_is_counted_as_such(tape) -> None:
    """Without a spot there is no delta: the flow says what it could not weigh instead of adding 0."""
    folded = tape.quote(BID, ASK, at=0).trade(ASK, 5, at=1).fold()
    assert folded.under["no_delta_volume"] == 5
    assert folded.cell()["buy"] == 5


def test_confidence_is_weighed_by_contracts_and_leaves_out_what_has_no_side(quoted) -> None:
    folded = quoted.trade(MID, 7, at=1).trade(ASK, 5, at=2).trade(2.60, 3, at=3).fold()
    assert [(side, percent) for side, percent, _ in folded.decisions] == [(0, 0), (1, 80), (1, 50)]
    assert folded.cell()["sided_confidence"] == 5 * 80 + 3 * 50


# --- cancels --------------------------------------------------------------------------------------------


def test_cancel_takes_back_exactly_what_its_print_added(quoted) -> None:
    quoted.trade(ASK, 4, at=1)
    before = quoted.fold().cell().copy()
    quoted.trade(ASK, 9, at=2).cancel(ASK, 9, at=3)
    after = quoted.fold().cell()
    assert [after[name] for name in COUNTS[2:]] == [before[name] for name in COUNTS[2:]]
    assert after["delta_flow"] == pytest.approx(before["delta_flow"], rel=1e-12)
    assert after["gamma_flow"] == pytest.approx(before["gamma_flow"], rel=1e-12)
    assert (after["volume"], after["cancelled"]) == (13, 9)


def test_cancel_matches_the_newest_living_print(quoted) -> None:
    """Two alike prints, one bought against the first quote and one sold against the second."""
    quoted.trade(ASK, 5, at=1).quote(ASK, 2.60, at=2).trade(ASK, 5, at=3)
    once = quoted.cancel(ASK, 5, at=4).fold().cell()
    assert (once["buy"], once["sell"]) == (5, 0)
    twice = quoted.cancel(ASK, 5, at=5).fold()
    assert (twice.cell()["buy"], twice.cell()["sell"]) == (0, 0)
    assert (twice.under["cancels"], twice.under["unmatched_cancels"]) == (2, 0)


def test_cancel_of_a_forgotten_print_takes_volume_back_and_leaves_premium(quoted) -> None:
    quoted.trade(ASK, 50, at=1)
    for second in range(RECENT_PRINTS):
        quoted.trade(BID, 1, at=2 + second)
    before = quoted.fold().cell().copy()
    folded = quoted.cancel(ASK, 50, at=60).fold()
    assert folded.under["unmatched_cancels"] == 1
    assert folded.cell()["buy"] == 0
    assert folded.cell()["premium"] == before["premium"]


def test_unmatched_cancel_takes_unknown_contracts_first_then_the_larger_side(quoted) -> None:
    quoted.trade(MID, 3, at=1).trade(ASK, 5, at=2).trade(BID, 8, at=3).cancel(9.99, 6, at=4)
    cell = quoted.fold().cell()
    assert (cell["unknown"], cell["buy"], cell["sell"]) == (0, 5, 5)


def test_cancel_of_more_than_was_traded_stops_at_nothing(quoted) -> None:
    quoted.trade(ASK, 5, at=1).cancel(9.99, 6, at=2).cancel(9.99, 6, at=3)
    cell = quoted.fold().cell()
    assert (cell["volume"], cell["cancelled"], cell["buy"]) == (5, 5, 0)


def test_print_whose_contracts_an_unmatched_cancel_took_cannot_be_taken_back_again(quoted) -> None:
    quoted.trade(ASK, 5, at=1).cancel(9.99, 5, at=2).cancel(ASK, 5, at=3)
    folded = quoted.fold()
    cell = folded.cell()
    assert (cell["volume"], cell["cancelled"], cell["buy"]) == (5, 5, 0)
    assert folded.under["unmatched_cancels"] == 2


def test_cancel_of_an_untraded_contract_is_only_counted(tape) -> None:
    folded = tape.cancel(at=0).fold()
    assert [int(folded.cell()[name]) for name in COUNTS] == [0] * len(COUNTS)
    assert folded.under["unmatched_cancels"] == 1


def test_cancel_takes_its_own_confidence_back(quoted) -> None:
    quoted.trade(ASK, 5, at=2).trade(2.60, 3, at=3).cancel(2.60, 3, at=4)
    assert quoted.fold().cell()["sided_confidence"] == 5 * 80


def test_unmatched_cancel_takes_the_usual_confidence_back(quoted) -> None:
    quoted.trade(ASK, 5, at=2).trade(2.60, 3, at=3).cancel(9.99, 4, at=4)
    assert quoted.fold().cell()["sided_confidence"] == (5 * 80 + 3 * 50) // 2


# --- any sequence ---------------------------------------------------------------------------------------


@dataclass
class Ledger:
    """The same bookkeeping with a list of prints and no arrays."""

    prints: list[list] = field(default_factory=list)
    buy: int = 0
    sell: int = 0
    unknown: int = 0
    volume: int = 0
    cancelled: int = 0
    premium: int = 0

    def add(self, side: str, size: int, premium: int) -> None:
        setattr(self, side, getattr(self, side) + size)
        self.premium += premium

    def trade(self, price: float, size: int, side: str) -> None:
        self.volume += size
        self.add(side, size, self.worth(price, size))
        self.prints.append([price, size, side, True])

    def cancel(self, price: float, size: int) -> None:
        for entry in reversed(self.prints[-RECENT_PRINTS:]):
            if entry[:2] == [price, size] and entry[3]:
                entry[3] = False
                if getattr(self, entry[2]) >= size:
                    self.cancelled += size
                    self.add(entry[2], -size, -self.worth(price, size))
                    return
                break
        for _ in range(min(size, self.volume - self.cancelled)):
            self.add("unknown" if self.unknown else self.larger(), -1, 0)
            self.cancelled += 1

    def larger(self) -> str:
        return "buy" if self.buy >= self.sell else "sell"

    @staticmethod
    def worth(price: float, size: int) -> int:
        return round(price * 10_000) * size * 100


acts = st.lists(
    st.tuples(st.sampled_from(["trade", "trade", "cancel"]), st.sampled_from([ASK, BID]), st.integers(1, 4)),
    max_size=40,
)


@given(acts)
def test_no_sequence_makes_anything_negative_or_lost(new_tape, sequence) -> None:
    script = new_tape().spot(685.0, at=0).quote(BID, ASK, at=0, sizes=(30, 30))
    for second, (act, price, size) in enumerate(sequence, 1):
        getattr(script, act)(price, size, at=second)
    cell = script.fold().cell()
    assert min(cell[name] for name in COUNTS) >= 0
    assert cell["buy"] + cell["sell"] + cell["unknown"] == cell["volume"] - cell["cancelled"]
    assert cell["buy_premium"] + cell["sell_premium"] == cell["premium"]
    assert 0 <= cell["sided_confidence"] <= 100 * (cell["buy"] + cell["sell"])


@given(acts)
def test_any_sequence_comes_to_what_the_ledger_says(new_tape, sequence) -> None:
    """Cancels of one contract at a time, so that "the larger side" has no ties to break within one."""
    script, ledger = new_tape().spot(685.0, at=0).quote(BID, ASK, at=0, sizes=(30, 30)), Ledger()
    for second, (act, price, _) in enumerate(sequence, 1):
        getattr(script, act)(price, 1, at=second)
        if act == "trade":
            ledger.trade(price, 1, SIDES[price])
        else:
            ledger.cancel(price, 1)
    cell = script.fold().cell()
    for name in ("volume", "cancelled", "buy", "sell", "unknown", "premium"):
        assert cell[name] == getattr(ledger, name), name


def test_volume_never_falls(mixed_events, fold_events) -> None:
    events = mixed_events(5, 1500)
    seen = np.zeros(7, np.int64)
    for stop in range(100, 1501, 100):
        volume = fold_events(events[:stop]).state.cells["volume"]
        assert (volume >= seen).all()
        seen = volume
    assert seen.sum() > 0


# --- channels -------------------------------------------------------------------------------------------


def channels(folded) -> dict[str, float]:
    return dict(zip(CHANNELS, folded.under["channels"].tolist(), strict=True))


def test_channels_are_cumulated_in_the_order_the_panels_name_them() -> None:
    assert [getattr(flow, name.upper()) for name in CHANNELS] == list(range(len(CHANNELS)))


def test_bought_call_makes_dealers_buy_and_bought_put_makes_them_sell(quoted) -> None:
    call = channels(quoted.trade(ASK, 20, at=1).fold())
    delta = quoted.fold().cell()["delta"]
    assert 0 < call["hedge"] == call["hedge_call"] == pytest.approx(20 * 100 * delta * 685.0)
    assert (call["call_premium"], call["put_premium"]) == (20 * 100 * ASK, 0.0)
    both = channels(quoted.quote(BID, ASK, at=2, cid=PUT).trade(ASK, 20, at=2.5, cid=PUT).fold())
    assert both["hedge_put"] < 0
    assert both["put_premium"] == 20 * 100 * ASK


def test_flow_splits_by_the_money_and_by_size(quoted) -> None:
    quoted.quote(BID, ASK, cid=LOW_PUT).quote(BID, ASK, cid=HIGH_CALL)
    quoted.trade(ASK, 10, at=1, cid=LOW_PUT).trade(ASK, 11, at=1.5, cid=HIGH_CALL)
    found = channels(quoted.fold())
    assert found["hedge_below"] == found["hedge_put"] == found["hedge_retail"] < 0
    assert found["hedge_above"] == found["hedge_call"] > 0
    assert found["hedge_same_day"] == found["hedge"]


def test_contract_of_another_day_is_no_same_day_flow(quoted, fold_events) -> None:
    events = quoted.trade(ASK, 5, at=1).events
    events["ts"] -= flow.DAY_NS
    found = channels(fold_events(events))
    assert found["hedge"] > found["hedge_same_day"] == 0


def test_trade_without_a_delta_counts_its_premium_only(tape) -> None:
    found = channels(tape.quote(BID, ASK, at=0).trade(ASK, 5, at=1).fold())
    assert found.pop("call_premium") == 500 * ASK
    assert not any(found.values())


def test_cancel_takes_back_what_its_print_added_to_the_channels(quoted) -> None:
    """The spot has moved across the strike in between: what is undone is what was done then."""
    before = channels(quoted.trade(BID, 4, at=1).fold())
    quoted.trade(ASK, 9, at=2).spot(684.0, at=3).quote(1.5, 1.6, at=3).cancel(ASK, 9, at=4)
    assert channels(quoted.fold()) == pytest.approx(before)


def test_channels_are_what_the_trades_add_up_to(mixed_events, fresh_state) -> None:
    """Event by event against the plain formula; cancels have tests of their own."""
    events = mixed_events(11, 1500)
    cancels = (events["kind"] == TRADE) & [treatment(code) == CANCEL for code in events["cond"].tolist()]
    state, packed = fresh_state(), FoldParams().pack()
    expected, sides = dict.fromkeys(CHANNELS, 0.0), np.zeros(1, SIDE)
    for event in np.split(events[~cancels], np.arange(1, (~cancels).sum())):
        sides[:] = 0
        step(state, event, packed, sides)
        side, row = int(sides["side"][0]), event[0]
        if side:
            cell, static = state.cells[row["cid"]], state.static[row["cid"]]
            add(expected, side, row, cell, static, int(state.under["spot"][0]) / 10_000)
    assert min(abs(value) for value in expected.values()) > 0
    assert dict(zip(CHANNELS, state.under["channels"][0].tolist(), strict=True)) == pytest.approx(expected)


def add(to: dict[str, float], side: int, event, cell, static, spot: float) -> None:
    """Add one trade to the channels by the definitions."""
    shares, right = side * int(event["s1"]) * 100, "call" if static["cp"] > 0 else "put"
    to[f"{right}_premium"] += shares * int(event["p1"]) / 10_000
    if np.isnan(cell["delta"]):
        return
    hedge = shares * cell["delta"] * spot
    to["net_delta"] += shares * cell["delta"]
    to["net_gamma"] += shares * cell["gamma"]
    money = "above" if static["strike"] >= spot else "below"
    retail = ("hedge_retail",) if event["s1"] <= 10 else ()
    for name in ("hedge", f"hedge_{right}", f"hedge_{money}", "hedge_same_day", *retail):
        to[name] += hedge


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_no_hedging_is_lost_between_the_splits(mixed_events, fold_events, seed) -> None:
    """Cancels and trades without a side included."""
    folded = fold_events(mixed_events(seed, 3000))
    found = channels(folded)
    assert found["hedge_call"] + found["hedge_put"] == pytest.approx(found["hedge"])
    assert found["hedge_above"] + found["hedge_below"] == pytest.approx(found["hedge"])
    assert found["net_delta"] == pytest.approx(folded.state.cells["delta_flow"].sum())
    assert found["net_gamma"] == pytest.approx(folded.state.cells["gamma_flow"].sum())
