"""The ladder: calls, strikes, puts and the gamma profile on the same rows.

One widget, because the four share rows, scroll and cursor. Owns the position of the cursor and the profile's
scale; what a row says is decided in `sheet` (integers) and `ladder_rows` (cells).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from textual import events

from engine.analytics.exposure_choice import ExposureChoice
from engine.model.calendar import clock_text
from engine.model.events import MISSING, PRICE_SCALE
from engine.views.queries import PastProfile, PastProfileQuery
from engine.views.view import Floats, Ints, View

from ...settings.prefs import Prefs
from .. import format as fmt
from ..draw.bars import grown
from ..draw.cell_widget import Row, centred
from ..stages.answers import NO_ANSWERS, Answers
from ..stages.widget import ContractTarget, Right, Target
from . import sheet
from .columns import ColumnPlan, plan
from .ladder_rows import heading_row, strike_row, title_row, totals_row
from .scroll import Axis
from .strike_rows import StrikeRows


class Ladder(StrikeRows):
    """Strikes from the highest down; ► marks the one nearest to spot."""

    FOOT_HEIGHT = 12  # below it the line of totals gives its row to a strike

    DEFAULT_CSS = """
    Ladder { height: 1fr; }
    """

    def __init__(
        self, axis: Axis | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(axis, id=id, classes=classes)
        self._prefs = Prefs()
        self._aim: Right | None = None
        self._plan = plan(80)
        self._numbers: Ints = np.zeros((0, sheet.FIRST_FIELD), np.int64)
        self._painted: tuple[object, ...] = ()
        self._scale = 0.0
        self._scale_of: tuple[object, ...] = ()
        self._past: PastProfile | None = None
        self._totals: Row = ()

    @property
    def plan(self) -> ColumnPlan:
        """Return the columns shown now."""
        return self._plan

    def show(self, view: View, prefs: Prefs, answers: Answers = NO_ANSWERS) -> None:
        """Paint what differs from the frame before."""
        self._shown = (view, prefs, answers)
        self._past = self._past_of(view, prefs, answers)
        frame = (view.generation, view.version, view.symbol, prefs, self.size, self._past)
        if (*frame, self._axis.position, self._aim, self._scale) == self._painted:
            return
        if prefs != self._prefs:
            self._numbers = self._numbers[:0]
        self.learn(view)
        self._prefs = prefs
        self._rescale(view, prefs)
        self._replan(view, prefs)
        self._paint_rows(view, prefs)
        self._painted = (*frame, self._axis.position, self._aim, self._scale)

    def queries(self, view: View) -> tuple[PastProfileQuery, ...]:
        """Return the question for the earlier profile, when one is drawn."""
        prefs = self._prefs
        drawn = prefs.past_profile and (prefs.profile_view, prefs.metric) == ("net", "gamma")
        return (PastProfileQuery(prefs.past_profile),) if drawn and prefs.past_profile else ()

    def chosen(self) -> int | None:
        """Return the contract aimed at, without a cursor the one at spot; None when there is none."""
        view = self._view
        if view is None or not len(view.strike_milli):
            return None
        cursor = self.cursor
        index = view.atm if cursor is None else int(np.searchsorted(view.strike_milli, cursor))
        if not 0 <= index < len(view.strike_milli):
            return None
        leg = view.call if self._side(view, int(view.strike_milli[index])) == "C" else view.put
        cid = int(leg.cid[index])
        return cid if cid >= 0 else None

    def select(self, strike_milli: int, right: Right | None = None) -> None:
        """Put the cursor on the strike nearest below, and aim at a side if one is given."""
        self._aim = right or self._aim
        self.stand_on(strike_milli)

    def aim(self, right: Right | None) -> None:
        """Aim the cursor at the calls or the puts; None aims at whichever is out of the money."""
        self._aim = right
        self.again()

    def autoscale(self) -> None:
        """Fit the profile's scale to what is shown now."""
        self._scale_of = self._painted = ()
        self.again()

    def next_metric(self, prefs: Prefs) -> Prefs:
        """Show the exposure to the next greek."""
        return prefs.next_metric()

    def target(self) -> Target:
        """Return that `enter` shows the contract in detail."""
        return ContractTarget()

    def row(self, y: int) -> Row:
        """Return the cells of line `y`, made when they are asked for."""
        head = len(self._rows)
        if y < head:
            return self._rows[y]
        if y - head < len(self._numbers):
            return strike_row(self._numbers[y - head].tolist(), self._plan, self._prefs.profile_view)
        if self._foot and y == self.size.height - 1:
            return self._totals
        return self._empty_row(y - head)

    def _empty_row(self, y: int) -> Row:
        """Say in the middle of a grid without strikes what it waits for."""
        view = self._view
        if view is None or len(view.strike_milli) or y != self._body // 2:
            return ()
        note = view.link.note if view.link else ""
        return centred(fmt.clip(note or "No strikes are listed yet.", self.size.width), self.size.width)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a double click chooses the contract."""
        row = event.y - len(self._rows)
        if not 0 <= row < len(self._numbers):
            return
        calls = sum(width for _, width in self._plan.calls)
        right: Right | None = (
            "C" if event.x < calls else "P" if event.x >= calls + self._plan.strike else None
        )
        self.select(int(self._numbers[row, sheet.STRIKE]), right)
        if event.chain == 2:
            self.post_message(self.Chosen(self.target()))

    @property
    def _foot(self) -> int:
        return 1 if self.size.height >= self.FOOT_HEIGHT else 0

    def _past_of(self, view: View, prefs: Prefs, answers: Answers) -> PastProfile | None:
        """Return the earlier profile, None while none is drawn or it tells of another chain or choice."""
        gamma = view.gamma
        choice = ExposureChoice(gamma.convention, gamma.basis, gamma.scope)
        asked = self.queries(view) if prefs == self._prefs else ()
        found = answers.of_chain(view).get(asked[0]) if asked else None
        return found if found is not None and found.choice == choice else None

    def _past_words(self, view: View, prefs: Prefs) -> str:
        """Say which minute the earlier profile is of, or why there is none."""
        if not prefs.past_profile:
            return ""
        if (prefs.profile_view, prefs.metric) != ("net", "gamma"):
            return "only of net γ"
        past = self._past
        if past is None:
            return "…"
        return past.reason if past.at_ns is None else clock_text(past.at_ns)[:5]

    def _past_net(self, view: View, prefs: Prefs) -> Floats | None:
        """Return the earlier net exposure of the view's strikes in the unit shown."""
        past = self._past
        if past is None or past.at_ns is None or not len(past.strike_milli):
            return None
        at = np.minimum(np.searchsorted(past.strike_milli, view.strike_milli), len(past.strike_milli) - 1)
        there = past.strike_milli[at] == view.strike_milli
        return np.where(there, past.net[at], np.nan) * fmt.metric_factor("gamma", _spot(view), prefs.unit)

    def _side(self, view: View, strike_milli: int) -> Right:
        """Return the side aimed at: the only one shown, the one asked for, or the one out of the money."""
        if self._plan.calls and not self._plan.puts:
            return "C"
        if self._plan.puts and not self._plan.calls:
            return "P"
        below = view.spot != MISSING and strike_milli * PRICE_SCALE < view.spot * 1000
        return self._aim or ("P" if below else "C")

    def _rescale(self, view: View, prefs: Prefs) -> None:
        """Grow the scale when a bar outgrows it; start over when the bars mean something else."""
        gamma = view.gamma
        summed = (gamma.convention, gamma.basis, gamma.scope)
        meaning = (view.symbol, view.expiry, prefs.profile_view, prefs.metric, prefs.unit, summed)
        if meaning != self._scale_of:
            self._scale, self._scale_of = 0.0, meaning
        self._scale = grown(self._scale, sheet.peak(view, prefs))

    def _replan(self, view: View, prefs: Prefs) -> None:
        strikes = view.strike_milli
        span_usd = int(strikes[-1] - strikes[0]) // 1000 if len(strikes) else 0
        longest = max((len(fmt.strike(int(strike))) for strike in strikes), default=0)
        fresh = plan(self.size.width, prefs.side, max(5, len(str(span_usd)) + 3), longest)
        if fresh != self._plan:
            self._plan = fresh
            self._numbers = self._numbers[:0]
            self.refresh()

    def _paint_rows(self, view: View, prefs: Prefs) -> None:
        head = [heading_row(self._plan, prefs, self._scale, None if self._titled else view.gamma)]
        if self._titled:
            head.insert(0, title_row(self._plan, prefs, view.gamma))
        if len(head) != len(self._rows):
            self._numbers = self._numbers[:0]
            self.refresh()
        self.paint(head)
        totals: Row = ()
        if len(view.strike_milli):
            past = self._past_words(view, prefs)
            totals = totals_row(view.gamma, prefs, _spot(view), past, self.size.width)
        if totals != self._totals:
            self._totals = totals
            self.repaint([self.size.height - 1] if self._foot else [])
        numbers = self._sheet(view, prefs)
        before, self._numbers = self._numbers, numbers
        if len(numbers):
            self.repaint(_changed(before, numbers, len(head)))
        else:  # the lines of strikes that are gone, and the one that says what the grid waits for
            self.repaint([*range(len(head), len(head) + len(before)), len(head) + self._body // 2])

    def _sheet(self, view: View, prefs: Prefs) -> Ints:
        span = self._settle()
        cursor = -1 if self.cursor is None else self.cursor
        aim = (cursor, self._side(view, cursor))
        past = self._past_net(view, prefs)
        return sheet.sheet(view, prefs, self._plan, span, self._scale, aim, past)


def _spot(view: View) -> float:
    return np.nan if view.spot == MISSING else view.spot / PRICE_SCALE


def _changed(before: Ints, after: Ints, head: int) -> Sequence[int]:
    """Return the lines that differ, below `head` heading lines."""
    if before.shape != after.shape:
        return range(head, head + max(len(before), len(after)))
    rows = np.flatnonzero((before != after).any(axis=1))
    return [head + int(row) for row in rows]
