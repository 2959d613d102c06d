"""The loop: what each kind of record does, what is refused, and that every signal gets a row."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analytics.greeks import delta_gamma_vega_theta, years
from engine.analytics.implied_vol import implied_vol
from engine.fold.params import FoldParams
from engine.fold.records import SIDE
from engine.fold.step import SIGNAL_ROOM, step
from engine.model.events import BAR, MARK, MISSING, NS, QUOTE, SPOT, TRADE, UNDERLYING, VENDOR, empty_events

CALL, PUT = 1, 2


def test_nothing_folded_changes_nothing(fresh_state) -> None:
    state = fresh_state()
    before = state.digest()
    assert len(step(state, empty_events(0), FoldParams().pack())) == 0
    assert state.digest() == before


def test_each_kind_is_counted(tape) -> None:
    tape.prev_close(680.0, at=0).spot(685.0).oi(10).quote().trade().cancel().fmv(2.5).gap(1.5)
    under = tape.put(MARK, UNDERLYING, None, s1=1).fold().under
    assert under["events"] == 9
    assert [under[name] for name in ("quotes", "trades", "cancels", "gaps", "rejected")] == [1, 2, 1, 1, 0]
    assert (under["prev_close"], under["spot"]) == (6_800_000, 6_850_000)


def test_standing_facts_are_kept_by_contract(tape) -> None:
    tape.oi(70, at=0).fmv(2.5, at=1).put(VENDOR, CALL, 2, 200_000, 5_000_000, s1=510_000)
    tape.put(BAR, CALL, 3, 25_000, s1=5, s2=90).put(BAR, CALL, 4, 25_000, s1=5, s2=80)
    folded = tape.fold()
    cell = folded.cell()
    assert (cell["oi"], cell["fmv"], cell["fmv_ts"]) == (70, 25_000, tape.events["ts"][1])
    assert (cell["vendor_iv"], cell["vendor_gamma"], cell["vendor_delta"]) == (200_000, 5_000_000, 510_000)
    assert cell["day_volume"] == 90
    assert folded.cell(PUT)["oi"] == MISSING


@pytest.mark.parametrize(
    "row",
    [
        {"kind": QUOTE, "cid": -1},
        {"kind": TRADE, "cid": 7},
        {"kind": QUOTE, "cid": UNDERLYING},
        {"kind": TRADE, "cid": UNDERLYING},
        {"kind": 77, "cid": CALL},
        {"kind": TRADE, "cid": CALL, "s1": 0},
        {"kind": TRADE, "cid": CALL, "s1": -5},
        {"kind": TRADE, "cid": CALL, "s1": 5, "p1": MISSING},
        {"kind": TRADE, "cid": CALL, "s1": 5, "p1": -100},
        {"kind": SPOT, "cid": UNDERLYING, "p1": MISSING},
        {"kind": SPOT, "cid": UNDERLYING, "p1": 0},
    ],
)
def test_what_makes_no_sense_is_counted_and_changes_nothing_else(tape, fold_events, row) -> None:
    good = tape.spot(685.0, at=0).quote(at=0).events
    bad = empty_events(1)
    bad["ts"], bad["p1"], bad["s1"] = good["ts"][-1], 25_000, 5
    for name, value in row.items():
        bad[name] = value
    before, after = fold_events(good), fold_events(np.concatenate([good, bad]))
    assert after.under["rejected"] == 1
    assert after.under["events"] == 3
    assert after.under["spot"] == before.under["spot"]
    assert [after.cell(c)["volume"] for c in range(7)] == [0] * 7
    assert after.cell(CALL)["quote_ts"] == before.cell(CALL)["quote_ts"]


def test_the_tapes_clock_never_goes_back(tape) -> None:
    folded = tape.quote(at=5).quote(at=3).spot(685.0, at=4).fold()
    assert folded.under["clock"] == tape.events["ts"][0]
    assert folded.under["spot_ts"] == tape.events["ts"][2]
    assert folded.under["begin_ts"] == tape.events["ts"][0]


def test_what_is_older_than_what_stands_changes_nothing(tape) -> None:
    tape.spot(685.0, at=5).quote(2.40, 2.50, at=5).fmv(2.46, at=5)
    folded = tape.quote(2.42, 2.52, at=3).spot(680.0, at=3).fmv(2.40, at=3).fold()
    cell, now = folded.cell(), tape.events["ts"][0]
    assert (cell["bid"], cell["quote_ts"]) == (24_000, now)
    assert (cell["fmv"], cell["fmv_ts"]) == (24_600, now)
    assert (folded.under["spot"], folded.under["spot_ts"]) == (6_850_000, now)
    assert folded.under["redelivered"] == 3


def test_another_quote_of_the_same_nanosecond_replaces_the_first(tape) -> None:
    folded = tape.quote(2.40, 2.50, at=5).quote(2.42, 2.52, at=5).fold()
    assert folded.cell()["bid"] == 24_200
    assert folded.under["redelivered"] == 0


def test_alerts_start_with_the_first_quote_not_the_first_fact(tape) -> None:
    under = tape.oi(5, at=0).prev_close(680.0, at=1).spot(685.0, at=2).quote(at=3).fold().under
    assert under["begin_ts"] == tape.events["ts"][0]
    assert under["first_ts"] == tape.events["ts"][3]


# --- greeks ---------------------------------------------------------------------------------------------


def test_greeks_come_with_the_first_two_sided_quote(tape) -> None:
    folded = tape.spot(685.0, at=0).quote(0.0, 2.50, at=0).fold()
    assert np.isnan(folded.cell()["delta"])
    folded = tape.quote(2.45, 2.50, at=1).fold()
    cell, static, p = folded.cell(), folded.state.static[CALL], FoldParams()
    now = int(tape.events["ts"][-1])
    T = years(int(static["settle_ns"]), now)
    sigma, status = implied_vol(2.475, 685.0, 685.0, T, p.rate, p.dividend, 1.0)
    assert status == 0
    expected = delta_gamma_vega_theta(685.0, 685.0, T, p.rate, p.dividend, sigma, 1.0)
    found = [cell[name] for name in ("iv", "delta", "gamma", "vega", "theta")]
    assert found == pytest.approx([sigma, *expected], rel=1e-9)
    assert cell["greeks_ts"] == now


@pytest.mark.parametrize(("age", "fresh"), [(0.9, False), (1.1, True)])
def test_trade_refreshes_greeks_older_than_a_second(tape, age, fresh) -> None:
    tape.spot(685.0, at=0).quote(at=0).quote(2.85, 2.90, at=0.5).trade(2.90, at=age)
    cell = tape.fold().cell()
    assert (cell["greeks_ts"] == tape.events["ts"][-1]) == fresh


def test_quotes_alone_do_not_refresh(tape) -> None:
    tape.spot(685.0, at=0).quote(at=0).quote(2.85, 2.90, at=20)
    assert tape.fold().cell()["greeks_ts"] == tape.events["ts"][1]


def test_money_side_takes_its_volatility_from_its_twin(tape) -> None:
    """The 680 put is out of the money; the call above it, three dollars of it intrinsic, gets the put's."""
    call, put = 3, 4
    tape.spot(683.0, at=0).quote(1.00, 1.04, at=0, cid=put).quote(4.60, 4.70, at=0, cid=call)
    tape.quote(4.00, 4.10, at=2, cid=call).trade(4.10, at=3, cid=call).trade(1.04, at=3, cid=put)
    folded = tape.fold()
    assert folded.cell(call)["iv"] == pytest.approx(folded.cell(put)["iv"], rel=1e-12)
    assert folded.cell(call)["delta"] - folded.cell(put)["delta"] == pytest.approx(1.0, abs=1e-4)


