"""The actions that only send a command: symbols, expirations, what is summed, sources, and the tape's own."""

from __future__ import annotations

from datetime import date

from textual.screen import Screen

from engine.analytics.exposure_choice import BASES, CONVENTIONS, SCOPES, ExposureChoice
from engine.model.calendar import clock_text
from engine.model.errors import UsageError
from engine.views.commands import (
    Command,
    GoLive,
    JumpSignal,
    Pause,
    SelectBasis,
    SelectConvention,
    SelectExpiry,
    SelectScope,
    SelectSymbol,
    Step,
    UseSource,
)
from engine.views.view import View

from ..run.lazy_monitor import MonitorLike
from ..settings.prefs import after
from . import steering
from .keys import FRONT
from .sheets.ask import AskScreen, Question, Verdict
from .sheets.pick import PickScreen

_WITHOUT_VIEW = frozenset({"source", "back"})
_TIMES = "10:31   1031   +5m   -30s   open+15m   close-1h"


class Actions(Screen[None]):
    """Sends what the keys ask for; knows the newest view, and what was asked before it."""

    def __init__(self, desk: MonitorLike) -> None:
        super().__init__()
        self.desk = desk
        self._newest: View | None = None
        self._speed = steering.PendingRequest[float]()
        self._symbol = steering.PendingRequest[str]()
        self._expiry = steering.PendingRequest[date]()
        self._stance = steering.PendingRequest[ExposureChoice]()

    @property
    def newest(self) -> View:
        """The newest view; every action that reads it is closed until there is one."""
        assert self._newest is not None, "check_action lets no action through before the first view"
        return self._newest

    def learn(self, view: View) -> None:
        """Take in a view, painted or not."""
        self._newest = view
        self._speed.seen(view.speed)
        self._symbol.seen(view.symbol)
        if view.expiry is not None:
            self._expiry.seen(view.expiry)
        self._stance.seen(stance_of(view))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Close most keys before there is a view."""
        if hasattr(Screen, f"action_{action}"):
            return super().check_action(action, parameters)
        return self._newest is not None or action in _WITHOUT_VIEW

    def send(self, command: Command) -> None:
        """Pass a command to the desk."""
        self.desk.send(command)

    def action_symbol(self, digit: int) -> None:
        """Show the symbol at this place of the watch list."""
        symbols = self.newest.symbols
        if digit > len(symbols):
            self.notify(f"The watch list has {len(symbols)} symbols; --symbol makes another list.", timeout=3)
        else:
            self.show_symbol(symbols[digit - 1])

    def action_symbol_by(self, by: int) -> None:
        """Show the neighbouring symbol."""
        view = self.newest
        symbol = steering.neighbour(view.symbols, self._symbol.after(view.symbol), by)
        if symbol is None:
            self.notify(f"{view.symbol} is the only symbol; --symbol SPY,QQQ watches two.", timeout=3)
        else:
            self.show_symbol(symbol)

    def action_expiry_by(self, by: int) -> None:
        """Show the neighbouring expiration."""
        view = self.newest
        expiry = view.expiry and steering.neighbour(view.expiries, self._expiry.after(view.expiry), by)
        if not view.expiries:
            self.notify("No expiration is listed yet.", timeout=3)
        elif expiry is None:
            self.notify("There is only this expiration; --expiry 3 watches the nearest three.", timeout=3)
        else:
            self._expiry.ask(expiry)
            self.send(SelectExpiry(expiry))

    def action_convention(self) -> None:
        """Sum exposures under the next dealer sign."""
        stance = self._stance.after(stance_of(self.newest))
        convention = after(CONVENTIONS, stance.convention)
        self._stance.ask(stance.with_convention(convention))
        self.send(SelectConvention(convention))

    def action_basis(self) -> None:
        """Weigh exposures by the next basis."""
        stance = self._stance.after(stance_of(self.newest))
        basis = after(BASES, stance.basis)
        self._stance.ask(stance.with_basis(basis))
        self.send(SelectBasis(basis))

    def action_scope(self) -> None:
        """Sum exposures over the next choice of expirations."""
        stance = self._stance.after(stance_of(self.newest))
        scope = after(SCOPES, stance.scope)
        self._stance.ask(stance.with_scope(scope))
        self.send(SelectScope(scope))

    def action_source(self) -> None:
        """Switch to the other source, or ask which."""
        current = self._newest.source if self._newest else ""
        others = [source for source in self.desk.sources if source[0] != current]
        if not others:
            self.notify("This is the only source; `spymon import` adds a day of your own.", timeout=4)
        elif len(others) == 1:
            self.send(UseSource(others[0][0]))
            self.notify(f"Switching to {others[0][1]}.", timeout=3)
        else:
            self.app.push_screen(PickScreen("source", self.desk.sources, current), self._use_source)

    def action_live(self) -> None:
        """Go to what happens now on a live day."""
        if steering.standing(self.newest) == FRONT:
            self.notify("This is now.", timeout=3)
        else:
            self.send(GoLive())

    def action_pause(self) -> None:
        """Pause, or play on."""
        self.send(Pause())

    def action_speed(self, by: int) -> None:
        """Play faster, slower, or at the market's own speed."""
        command = steering.speed(by, self._pace)
        if steering.standing(self.newest) != FRONT:  # there it is refused, and nothing shows it
            self._speed.ask(command.speed)
        self.send(command)

    def action_step(self, frames: int) -> None:
        """Go a frame on or back, and pause."""
        self.send(Step(frames))

    def action_skip(self, seconds: int) -> None:
        """Go so many seconds × speed on or back."""
        self.send(steering.skip(seconds, self._pace))

    def action_jump(self, direction: int) -> None:
        """Go to the next signal, or to the one before."""
        self.send(JumpSignal(direction))

    def action_ends(self, which: int) -> None:
        """Go to the start or the end of the day."""
        self.send(steering.end(which, self.newest))

    def action_goto(self) -> None:
        """Ask for a time and go there."""
        question = Question("go to a time (exchange time)", _TIMES, self._judge_time)
        self.app.push_screen(AskScreen(question), self._go)

    @property
    def _pace(self) -> float:
        """Tape seconds per second that were asked for; what happens now has its own."""
        at_front = steering.standing(self.newest) == FRONT
        return 1.0 if at_front else self._speed.after(self.newest.speed)

    def show_symbol(self, symbol: str) -> None:
        """Ask for a symbol of the watch list."""
        self._symbol.ask(symbol)
        self.send(SelectSymbol(symbol))

    def _use_source(self, name: str | None) -> None:
        if name is not None and (self._newest is None or name != self._newest.source):
            self.send(UseSource(name))

    def _judge_time(self, text: str) -> Verdict:
        try:
            return Verdict(True, f"to {clock_text(steering.goto(text, self.newest).ts_ns)} exchange time")
        except UsageError as error:
            return Verdict(False, str(error))

    def _go(self, text: str | None) -> None:
        if text is not None:
            self.send(steering.goto(text, self.newest))


def stance_of(view: View) -> ExposureChoice:
    """Return what the view's exposures are sums of."""
    return ExposureChoice(view.gamma.convention, view.gamma.basis, view.gamma.scope)
