"""The state: what a copy is and what the digest sees."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.fold.forwards import FORWARD
from engine.fold.params import FoldParams
from engine.fold.records import CELL, PRINT, UNDER
from engine.fold.rules.catalogue import rules
from engine.fold.state import new_state
from engine.fold.step import step
from engine.model.calendar import settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.events import MISSING
from engine.model.underlyings import underlying

DAY, LATER = date(2025, 12, 16), date(2025, 12, 17)
SPY = underlying("SPY")
PRICES = ("bid", "ask", "prev_bid", "prev_ask", "last", "last_different", "fmv", "oi", "day_volume")
GREEKS = ("iv", "delta", "gamma", "vega", "theta")

# Numbers that come out of exp, log and erfc, or out of comparing such numbers, and what rules remember.
UNHASHED = {
    *GREEKS, "greeks_ts", "iv_ts", "iv_until", "greeks_spot", "delta_flow", "gamma_flow",
    "priced_spot", "anchor_priced_spot", "recent_priced_spot",
    "log_mean", "log_var", "lin_mean", "spread_percent", "move_var", "move_sign", "fmv_sign", "smile_due",
    "armed", "pool_mean", "pool_var",
    "no_delta_volume", "print_spot", "channels",
    "levels_horizon",
    *(name for rule in rules() for name, *_ in (*rule.cell, *rule.under)),
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
    assert folded.nbytes == fresh_state().nbytes == 7 * CELL.itemsize + UNDER.itemsize + FORWARD.itemsize
