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

    stance: ExposureChoice
    expiry: date | None
    rerun: WhatIfFold | None = None


def answer(slot: SymbolDay, asked: AnswerContext, query: Query[T]) -> T:
    """Return the answer to a query; UsageError for one nobody answers."""
    return cast(T, _answer(slot, asked, query))


def _answer(slot: SymbolDay, asked: AnswerContext, query: Query[Any]) -> object:
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
        case SignalTapeQuery(index):
            return signal_tape(slot.timeline, index, _signal(slot, index))
        case WhatIfQuery():
            return asked.rerun.comparison() if asked.rerun else _nothing_changed(slot)
        case _:
            raise UsageError(f"Nobody answers a {type(query).__name__}.")


def _signal(slot: SymbolDay, index: int) -> SignalRow:
    log = slot.signals()
    if not 0 <= index < len(log):
        raise NoDataError(f"There is no signal {index + 1} at this moment; there are {len(log)}.")
    return log[index]


def _nothing_changed(slot: SymbolDay) -> WhatIfComparison:
    played = tally(slot.timeline)
    return compared((), played, played)
