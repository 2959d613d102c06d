"""The process settings are made once, and only those."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from tui.run import process


@pytest.fixture
def undone() -> Iterator[None]:
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


def test_the_frame_cap_is_raised_unless_the_person_chose_one() -> None:
    environ: dict[str, str] = {}
    process.prepare(environ)
    assert environ == {"TEXTUAL_FPS": "240"}
    chosen = {"TEXTUAL_FPS": "30"}
    process.prepare(chosen)
    assert chosen == {"TEXTUAL_FPS": "30"}


@pytest.mark.usefixtures("undone")
def test_settling_freezes_what_exists_and_lets_the_screen_in_sooner() -> None:
    frozen = gc.get_freeze_count()
    process.settle()
    assert gc.get_freeze_count() > frozen
    assert gc.get_threshold() == process.GC_THRESHOLDS
    assert sys.getswitchinterval() == pytest.approx(process.SWITCH_INTERVAL_S)


@pytest.mark.usefixtures("undone")
def test_what_was_settled_and_is_left_behind_is_given_back() -> None:
    class Knot:
        def __init__(self) -> None:
            self.itself = self

    held = Knot()
    gone = weakref.ref(held)
    process.settle()
    del held
    gc.collect()
    assert gone() is not None
    process.let_go()
    assert gone() is None
    assert gc.get_freeze_count() > 0
