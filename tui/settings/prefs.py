"""How a person wants the screen to look: one frozen value, handed to every widget with the view.

Owns the choices and how each of them cycles; a widget keeps its own cursor and scroll.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeVar, get_args

from engine.analytics.exposure_choice import METRICS, Metric
from engine.fold.rules.catalogue import RULE_NAMES
from engine.views.queries import PastMoment

ProfileView = Literal["net", "calls_puts", "absolute", "oi", "volume"]
Unit = Literal["usd_per_1pct", "usd_per_1", "shares"]
Past = Literal["", PastMoment]
Side = Literal["both", "calls", "puts"]

PASTS: tuple[Past, ...] = ("", *get_args(PastMoment))
"""The earlier profiles, in the order in which they cycle."""

RULES = ("", *RULE_NAMES)
"""What the log can be narrowed to, in the order in which it cycles; '' shows every rule."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prefs:
    """The choices.

    profile_view : what a bar of the profile stands for
    metric     : whose exposure the first three of these views show
    past_profile : the earlier profile that is drawn into it, '' for none
    unit       : unit of every gamma exposure on the screen
    side       : which half of the strike grid is shown; below 60 columns 'both' shows the calls
    log_filter : the words a row of the log must match, as typed
    log_rule   : the one rule the log shows, '' for all
    stale_s    : seconds without a quote after which a price is dimmed
    fps        : frames per second the screen paints now
    frozen     : painting is suspended while the day goes on
    notes      : show the view's notes below the header
    muted      : rules that send no alerts
    """

    profile_view: ProfileView = "net"
    metric: Metric = "gamma"
    past_profile: Past = ""
    unit: Unit = "usd_per_1pct"
    side: Side = "both"
    log_filter: str = ""
    log_rule: str = ""
    stale_s: float = 30.0
    fps: float = 10.0
    frozen: bool = False
    notes: bool = True
    muted: frozenset[str] = frozenset()

    def next_profile_view(self) -> Prefs:
        """Show the next of the profile's views."""
        return replace(self, profile_view=after(get_args(ProfileView), self.profile_view))

    def next_metric(self) -> Prefs:
        """Show the exposure to the next greek; counts give way to it."""
        counting = self.profile_view in ("oi", "volume")
        return replace(
            self,
            metric=self.metric if counting else after(METRICS, self.metric),
            profile_view="net" if counting else self.profile_view,
        )

    def next_past_profile(self) -> Prefs:
        """Draw the profile of five minutes ago, of the open, or none."""
        return replace(self, past_profile=after(PASTS, self.past_profile))

    def next_unit(self) -> Prefs:
        """Show gamma in the next unit."""
        return replace(self, unit=after(get_args(Unit), self.unit))

    def next_rule(self) -> Prefs:
        """Narrow the log to the next rule, or widen it to all."""
        return replace(self, log_rule=after(RULES, self.log_rule))

    def toggled(self, side: Literal["calls", "puts"]) -> Prefs:
        """Show one side only, or both again when that side already stands alone."""
        return replace(self, side="both" if self.side == side else side)


def after(choices: tuple[T, ...], current: T) -> T:
    """Return the choice that follows `current`, the first one after the last."""
    return choices[(choices.index(current) + 1) % len(choices)]
