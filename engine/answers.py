"""Answers to the queries of `engine.panels`, from one opened symbol at its playhead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast

from .errors import UsageError
from .flowlines import flow_lines
from .panels import FlowQuery, HeatQuery, Query, SmileQuery, TopQuery
from .slot import Slot
from .stance import Stance

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person who asks is looking at."""

    stance: Stance
    expiry: date | None


def answer(slot: Slot, asked: Asked, query: Query[T]) -> T:
    """Return the answer to a query; UsageError for one nobody answers."""
    return cast(T, _answer(slot, asked, query))


def _answer(slot: Slot, asked: Asked, query: Query[Any]) -> object:
    match query:
        case SmileQuery():
            return slot.projector.smile(asked.expiry)
        case TopQuery(by):
            return slot.projector.top(by, asked.stance, asked.expiry)
        case HeatQuery():
            return slot.projector.heat(query, asked.stance.convention, asked.expiry)
        case FlowQuery():
            return flow_lines(slot.timeline.history, slot.timeline.clock)
        case _:
            raise UsageError(f"Nobody answers a {type(query).__name__}.")
