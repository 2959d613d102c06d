"""What a view is that says no more than what it must."""

from __future__ import annotations

import pytest

from tui.screen.stages.answers import NO_ANSWERS, Answers
from tui.screen.stages.widget import StageWidget
from tui.settings.prefs import Prefs


class Bare(StageWidget):
    """Counts how often it was painted."""

    painted = 0

    def show(self, view, prefs: Prefs, answers: Answers = NO_ANSWERS) -> None:
        self._shown = (view, prefs, answers)
        self.painted += 1


async def test_keys_mean_nothing_on_a_view_that_does_not_say_what_they_mean(make_view, stage) -> None:
    bare = Bare()
    async with stage(bare):
        bare.show(make_view(), Prefs())
        bare.move(1)
        bare.page(1)
        bare.jump("bottom")
        bare.autoscale()
        assert bare.queries(make_view()) == ()
        assert bare.next_metric(Prefs()) == Prefs()
        assert not bare.skip(60)
        assert bare.target() is None
        assert bare.painted == 1


async def test_it_is_painted_again_at_another_size_once_it_has_been_shown(make_view, stage) -> None:
    bare = Bare()
    async with stage(bare) as pilot:
        assert bare.painted == 0
        bare.show(make_view(), Prefs())
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert bare.painted >= 2
        bare.display = False
        before = bare.painted
        bare.again()
        assert bare.painted == before


async def test_a_view_must_say_how_it_is_painted(make_view) -> None:
    with pytest.raises(NotImplementedError):
        StageWidget().show(make_view(), Prefs())
