"""Wall break: told at the wall of the exposure room, once it has stood."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.analytics.exposure import exposure
from engine.fold.rules.firing import strength_of
from engine.fold.rules.wall_break import RULE, WallBreakParams
from tests.fakes.gamma_tape import (
    RATE,
    STRIKES,
    book_of,
    chain,
    evidence,
    found,
    walk,
)

P = WallBreakParams()


@pytest.fixture
def rally(tape):
    """The spot stays below the call wall of 690 for long, then rises well through it."""
    chain(tape, 687.0, {3: 100, 5: 50_000, 4: 1000})
    return walk(walk(tape, *[687.0, 687.5] * 2, seconds=110), 687.5, 693.5, 693.5, seconds=20)


def test_spot_that_rises_through_the_call_wall_is_told(rally, eager_params) -> None:
    folded = rally.fold(eager_params())
    assert ("wall_break", 1) in found(folded)
    (signal,) = folded.fired("wall_break")
    n = evidence(signal)
    assert (n["wall_usd"], n["step_usd"]) == (690.0, 5.0)
    assert n["beyond"] == (n["spot_usd"] - 690.0) / 5.0 >= P.margin
    assert n["stood_s"] >= P.stood_s
    assert n["wall_gex"] > 0
    assert signal["strength"] == strength_of(n["beyond"], P.half)
    assert "broke the wall at 690.00" in RULE.reason(signal["evidence"].tolist())


def test_spot_that_falls_through_the_put_wall_is_told(tape, eager_params) -> None:
    chain(tape, 683.0, {4: 50_000, 5: 1000})
    walk(walk(tape, *[683.0, 682.5] * 2, seconds=110), 682.5, 676.0, 676.0, seconds=20)
    folded = tape.fold(eager_params())
    assert ("wall_break", -1) in found(folded)
    n = evidence(folded.fired("wall_break")[0])
    assert n["wall_usd"] == 680.0
    assert n["beyond"] == (680.0 - n["spot_usd"]) / 5.0
    assert n["wall_gex"] < 0


def test_wall_is_the_one_of_the_exposure_room(rally, eager_params) -> None:
    folded = rally.fold(eager_params())
    under = folded.under
    weights = [{3: 100, 5: 50_000, 4: 1000}.get(cid, 0) for cid in sorted(STRIKES)]
    spot = under["spot"] / 10_000
    whole = exposure(book_of(folded.state, int(under["clock"]), weights), spot, RATE)
    assert under["wall_strike"].tolist() == [whole.call_wall, whole.put_wall] == [690.0, 680.0]


def test_wall_that_has_not_stood_for_long_is_no_wall(rally, eager_params) -> None:
    assert "wall_break" not in dict(found(rally.fold(eager_params(changes={"wall_break.stood_s": 400.0}))))


def test_touching_a_wall_does_not_break_it(tape, eager_params) -> None:
    chain(tape, 687.0, {3: 100, 5: 50_000, 4: 1000})
    walk(walk(tape, *[687.0, 687.5] * 2, seconds=110), 687.5, 692.0, 687.0, seconds=20)
    assert "wall_break" not in dict(found(tape.fold(eager_params())))


def test_broken_wall_must_stand_anew(rally, eager_params) -> None:
    """Back below it, and through it again two minutes later: that is the same break."""
    again = walk(rally, 693.5, 688.0, 688.0, 693.5, 693.5, seconds=30)
    assert Counter(found(again.fold(eager_params())))[("wall_break", 1)] == 1
    soon = eager_params(changes={"wall_break.stood_s": 20.0, "cooldown_s": 0.0})
    assert Counter(found(again.fold(soon)))[("wall_break", 1)] == 2
