"""Moving in time: how fast the tape plays, where it stands, and from which source it comes."""

from __future__ import annotations

from engine.model.calendar import clock_text
from engine.model.errors import UsageError
from engine.views.commands import GoLive, JumpSignal, Pause, Step, UseSource

from .. import steering
from ..main_screen import MainScreen
from ..sheets.ask import AskScreen, Question, Verdict
from ..sheets.pick import PickScreen
from ..time_position import FRONT, time_position
from .home import ScreenActions

_TIMES = "10:31   1031   +5m   -30s   open+15m   close-1h"


class PlayActions(ScreenActions):
    """Play, pause, and change the speed."""

    def pause(self) -> None:
        """Pause, or play on."""
        self._screen.send(Pause())

    def slower(self) -> None:
        """Play at the next lower speed."""
        self._change_speed(-1)

    def faster(self) -> None:
        """Play at the next higher speed."""
        self._change_speed(1)

    def normal(self) -> None:
        """Play at the market's own speed."""
        self._change_speed(0)

    def step(self) -> None:
        """Go a frame on, and pause."""
        self._screen.send(Step(1))

    def step_back(self) -> None:
        """Go a frame back, and pause."""
        self._screen.send(Step(-1))

    def live(self) -> None:
        """Go to what happens now on a live day."""
        if time_position(self._screen.newest) == FRONT:
            self._screen.notify("This is now.", timeout=3)
        else:
            self._screen.send(GoLive())

    def _change_speed(self, by: int) -> None:
        command = steering.speed(by, _wanted_speed(self._screen))
        if time_position(self._screen.newest) != FRONT:  # there it is refused, and nothing shows it
            self._screen.pending.speed.ask(command.speed)
        self._screen.send(command)


class SeekActions(ScreenActions):
    """Go to another moment of the tape."""

    def back(self) -> None:
        """Go back by 5 s × speed."""
        self._skip(-5)

    def on(self) -> None:
        """Go on by 5 s × speed."""
        self._skip(5)

    def minute_back(self) -> None:
        """Go back by a minute × speed."""
        self._skip(-60)

    def minute_on(self) -> None:
        """Go on by a minute × speed."""
        self._skip(60)

    def signal_back(self) -> None:
        """Go to the signal before."""
        self._screen.send(JumpSignal(-1))

    def signal_on(self) -> None:
        """Go to the next signal."""
        self._screen.send(JumpSignal(1))

    def start(self) -> None:
        """Go to the start of the day."""
        self._screen.send(steering.end(-1, self._screen.newest))

    def end(self) -> None:
        """Go to the end of the day."""
        self._screen.send(steering.end(1, self._screen.newest))

    def time(self) -> None:
        """Ask for a time and go there."""
        question = Question("go to a time (exchange time)", _TIMES, self._judge)
        self._screen.app.push_screen(AskScreen(question), self._go)

    def _skip(self, seconds: int) -> None:
        """Move the cursor of time of the view in sight; where it has none, the tape."""
        if not self._screen.stages.widget.skip(seconds):
            self._screen.send(steering.skip(seconds, _wanted_speed(self._screen)))

    def _judge(self, text: str) -> Verdict:
        try:
            at_ns = steering.goto(text, self._screen.newest).ts_ns
        except UsageError as error:
            return Verdict(False, str(error))
        return Verdict(True, f"to {clock_text(at_ns)} exchange time")

    def _go(self, text: str | None) -> None:
        if text is not None:
            self._screen.send(steering.goto(text, self._screen.newest))


class SourceActions(ScreenActions):
    """Change to another source."""

    def switch(self) -> None:
        """Switch to the other source, or ask which."""
        screen, sources = self._screen, self._screen.monitor.sources
        others = [source for source in sources if source[0] != self._current]
        if not others:
            screen.notify("This is the only source; `spymon import` adds a day of your own.", timeout=4)
        elif len(others) == 1:
            screen.send(UseSource(others[0][0]))
            screen.notify(f"Switching to {others[0][1]}.", timeout=3)
        else:
            screen.app.push_screen(PickScreen("source", sources, self._current), self._use)

    @property
    def _current(self) -> str:
        view = self._screen.state.latest
        return view.source if view else ""

    def _use(self, name: str | None) -> None:
        if name is not None and name != self._current:
            self._screen.send(UseSource(name))


def _wanted_speed(screen: MainScreen) -> float:
    """Return the tape seconds per second that were asked for; what happens now has its own."""
    view = screen.newest
    return 1.0 if time_position(view) == FRONT else screen.pending.speed.after(view.speed)
