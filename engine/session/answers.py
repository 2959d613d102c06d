"""Answers to the queries of `engine.views.queries`, from one opened symbol at its playhead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast

from ..analytics.exposure_choice import Stance
from ..model.errors import NoDataError, UsageError
from ..views.around import around
from ..views.flow_lines import flow_lines
from ..views.queries import (
    AroundQuery,
    Comparison,
    FlowQuery,
    HeatQuery,
    Query,
    ScoreQuery,
    SmileQuery,
    TopQuery,
    WhatIfQuery,
)
from ..views.scores import scoreboard
from ..views.study import tally
from ..views.view import SignalRow
from .symbol_day import Slot
from .what_if import Rerun, compared

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person who asks is looking at."""

    stance: Stance
    expiry: date | None
    rerun: Rerun | None = None


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
        case ScoreQuery():
            return scoreboard([tally(slot.timeline)])
        case AroundQuery(index):
            return around(slot.timeline, index, _signal(slot, index))
        case WhatIfQuery():
            return asked.rerun.comparison() if asked.rerun else _nothing_changed(slot)
        case _:
            raise UsageError(f"Nobody answers a {type(query).__name__}.")


def _signal(slot: Slot, index: int) -> SignalRow:
    log = slot.signals()
    if not 0 <= index < len(log):
        raise NoDataError(f"There is no signal {index + 1} at this moment; there are {len(log)}.")
    return log[index]


def _nothing_changed(slot: Slot) -> Comparison:
    played = tally(slot.timeline)
    return compared((), played, played)
