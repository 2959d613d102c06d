"""What if: which signals other thresholds add and remove, and which settings can be changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.fold.params import FoldParams
from engine.fold.rules.price_move import PRICE_MOVE
from engine.fold.rules.volume_spike import RULE, VOLUME_SPIKE
from engine.model.errors import UsageError
from engine.model.events import NS, UNDERLYING
from engine.session.what_if import difference, with_changes


def test_a_signal_is_the_same_within_its_second(hand) -> None:
    then = hand([(1.2, VOLUME_SPIKE, 1, 0.5), (5.0, VOLUME_SPIKE, 1, 0.5), (9.0, PRICE_MOVE, 0, 0.5)])
    now = hand([(1.9, VOLUME_SPIKE, 1, 0.5), (6.0, VOLUME_SPIKE, 1, 0.5), (9.0, VOLUME_SPIKE, 0, 0.5)])
    found = difference([then], [now])
    assert found.kept == 1
    assert [(each.ts_ns, each.rule) for each in found.added] == [(9 * NS, "volume_spike")]
    assert [(each.ts_ns, each.rule) for each in found.removed] == [(9 * NS, "price_move")]
    ((moved, now_ns),) = found.moved
    assert (moved.ts_ns, moved.rule, moved.contract, now_ns) == (
        5 * NS, "volume_spike", then.contracts[1], 6 * NS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("later_s", "what"),
    [(0.0, "kept"), (0.9, "kept"), (-0.9, "kept"), (1.0, "moved"), (-1.0, "moved"), (5.0, "moved"),
     (-5.0, "moved"), (5.5, "both"), (-60.0, "both")],
)  # fmt: skip
def test_a_signal_a_little_sooner_or_later_is_the_same_or_moved(hand, later_s, what) -> None:
    then, now = (hand([(at, VOLUME_SPIKE, 1, 0.5)]) for at in (100.5, 100.5 + later_s))
    found = difference([then], [now])
    counts = found.kept, len(found.moved), len(found.added), len(found.removed)
    assert counts == {"kept": (1, 0, 0, 0), "moved": (0, 1, 0, 0), "both": (0, 0, 1, 1)}[what]


def test_what_stays_is_paired_before_what_moves(hand) -> None:
    then = hand([(10.0, VOLUME_SPIKE, 1, 0.5), (12.0, VOLUME_SPIKE, 1, 0.5)])
    now = hand([(12.2, VOLUME_SPIKE, 1, 0.5)])
    found = difference([then], [now])
    assert (found.kept, found.moved, [each.ts_ns for each in found.removed]) == (1, (), [10 * NS])


def test_signals_of_other_contracts_never_answer_to_each_other(hand) -> None:
    then = hand([(10, VOLUME_SPIKE, 1, 0.5)])
    now = replace(then, cid=np.full(1, UNDERLYING))
    found = difference([then], [now])
    assert (found.kept, len(found.added), len(found.removed), found.moved) == (0, 1, 1, ())


def test_several_signals_of_one_second_are_paired_off(hand) -> None:
    twice = hand([(1.2, VOLUME_SPIKE, 1, 0.5), (1.6, VOLUME_SPIKE, 1, 0.5)])
    once = hand([(1.7, VOLUME_SPIKE, 1, 0.5)])
    fewer, more = difference([twice], [once]), difference([once], [twice])
    assert (fewer.kept, len(fewer.added), len(fewer.removed)) == (1, 0, 1)
    assert (more.kept, len(more.added), len(more.removed)) == (1, 1, 0)


def test_a_signal_about_the_underlying_has_no_contract(hand) -> None:
    then = hand([(1, VOLUME_SPIKE, 1, 0.5)])
    now = replace(then, cid=np.full(1, UNDERLYING))
    assert difference([then], [now]).added[0].contract is None


def test_changes_are_applied_to_the_thresholds_alone() -> None:
    fold = with_changes(FoldParams(rate=0.01), ["volume_spike.z = 5", "cooldown_s=30"])
    assert (fold.signals.of(RULE).z, fold.signals.cooldown_s, fold.rate) == (5.0, 30.0, 0.01)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("volume_spike.z", "volume_spike.z needs NAME=VALUE"),
        ("volume_spke.z=5", "did you mean volume_spike.z"),
        ("volume_spike.z=-5", "volume_spike.z = -5 is not a number above 0"),
    ],
)
def test_a_change_that_cannot_be_is_told_by_name(setting, sentence) -> None:
    with pytest.raises(UsageError, match=sentence):
        with_changes(FoldParams(), [setting])
