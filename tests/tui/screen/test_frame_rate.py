"""The frame rate gives way and recovers; an old view never replaces a newer one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.views.view import View
from tui.screen.frame_rate import SLOWEST_FPS, FrameRate, ViewGate


def after(pace: FrameRate, cost_s: float, times: int) -> FrameRate:
    for _ in range(times):
        pace = pace.after(cost_s)
    return pace


def test_frames_over_half_the_period_halve_the_rate() -> None:
    assert after(FrameRate.of(10), 0.051, 3).fps == 5
    assert after(FrameRate.of(10), 0.049, 50).fps == 10


def test_one_hiccup_does_not() -> None:
    pace = after(FrameRate.of(10), 0.5, 2)
    assert after(after(pace, 0.03, 1), 0.5, 2).fps == 10


def test_the_rate_goes_on_halving_but_never_below_the_slowest() -> None:
    assert after(FrameRate.of(10), 5.0, 3 * 2).fps == 2.5
    assert after(FrameRate.of(10), 5.0, 100).fps == SLOWEST_FPS


def test_cheap_frames_bring_the_wanted_rate_back_and_no_more() -> None:
    slow = replace(FrameRate.of(10), fps=2.5)
    assert after(slow, 0.001, 99).fps == 2.5
    assert after(slow, 0.001, 100).fps == 5
    assert after(slow, 0.001, 1000).fps == 10


def test_frames_neither_dear_nor_cheap_change_nothing() -> None:
    slow = replace(FrameRate.of(10), fps=5.0)
    assert after(slow, 0.05, 500).fps == 5


@pytest.fixture
def view(make_view: Callable[..., View]) -> View:
    return replace(make_view(), generation=3, version=7)


def test_the_same_view_passes_once(view: View) -> None:
    gate = ViewGate()
    assert gate.admits(view)
    assert not gate.admits(view)
    assert gate.admits(replace(view, version=8))


def test_an_older_generation_never_passes_whatever_its_version(view: View) -> None:
    gate = ViewGate()
    gate.admits(view)
    assert not gate.admits(replace(view, generation=2, version=99))
    assert gate.admits(replace(view, generation=4, version=1))
