"""Block: one print far larger than the others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fold.params import PRESETS, SignalParams
from engine.fold.rules.block import RULE, SIZE_BINS, BlockParams, size_bin
from engine.fold.rules.firing import strength_of

SHARED = SignalParams()
P = BlockParams()


@pytest.fixture
def quoted(tape):
    return tape.spot(685.0, at=0).quote(2.45, 2.50, at=0).quote(2.45, 2.50, at=200)


def found(tape, params=None):
    return tape.fold(params).fired("block")


@pytest.mark.parametrize(("price", "direction"), [(2.50, 1), (2.45, -1)])
def test_a_print_of_many_contracts_is_a_block(quoted, price, direction) -> None:
    (signal,) = found(quoted.trade(price, P.size, at=400))
    assert (signal["direction"], signal["side_confidence"]) == (direction, pytest.approx(0.4))
    n = dict(RULE.named(signal["evidence"].tolist()))
    assert (n["over"], n["size"], n["price_usd"]) == (1.0, P.size, price)
    assert n["premium_usd"] == pytest.approx(100 * price * P.size)
    assert (n["rarity"], n["prints_before"]) == (0, 0)
    assert signal["strength"] == strength_of(1.0, P.half)


def test_a_print_that_costs_much_is_a_block(tape) -> None:
    size = P.size // 5
    price = P.premium_usd / (100 * size)
    tape.spot(685.0, at=0).quote(price - 1, price, at=0).quote(price - 1, price, at=SHARED.mute_s)
    (signal,) = found(tape.trade(price, size, at=400))
    assert dict(RULE.named(signal["evidence"].tolist()))["over"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("size", "price", "fires", "seed_fires"),
    [
        (500, 0.10, True, True),
        (500, 0.09, False, True),  # $4,500
        (50_000, 0.01, False, True),  # $50,000 of a far wing that is given away
        (5_000, 0.02, True, True),
    ],
)
def test_prints_that_cost_little_are_told_by_nobody(
    tape, eager_params, size, price, fires, seed_fires
) -> None:
    tape.spot(685.0, at=0).quote(price, price + 0.01, at=0).trade(price, size, at=400)
    assert [bool(found(tape, eager_params(PRESETS[name]))) for name in ("default", "seed")] == [
        fires,
        seed_fires,
    ]


@pytest.mark.parametrize(
    ("why", "size", "at", "cond"),
    [
        ("one contract short", P.size - 1, 400, 0),
        ("warm-up", P.size, SHARED.mute_s - 1, 0),
        ("late", P.size, 400, 202),
        ("cancelled", P.size, 400, 201),
        ("a leg", P.size, 400, 232),
        ("opening", P.size, 400, 208),
        ("compression", P.size, 400, 247),
    ],
)
def test_what_is_missing_keeps_it_silent(quoted, why, size, at, cond) -> None:
    assert found(quoted.trade(2.40, size, at=at, cond=cond)) == [], why


def test_a_cross_is_a_block_without_a_direction(quoted) -> None:
    (signal,) = found(quoted.trade(2.48, P.size, at=400, cond=229))
    assert (signal["direction"], signal["side_confidence"]) == (0, 0)


def test_a_market_that_prints_such_sizes_all_day_has_no_blocks_until_a_larger_one(
    quoted, eager_params
) -> None:
    """Once warm, a block is among the largest thousandth of the session's prints."""
    params = eager_params(changes={"block.warm_prints": 2000})
    for k in range(3000):
        quoted.trade(2.48, P.size if k % 5 == 0 else 3, at=400 + k)
    signals = found(quoted, params)
    assert max(s["ts"] for s in signals) <= quoted.events["ts"][3 + 2000]
    later = found(quoted.trade(2.48, 20 * P.size, at=4000), params)
    assert len(later) == len(signals) + 1
    assert dict(RULE.named(later[-1]["evidence"].tolist()))["rarity"] == 0


@settings(deadline=None)  # the first example compiles
@given(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1))
def test_larger_prints_lie_in_the_same_bin_or_a_later_one(one, other) -> None:
    low, high = sorted((one, other))
    assert 0 <= size_bin(low) <= size_bin(high) < SIZE_BINS


@settings(deadline=None)  # the first example compiles
@given(st.integers(8, 2**13))
def test_a_bin_is_a_quarter_of_a_doubling(size) -> None:
    assert size_bin(2 * size) == size_bin(size) + 4
