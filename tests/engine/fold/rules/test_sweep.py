"""Sweep: one order over several exchanges at once."""

from __future__ import annotations

import pytest

from engine.fold.params import SignalParams
from engine.fold.rules.firing import strength_of
from engine.fold.rules.sweep import RULE, SWEEP, SweepParams
from engine.model.events import NS

SHARED = SignalParams()
P = SweepParams()
ISO = 219
LATE, CANCEL, AUCTION_OPEN, LEG = 202, 201, 208, 232


def swept(tape, prints, start=400.0, price=2.50, cond=0, size=40):
    """Print (milliseconds, exchange) one after the other at the ask."""
    tape.spot(685.0, at=start - 400).quote(2.45, 2.50, at=start - 400).quote(2.45, 2.50, at=start - 1)
    for ms, exch in prints:
        tape.trade(price, size, at=start + ms / 1000, cond=cond, exch=exch)
    return tape


def found(tape, params=None):
    return tape.fold(params).fired("sweep")


THREE = [(0, 1), (10, 2), (20, 3)]


@pytest.mark.parametrize(("price", "direction"), [(2.50, 1), (2.45, -1)])
def test_three_prints_on_several_exchanges_are_a_sweep(tape, price, direction) -> None:
    (signal,) = found(swept(tape, THREE, price=price))
    assert signal["direction"] == direction
    assert signal["ts"] == tape.events["ts"][-1]
    n = dict(RULE.named(signal["evidence"].tolist()))
    assert (n["volume"], n["prints"], n["exchanges"], n["iso_share"]) == (120, 3, 3, 0)
    assert n["span_s"] == pytest.approx(0.02)
    assert n["premium_usd"] == pytest.approx(120 * 100 * price)
    assert signal["strength"] == strength_of(120.0, P.half)
    assert signal["side_confidence"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("too few prints", {"prints": [(0, 1), (10, 2)], "size": 400}),
        ("one exchange", {"prints": [(0, 1), (10, 1), (20, 1)]}),
        ("too slow", {"prints": [(0, 1), (300, 2), (600, 3)]}),
        ("too small", {"prints": THREE, "size": 33}),
        ("in the warm-up", {"prints": THREE, "start": -200.0 + 400}),
        ("late prints", {"prints": THREE, "cond": LATE}),
        ("cancels", {"prints": THREE, "cond": CANCEL}),
        ("an opening auction", {"prints": THREE, "cond": AUCTION_OPEN}),
        ("legs of packages", {"prints": THREE, "cond": LEG}),
    ],
)
def test_what_is_missing_keeps_it_silent(tape, why, changes) -> None:
    if why == "in the warm-up":
        tape.spot(685.0, at=0).quote(at=0)
        for ms, exch in THREE:
            tape.trade(2.50, 40, at=200 + ms / 1000, exch=exch)
    else:
        swept(tape, **changes)
    assert [s for s in tape.fold().signals if s["rule"] == SWEEP] == [], why


def test_prints_of_the_other_side_neither_count_nor_interrupt(tape) -> None:
    swept(tape, [])
    for ms, exch, price in ((0, 1, 2.50), (5, 9, 2.45), (10, 2, 2.50), (15, 9, 2.45), (20, 3, 2.50)):
        tape.trade(price, 40, at=400 + ms / 1000, exch=exch)
    (signal,) = found(tape)
    assert dict(RULE.named(signal["evidence"].tolist()))["volume"] == 120


def test_a_sweep_that_goes_on_is_told_once(tape) -> None:
    (signal,) = found(swept(tape, [(5 * k, k % 7) for k in range(40)]))
    assert signal["parent"] == -1


def test_the_next_sweep_within_the_cooldown_joins_and_after_it_stands_alone(tape) -> None:
    later = SHARED.cooldown_s * 1000
    gaps = (0, 2000, later + 1000)
    signals = found(swept(tape, [(gap + ms, exch) for gap in gaps for ms, exch in THREE]))
    assert [s["parent"] for s in signals] == [-1, 0, -1]


def test_an_intermarket_condition_adds_to_the_confidence(tape) -> None:
    (signal,) = found(swept(tape, THREE, cond=ISO))
    assert dict(RULE.named(signal["evidence"].tolist()))["iso_share"] == 1
    assert signal["side_confidence"] == pytest.approx(0.9)


def test_prints_after_a_reopening_are_muted_for_a_moment(tape) -> None:
    swept(tape, []).trade(2.50, 5, at=399.5, cond=210)
    for ms, exch in THREE:
        tape.trade(2.50, 40, at=400 + ms / 1000, exch=exch)
    assert found(tape) == []


def test_the_bell_and_the_settlement_mute(tape, new_tape) -> None:
    settles = (
        6 * 3600 - SHARED.auction_s / 2
    ) * 1.0  # the tape starts at 10:00, the contract settles at 16:00
    assert found(swept(tape, THREE, start=settles)) == []
    assert len(found(swept(new_tape(), THREE, start=settles - SHARED.auction_s))) == 1
    assert SHARED.auction_s * NS > 0