def test_old_volatility_is_dropped_when_no_quote_supports_it(tape) -> None:
    tape.spot(685.0, at=0).quote(at=0).quote(0.0, 0.01, at=1).trade(0.01, 7, at=30)
    assert tape.fold().cell()["delta_flow"] != 0
    folded = tape.trade(0.01, 7, at=90).fold()
    assert np.isnan(folded.cell()["delta"])
    assert folded.under["no_delta_volume"] == 7


# --- rows and sides -------------------------------------------------------------------------------------


def test_every_signal_gets_a_row_however_many(mixed_events, fold_events, touchy_params) -> None:
    """One batch that fires more than there is room for at once."""
    folded = fold_events(mixed_events(11, 4000), touchy_params("default"))
    heads = int((folded.signals["parent"] < 0).sum())
    assert folded.under["signals"] == heads
    assert folded.under["joined"] == len(folded.signals) - heads
    assert len(folded.signals) > 2 * SIGNAL_ROOM
    assert (np.diff(folded.signals["ts"]) >= 0).all()


def test_sides_are_told_for_trades_and_only_for_them(mixed_events, fresh_state) -> None:
    events = mixed_events(12, 2000)
    sides = np.zeros(len(events), SIDE)
    told, untold = fresh_state(), fresh_state()
    step(told, events, FoldParams().pack(), sides)
    step(untold, events, FoldParams().pack())
    assert told.digest() == untold.digest()
    trades = events["kind"] == TRADE
    assert not sides[~trades].view(np.uint8).any()
    assert set(np.unique(sides["side"][trades])) == {-1, 0, 1}


def test_the_fold_does_not_write_on_the_tape(mixed_events, fold_events) -> None:
    events = mixed_events(13, 1000)
    before = events.tobytes()
    fold_events(events)
    assert events.tobytes() == before
    assert events["ts"].max() - events["ts"].min() > 60 * NS
