"""What the monitor answered to the queries of one view, and about which moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from engine.views.queries import Query
from engine.views.view import View

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answers:
    """The newest answers; none before the first have come.

    found    : by query
    asked_of : the view that was the newest one when they were asked
    refusal  : the sentence why there are none, empty when there are or when they are still awaited
    """

    found: Mapping[Query[Any], Any] = field(default_factory=dict)
    asked_of: View | None = None
    refusal: str = ""

    def get(self, query: Query[T]) -> T | None:
        """Return the answer to a query; None while there is none."""
        return cast("T | None", self.found.get(query))

    def of_tape(self, view: View) -> Answers:
        """Return them if they are about the tape of this view; else none."""
        asked = self.asked_of
        same = asked is not None and _tape(asked) == _tape(view)
        return self if same else NO_ANSWERS

    def of_chain(self, view: View) -> Answers:
        """Return them if they are about the tape and the expiration of this view; else none."""
        asked = self.asked_of
        return self.of_tape(view) if asked is not None and asked.expiry == view.expiry else NO_ANSWERS

    def known_ns(self, view: View) -> int | None:
        """Return the moment up to which they may be shown, in ns UTC; None for all that they tell.

        After going back in time they know what lies ahead of the view until they are asked for again.
        """
        asked = self.asked_of
        return None if asked is None or asked.generation == view.generation else view.tape_ns


NO_ANSWERS = Answers()


def _tape(view: View) -> tuple[object, ...]:
    return view.source, view.day, view.symbol
