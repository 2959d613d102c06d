from __future__ import annotations

from textual.events import MouseScrollDown, MouseScrollUp

from engine.views.view import SignalHistory as Signals
from engine.views.view import View
from tui.screen.log.log import SignalLog
from tui.settings.prefs import Prefs


def with_signals(make_view, make_signal, n: int, of: int = 60, **changes: object) -> View:
    """Build a view that has seen the first `n` of signals two minutes apart."""
    rows = [make_signal(minute * 2, reason=f"number {minute}", evidence=()) for minute in range(of)]
    return make_view(signals=Signals(rows, n), version=n + 1, **changes)


def lines(log: SignalLog) -> list[str]:
    return [log.render_line(y).text for y in range(log.size.height)]


async def test_the_newest_stays_at_the_bottom_while_following(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 6):
        for n in (3, 20, 21):
            log.show(with_signals(make_view, make_signal, n), Prefs())
        text = lines(log)
        assert "SIGNALS" in text[0]
        assert "number 16" in text[1]
        assert "number 20" in text[5]
        assert log.at_newest


async def test_a_log_without_lines_says_why(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 6):
        log.show(with_signals(make_view, make_signal, 0), Prefs())
        assert "no signal yet" in lines(log)[1]
        log.show(with_signals(make_view, make_signal, 3), Prefs(log_filter="nothing like it"))
        assert "unknown: nothing like it" in lines(log)[0]
        assert "none of 3 matches; esc shows all" in lines(log)[1]
        log.show(with_signals(make_view, make_signal, 3), Prefs())
        assert "number 0" in lines(log)[1]


async def test_looking_back_stops_following_and_counts_what_is_new(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 6):
        log.show(with_signals(make_view, make_signal, 20), Prefs())
        log.move(-6)
        before = lines(log)[1:]
        log.show(with_signals(make_view, make_signal, 23), Prefs())
        assert lines(log)[1:] == before
        assert not log.at_newest
        assert "3 new ▼" in lines(log)[0]
        log.jump("bottom")
        assert log.at_newest
        assert "number 22" in lines(log)[5]


async def test_moving_past_the_last_line_follows_again(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 6):
        log.show(with_signals(make_view, make_signal, 20), Prefs())
        log.move(-1)
        assert log.chosen() == 18
        log.move(1)
        assert not log.at_newest
        log.move(1)
        assert log.at_newest
        log.move(1)
        assert log.at_newest


async def test_the_cursor_reaches_the_first_signal_and_pages(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 6):
        log.show(with_signals(make_view, make_signal, 20), Prefs())
        log.jump("top")
        assert log.chosen() == 0
        assert lines(log)[1].startswith("▸")
        log.page(1)
        assert log.chosen() == 4
        log.page(-1)
        assert log.chosen() == 0


async def test_the_newest_is_chosen_while_following_and_nothing_when_empty(
    make_view, make_signal, stage
) -> None:
    log = SignalLog()
    async with stage(log, 100, 6):
        assert log.chosen() is None
        log.move(-1)
        log.jump("top")
        log.show(with_signals(make_view, make_signal, 0), Prefs())
        assert log.chosen() is None
        log.show(with_signals(make_view, make_signal, 9), Prefs())
        assert log.chosen() == 8


async def test_seeking_back_rebuilds_the_log_to_that_time(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 6):
        log.show(with_signals(make_view, make_signal, 30), Prefs())
        log.move(-1)
        log.show(with_signals(make_view, make_signal, 4), Prefs())
        assert log.chosen() == 3
        assert "number 3" in lines(log)[4]
        assert "looking back" in lines(log)[0]
        log.show(with_signals(make_view, make_signal, 0), Prefs())
        assert lines(log)[1].strip() == "no signal yet"


async def test_a_filter_narrows_and_says_of_how_many(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 8):
        log.show(make_view(), Prefs(log_filter="spike"))
        assert "3 of 7" in lines(log)[0]
        assert sum("spike: " in line for line in lines(log)) == 3
        log.show(make_view(), Prefs())
        assert "of 7" not in lines(log)[0]


async def test_an_unchanged_log_repaints_nothing(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 6):
        asked: list[int] = []
        log.show(with_signals(make_view, make_signal, 9), Prefs())
        log.repaint = asked.extend
        log.show(with_signals(make_view, make_signal, 9), Prefs())
        assert asked == []
        log.show(with_signals(make_view, make_signal, 10), Prefs())
        assert asked


async def test_wheel_and_click(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 6) as pilot:
        log.show(with_signals(make_view, make_signal, 20), Prefs())
        log.post_message(MouseScrollUp(log, 5, 3, 0, -1, 0, False, False, False))
        await pilot.pause()
        assert not log.at_newest
        log.post_message(MouseScrollDown(log, 5, 3, 0, 1, 0, False, False, False))
        log.post_message(MouseScrollDown(log, 5, 3, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert log.at_newest
        await pilot.click(SignalLog, offset=(20, 2))
        assert pilot.app.said(SignalLog.Chosen).index == 16
        assert not log.at_newest
        await pilot.click(SignalLog, offset=(20, 0))
        assert log.at_newest


async def test_the_title_lights_up_with_the_focus(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 6) as pilot:
        log.show(with_signals(make_view, make_signal, 20), Prefs())
        pilot.app.set_focus(None)
        await pilot.pause()
        dark = log.render_line(0)
        log.focus()
        await pilot.pause()
        assert log.render_line(0) != dark


async def test_a_smaller_log_still_shows_the_newest(make_view, make_signal, stage) -> None:
    log = SignalLog()
    async with stage(log, 100, 12) as pilot:
        log.show(with_signals(make_view, make_signal, 20), Prefs())
        await pilot.resize_terminal(90, 4)
        assert "number 19" in lines(log)[3]
