"""What was asked of the monitor and no view shows yet: so that two quick presses make two steps."""

from __future__ import annotations

from datetime import date
from typing import Generic, TypeVar

from engine.analytics.exposure_choice import ExposureChoice
from engine.views.view import View

T = TypeVar("T")


class PendingRequest(Generic[T]):
    """What was asked for last, until a view shows it."""

    def __init__(self) -> None:
        self._wanted: T | None = None

    def after(self, current: T) -> T:
        """Return where the next step starts from, given what the view shows."""
        return current if self._wanted is None else self._wanted

    def ask(self, wanted: T) -> None:
        """Remember what was sent."""
        self._wanted = wanted

    def learn(self, current: T) -> None:
        """Forget it once the view shows it."""
        if current == self._wanted:
            self._wanted = None


class PendingRequests:
    """Everything of which keys make steps."""

    def __init__(self) -> None:
        self.speed = PendingRequest[float]()
        self.symbol = PendingRequest[str]()
        self.expiry = PendingRequest[date]()
        self.choice = PendingRequest[ExposureChoice]()

    def learn(self, view: View) -> None:
        """Take in a view, painted or not."""
        self.speed.learn(view.speed)
        self.symbol.learn(view.symbol)
        if view.expiry is not None:
            self.expiry.learn(view.expiry)
        self.choice.learn(choice_of(view))


def choice_of(view: View) -> ExposureChoice:
    """Return what the view's exposures are sums of."""
    return ExposureChoice(view.gamma.convention, view.gamma.basis, view.gamma.scope)
