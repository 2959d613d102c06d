"""Trades told at second hand, fetched after an outage or polled: they count, and say nothing else."""

from __future__ import annotations

import pytest

from engine.fold.records import RECENT_PRINTS
from engine.fold.rules.catalogue import RULE_NAMES
from engine.fold.rules.volume_spike import RULE, VolumeSpikeParams
from engine.model.events import FLAG_FILLED, FLAG_POLLED

P = VolumeSpikeParams()
WIDTH = P.bucket_s
BIG = 20 * P.size
SECOND_HAND = pytest.mark.parametrize("flags", [FLAG_FILLED, FLAG_POLLED])


@SECOND_HAND
def test_it_counts_as_volume_that_nobody_is_known_to_have_started(tape, flags) -> None:
    folded = tape.spot(at=0).quote().trade(2.50, 4, at=1).trade(2.50, 7, at=2, flags=flags).fold()
    cell = folded.cell()
    assert (cell["volume"], cell["buy"], cell["unknown"]) == (11, 4, 7)
    assert cell["premium"] == 11 * 25_000 * 100
    assert folded.last_side == (0, 0, "none")


@SECOND_HAND
def test_it_moves_no_last_price(tape, flags) -> None:
    folded = tape.quote(at=0).trade(2.50, at=1).trade(9.99, at=2, flags=flags).fold()
    assert (folded.cell()["last"], folded.cell()["last_different"]) == (25_000, -(2**31))
    assert folded.cell()["last_ts"] == tape.events["ts"][1]


@SECOND_HAND
def test_equal_ones_behind_the_clock_are_as_many_trades(tape, flags) -> None:
    tape.quote(at=0)
    for n in range(RECENT_PRINTS):
        tape.trade(2.50, 1 + n, at=100 + n)
    for _ in range(3):
        tape.trade(2.50, 50, at=10, flags=flags)
    folded = tape.fold()
    assert folded.cell()["volume"] == sum(range(1, RECENT_PRINTS + 1)) + 150
    assert folded.under["redelivered"] == 0


def test_a_print_after_a_filled_one_is_not_taken_for_a_repeat(tape) -> None:
    tape.quote(at=0).trade(2.50, 5, at=20).trade(2.50, 9, at=10, flags=FLAG_FILLED).trade(2.50, 5, at=20)
    assert tape.fold().cell()["volume"] == 19


def test_a_filled_cancel_takes_back_whatever_is_left(tape) -> None:
    tape.quote(at=0).trade(2.50, 5, at=10).spot(685.0, at=90)
    folded = tape.trade(2.50, 5, at=15, cond=201, flags=FLAG_FILLED).fold()
    assert (folded.cell()["volume"], folded.cell()["cancelled"]) == (5, 5)
    assert folded.under["cancels"] == 1


def busy(tape, flags):
    """Trade a little for a long time, then very much in several pieces on several exchanges."""
    tape.spot(685.0, at=0).quote(0.90, 1.00, at=0)
    for bucket in range(60):
        tape.trade(1.00, 20, at=(bucket + 0.5) * WIDTH)
    for piece in range(8):
        tape.trade(1.00, BIG // 4, at=60.5 * WIDTH + piece / 1000, exch=1 + piece, cond=219, flags=flags)
    return tape


def test_filled_trades_fire_nothing(tape, eager_params) -> None:
    folded = busy(tape, FLAG_FILLED).fold(eager_params(changes={"block.warm_prints": 10}))
    assert len(folded.signals) == 0
    assert folded.cell()["bucket_volume"] == 0


def test_polled_volume_fires_a_volume_spike_without_a_side_and_nothing_else(tape, eager_params) -> None:
    folded = busy(tape, FLAG_POLLED).fold(eager_params(changes={"block.warm_prints": 10}))
    assert {RULE_NAMES[row["rule"]] for row in folded.signals} == {"volume_spike"}
    [spike, *_] = folded.fired("volume_spike")
    seen = dict(RULE.named(spike["evidence"].tolist()))
    assert (spike["direction"], seen["lean"], seen["largest"], seen["prints"]) == (0, 0, 0, 0)
    again = RULE.rederive(spike["evidence"].tolist(), P, seed=False)
    assert again == pytest.approx(float(spike["strength"]))


def test_the_same_as_prints_fires_more(tape, eager_params) -> None:
    folded = busy(tape, 0).fold(eager_params(changes={"block.warm_prints": 10}))
    assert {"volume_spike", "sweep"} <= {RULE_NAMES[row["rule"]] for row in folded.signals}
