"""Answers to the queries of `engine.views.queries`, from one opened symbol at its playhead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast

from ..analytics.exposure_choice import ExposureChoice
from ..model.errors import NoDataError, UsageError
from ..views.flow_lines import flow_lines
from ..views.queries import (
    FlowQuery,
    HeatQuery,
    PastProfileQuery,
    Query,
    ScoreQuery,
    SignalTapeQuery,
    SmileQuery,
    TopQuery,
    WhatIfComparison,
    WhatIfQuery,
)
from ..views.scores import scoreboard
from ..views.signal_tape import signal_tape
from ..views.study import tally
from ..views.view import SignalRow
from .symbol_day import SymbolDay
from .what_if import WhatIfFold, compared

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What the person who asks is looking at."""

    choice: ExposureChoice
    expiry: date | None
    what_if: WhatIfFold | None = None


def answer(day: SymbolDay, context: AnswerContext, query: Query[T]) -> T:
    """Return the answer to a query; UsageError for one nobody answers."""
    return cast(T, _answer(day, context, query))


def _answer(day: SymbolDay, context: AnswerContext, query: Query[Any]) -> object:
    match query:
        case SmileQuery():
            return day.projector.smile(context.expiry)
        case TopQuery():
            return day.projector.top(query, context.choice, context.expiry)
        case HeatQuery():
            return day.projector.heat(query, context.choice.convention, context.expiry)
        case PastProfileQuery(of):
            return day.projector.past_profile(of, context.choice, context.expiry)
        case FlowQuery():
            return flow_lines(day.timeline.history, day.timeline.at_ns)
        case ScoreQuery():
            return scoreboard([tally(day.timeline)])
        case SignalTapeQuery(index):
            return signal_tape(day.timeline, index, _signal(day, index))
        case WhatIfQuery():
            return context.what_if.comparison() if context.what_if else _nothing_changed(day)
        case _:
            raise UsageError(f"Nobody answers a {type(query).__name__}.")


def _signal(day: SymbolDay, index: int) -> SignalRow:
    log = day.signals()
    if not 0 <= index < len(log):
        raise NoDataError(f"There is no signal {index + 1} at this moment; there are {len(log)}.")
    return log[index]


def _nothing_changed(day: SymbolDay) -> WhatIfComparison:
    played = tally(day.timeline)
    return compared((), played, played)
