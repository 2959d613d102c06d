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
    assert [(each.ts_ns, each.rule) for each in found.added] == [
        (6 * NS, "volume_spike"), (9 * NS, "volume_spike"),
    ]  # fmt: skip
    assert [(each.ts_ns, each.rule) for each in found.removed] == [
        (5 * NS, "volume_spike"), (9 * NS, "price_move"),
    ]  # fmt: skip
    assert found.added[0].contract == then.contracts[1]


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
