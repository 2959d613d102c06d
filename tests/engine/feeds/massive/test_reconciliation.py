"""Volumes on the tape beside the provider's: the share, what is lacking, and what is nobody's loss."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.massive.reconciliation import Lack, Reconciliation
from engine.feeds.massive.wire.chain import ChainSnapshot, DayVolume
from engine.model.events import BAR, EVENT, FLAG_FILLED, FLAG_POLLED, QUOTE, TRADE, Events, empty_events

Volumes = dict[int, int]
CANCEL_CODE = 201


def trades(*rows: tuple[int, int], cond: int = 0, flags: int = 0) -> Events:
    events = empty_events(len(rows))
    events["kind"], events["cond"], events["flags"] = TRADE, cond, flags
    events["cid"], events["s1"] = [cid for cid, _ in rows], [size for _, size in rows]
    return events


def snapshot(volumes: Volumes, untraded: tuple[int, ...] = ()) -> ChainSnapshot:
    traded = tuple(DayVolume(cid, volume, 10_000, None, None) for cid, volume in volumes.items())
    return ChainSnapshot(np.empty(0, EVENT), (*volumes, *untraded), traded, False, 0)


def bars(volumes: Volumes) -> Events:
    """Return what a snapshot's day volumes are on a tape."""
    events = trades(*volumes.items())
    events["kind"], events["s2"], events["s1"] = BAR, events["s1"], -1
    return events


def compared(heard: Events, *days: Volumes, whole_day: bool = True) -> Reconciliation:
    made = Reconciliation(whole_day)
    made.count(heard)
    for day in days:
        made.compare(snapshot(day))
    return made


def test_nothing_is_known_before_a_snapshot() -> None:
    made = Reconciliation(True)
    made.count(trades((1, 5)))
    assert isnan(made.share)
    assert made.lacking == ()


def test_a_tape_that_holds_everything_is_whole() -> None:
    made = compared(trades((1, 5), (2, 3), (1, 2)), {1: 7, 2: 3, 3: 0})
    assert (made.share, made.lacking) == (1.0, ())


def test_what_lacks_is_named_largest_first() -> None:
    made = compared(trades((1, 5), (2, 3)), {1: 10, 2: 3, 3: 87})
    assert made.lacking == (Lack(3, 87), Lack(1, 5))
    assert made.share == pytest.approx(0.08)


def test_a_market_without_volume_has_no_share() -> None:
    assert isnan(compared(trades(), {1: 0}).share)


def test_a_tape_ahead_of_the_snapshot_lacks_nothing() -> None:
    made = compared(trades((1, 50), (2, 1)), {1: 10, 2: 1})
    assert (made.share, made.lacking) == (1.0, ())


def test_what_was_traded_before_we_listened_is_neither_expected_nor_missed() -> None:
    made = Reconciliation(whole_day=False)
    made.count(trades((1, 5)))
    made.compare(snapshot({1: 1005}, untraded=(2,)))
    assert (made.share, made.lacking) == (1.0, ())
    made.count(trades((1, 30)))
    made.compare(snapshot({1: 1045, 2: 60}))
    assert made.lacking == (Lack(2, 60), Lack(1, 10))
    assert made.share == pytest.approx(35 / 105)


def test_what_was_traded_while_a_recording_was_not_written_lacks() -> None:
    """And what was traded before it began does not, which its first day volumes tell."""
    made = Reconciliation(whole_day=False)
    made.resume(np.concatenate([trades((1, 5)), bars({1: 1005, 2: 40}), trades((1, 20), (3, 2))]))
    made.resume(np.concatenate([bars({1: 1025, 2: 48}), trades((2, 8))]))
    made.end_resume((1, 2, 3))
    made.compare(snapshot({1: 1085, 2: 48, 3: 9, 4: 500}))
    assert made.lacking == (Lack(1, 60), Lack(3, 7))
    assert made.share == pytest.approx(35 / 102)


def test_a_contract_that_comes_into_the_window_begins_with_what_it_has() -> None:
    made = compared(trades(), {1: 1000}, {1: 1000, 2: 7000}, whole_day=False)
    assert (made.lacking, made.volumes((1, 2, 3))) == ((), {1: 1000, 2: 7000})
    made.compare(snapshot({1: 1000, 2: 7010}))
    assert made.lacking == (Lack(2, 10),)


def test_cancels_are_taken_off_and_second_hand_trades_count() -> None:
    made = Reconciliation(True)
    made.count(trades((1, 10)))
    made.count(trades((1, 4), cond=CANCEL_CODE))
    made.count(trades((1, 2), flags=FLAG_FILLED))
    made.count(trades((1, 3), flags=FLAG_POLLED))
    quote = trades((1, 1000))
    quote["kind"] = QUOTE
    made.count(quote)
    made.compare(snapshot({1: 11}))
    assert (made.share, made.lacking) == (1.0, ())


def test_a_cancel_of_a_trade_before_we_listened_is_no_loss() -> None:
    made = compared(trades(), {1: 100}, whole_day=False)
    made.count(trades((1, 5), cond=CANCEL_CODE))
    made.compare(snapshot({1: 95}))
    assert made.lacking == ()


def test_cancels_of_what_never_came_take_no_more_than_all() -> None:
    made = Reconciliation(True)
    made.count(trades((1, 500), cond=CANCEL_CODE))
    made.compare(snapshot({1: 10}))
    assert (made.share, made.lacking) == (0.0, (Lack(1, 10),))


volumes = st.dictionaries(st.integers(1, 600), st.integers(0, 10**6), max_size=12)


@given(volumes, volumes, volumes, st.booleans())
def test_shares_and_lacks_add_up_to_the_expected_volume(
    tape: Volumes, first: Volumes, grown: Volumes, whole_day: bool
) -> None:
    day = {cid: first.get(cid, 0) + grown.get(cid, 0) for cid in first.keys() | grown.keys()}
    made = compared(trades(*tape.items()), first, day, whole_day=whole_day)
    by_first_sight = {**day, **first}
    before = {cid: max(size - tape.get(cid, 0), 0) for cid, size in by_first_sight.items()}
    before = dict.fromkeys(day, 0) if whole_day else before
    expected = {cid: size - before[cid] for cid, size in day.items()}
    total = sum(expected.values())
    if not total:
        assert isnan(made.share)
        return
    lacking = sum(each.volume for each in made.lacking)
    assert 0 <= made.share <= 1
    assert made.share * total == pytest.approx(total - lacking)
    assert all(each.volume == expected[each.cid] - tape.get(each.cid, 0) for each in made.lacking)
    sizes = [each.volume for each in made.lacking]
    assert sizes == sorted(sizes, reverse=True)


@given(volumes, volumes, st.booleans())
def test_nothing_lacks_when_the_day_is_what_the_tape_explains(
    tape: Volumes, first: Volumes, whole_day: bool
) -> None:
    made = compared(trades(*tape.items()), first, whole_day=whole_day)
    made.compare(snapshot(made.volumes(tuple(first.keys() | tape.keys()))))
    assert made.lacking == ()
