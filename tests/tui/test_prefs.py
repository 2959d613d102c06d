from __future__ import annotations

from tui.prefs import RULES, Prefs


def test_gamma_view_and_unit_cycle_back_to_the_first() -> None:
    prefs = Prefs()
    views, units = [], []
    for _ in range(3):
        prefs = prefs.next_gamma_view().next_unit()
        views.append(prefs.gamma_view)
        units.append(prefs.unit)
    assert views == ["calls_puts", "absolute", "net"]
    assert units == ["usd_per_1", "shares", "usd_per_1pct"]


def test_rule_cycles_through_every_rule_and_all() -> None:
    prefs, seen = Prefs(), []
    for _ in RULES:
        prefs = prefs.next_rule()
        seen.append(prefs.log_rule)
    assert seen == [*RULES[1:], ""]


def test_asking_for_the_side_that_stands_alone_brings_both_back() -> None:
    calls = Prefs().toggled("calls")
    assert calls.side == "calls"
    assert calls.toggled("puts").side == "puts"
    assert calls.toggled("calls").side == "both"
