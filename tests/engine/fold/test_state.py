"""The state: what a copy is, what the digest sees, and what never changes about a contract."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.fold.params import FoldParams
from engine.fold.state import CELL, PRINT, UNDER, new_state, static_of
from engine.fold.step import step
from engine.model.calendar import settle_ns, underlying
from engine.model.contracts import Contract, ContractTable
from engine.model.events import MISSING

DAY, LATER = date(2025, 12, 16), date(2025, 12, 17)
SPY = underlying("SPY")
PRICES = ("bid", "ask", "prev_bid", "prev_ask", "last", "last_different", "fmv", "oi", "day_volume")
GREEKS = ("iv", "delta", "gamma", "vega", "theta")

# Numbers that come out of exp, log and erfc, or out of comparing such numbers.
UNHASHED = {
    *GREEKS, "greeks_ts", "iv_ts", "greeks_spot", "delta_flow", "gamma_flow",
    "log_mean", "log_var", "lin_mean", "spread_percent", "move_var", "move_sign", "move_since", "fmv_sign",
    "fmv_since", "smile_due", "smile_sign", "smile_since", "armed", "pool_mean", "pool_var",
    "no_delta_volume", "print_spot", "channels",
    "levels_horizon", "net_sign", "net_spot", "net", "net_share", "regime", "regime_sign", "regime_since",
    "regime_net", "wall_since", "wall_strike", "wall_gex", "wall_inside",
}  # fmt: skip


def settles(root: str, expiry: date) -> int:
    return settle_ns(SPY, root, expiry)


@pytest.fixture
def folded(tape):
    """A little of everything, on the call."""
    tape.spot(685.0, at=0).oi(900).quote(at=0).trade(2.50, 10, at=1).trade(2.45, 5, at=2).fmv(2.52)
    return tape.fold().state


def test_nothing_is_known_at_first(fresh_state) -> None:
    state = fresh_state()
    assert all((state.cells[name] == MISSING).all() for name in PRICES)
    assert all(np.isnan(state.cells[name]).all() for name in GREEKS)
    assert state.under["spot"][0] == state.under["prev_close"][0] == MISSING
    assert state.cells["volume"].sum() == 0


def test_copy_shares_no_past(folded, tape, fold_events) -> None:
    before = folded.digest()
    copy = folded.copy()
    copy.cells["volume"][1] += 1
    copy.under["events"] += 1
    assert folded.digest() == before
    assert copy.static is folded.static


@pytest.mark.parametrize("name", PRINT.names)
def test_digest_sees_every_exact_number_of_a_print(folded, name) -> None:
    changed = folded.copy()
    changed.cells["ring"][name][1, 0] += 1
    assert (changed.digest() == folded.digest()) == (name in UNHASHED)


@pytest.mark.parametrize("name", [name for name in CELL.names if name != "ring"])
def test_digest_sees_every_exact_number_of_a_contract(folded, name) -> None:
    changed = folded.copy()
    changed.cells[name][1] += 1
    assert (changed.digest() == folded.digest()) == (name in UNHASHED)


@pytest.mark.parametrize("name", UNDER.names)
def test_digest_sees_every_exact_number_of_the_underlying(folded, name) -> None:
    changed = folded.copy()
    changed.under[name] += 1
    assert (changed.digest() == folded.digest()) == (name in UNHASHED)


def test_digest_of_the_same_past_is_the_same(folded, tape) -> None:
    assert tape.fold().state.digest() == folded.digest()


def test_digest_does_not_count_contracts_no_event_has_named(tape, fold_events) -> None:
    """A live table grows while the tape runs; a replayed one is complete from the start."""
    events = tape.spot(685.0, at=0).quote(at=1).trade(at=2).events
    digests = set()
    for strikes in ((685_000,), (685_000, 680_000, 700_000)):
        table = ContractTable(Contract("SPY", DAY, right, k) for k in strikes for right in "CP")
        state = new_state(table, settles, 100, 100)
        step(state, events, FoldParams().pack())
        digests.add(state.digest())
    assert len(digests) == 1


@pytest.mark.parametrize("tell", ["fmv", "oi", "quote", "trade"])
def test_digest_counts_a_contract_as_soon_as_anything_is_told_of_it(tape, fresh_state, tell) -> None:
    told = {"fmv": lambda: tape.fmv(1.0, cid=4), "oi": lambda: tape.oi(5, cid=4)}
    told.update(quote=lambda: tape.quote(cid=4), trade=lambda: tape.trade(cid=4))
    told[tell]()
    state = tape.fold().state
    forgotten = state.copy()
    forgotten.cells[4] = fresh_state().cells[4]
    assert state.digest() != forgotten.digest()


def test_checkpoint_is_as_large_as_the_arrays(folded, fresh_state) -> None:
    assert folded.nbytes == fresh_state().nbytes == 7 * CELL.itemsize + UNDER.itemsize


def test_static_rows_say_what_never_changes() -> None:
    table = ContractTable(
        [
            Contract("SPY", DAY, "C", 685_500),
            Contract("SPY", LATER, "P", 685_500),
            Contract("SPY", DAY, "P", 685_500),
            Contract("SPY", DAY, "P", 690_000),
        ]
    )
    static = static_of(table, settles, 100, 5)
    assert static["strike"][1:].tolist() == [685.5, 685.5, 685.5, 690.0]
    assert static["cp"][1:].tolist() == [1.0, -1.0, -1.0, -1.0]
    assert static["twin"][1:].tolist() == [3, 0, 1, 0]
    assert static["rung"][1:].tolist() == [0, 0, 0, 1]
    assert static["settle_ns"][1:].tolist() == [settles("SPY", day) for day in (DAY, LATER, DAY, DAY)]
    assert (static["multiplier"] == 100).all()
    assert (static["tick"] == 5).all()


def test_hot_fields_of_a_quote_share_a_cache_line() -> None:
    """What every quote reads and writes first stands within the first 128 bytes."""
    hot = ("quote_ts", "bid", "ask", "bid_size", "ask_size", "prev_ts", "prev_bid", "prev_ask", "spread_area")
    assert max(CELL.fields[name][1] for name in hot) < 128


def row_of_calls(*strikes: int) -> np.ndarray:
    """Return the static rows of calls at these strikes, in $, told in any order."""
    return static_of(ContractTable(Contract("SPY", DAY, "C", 1000 * k) for k in strikes), settles, 100, 100)


def test_neighbours_are_the_three_strikes_on_either_side() -> None:
    static = row_of_calls(103, 100, 101, 102, 104, 106, 105)
    assert static["beside"][1].tolist() == [2, 3, 4, 5, 7, 6]
    assert static["beside"][2].tolist() == [0, 0, 0, 3, 4, 1]
    assert static["step"][[1, 2]].tolist() == [1.0, 1.0]


def test_a_strikes_step_is_the_wider_of_its_gaps() -> None:
    assert row_of_calls(100, 101, 105, 110)["step"][1:].tolist() == [1.0, 4.0, 5.0, 5.0]
    assert row_of_calls(100)["step"][1] == 0


@pytest.mark.parametrize("strikes", [(100, 101, 102, 103, 104, 105, 106), (90, 95, 100, 101, 102, 105, 110)])
def test_weights_of_the_inner_four_are_exact_for_a_cubic(strikes) -> None:
    static = row_of_calls(*strikes)
    middle = static[4]

    def cubic(k):
        return 3.0 - 2.0 * k + 0.5 * k**2 - 0.01 * k**3

    around = cubic(static["strike"][middle["beside"][1:-1]])
    assert (middle["weight"] * around).sum() == pytest.approx(cubic(middle["strike"]), rel=1e-9)


def test_the_price_step_from_three_dollars_is_never_the_smaller_one() -> None:
    table = ContractTable([Contract("SPY", DAY, "C", 100_000)])
    for given, expected in ((0, 100), (500, 500), (50, 100)):
        assert static_of(table, settles, 100, 100, given)["tick_3"][1] == expected
