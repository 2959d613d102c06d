from __future__ import annotations

from tui.settings.prefs import RULES, Prefs


def test_profile_views_and_units_cycle_back_to_the_first() -> None:
    prefs = Prefs()
    views, units = [], []
    for _ in range(5):
        prefs = prefs.next_profile_view().next_unit()
        views.append(prefs.profile_view)
        units.append(prefs.unit)
    assert views == ["calls_puts", "absolute", "oi", "volume", "net"]
    assert units[:3] == ["usd_per_1", "shares", "usd_per_1pct"]


def test_metrics_cycle_and_take_the_place_of_counts() -> None:
    prefs, seen = Prefs(), []
    for _ in range(4):
        prefs = prefs.next_metric()
        seen.append(prefs.metric)
    assert seen == ["delta", "vanna", "charm", "gamma"]
    counting = Prefs(profile_view="oi", metric="vanna").next_metric()
    assert (counting.profile_view, counting.metric) == ("net", "vanna")


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
