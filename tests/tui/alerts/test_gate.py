"""Which signals become alerts, and how few messages ten thousand of them are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from math import nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.events import MISSING, NS
from engine.tape.link import Badge
from engine.views.view import FiredSignal, SignalRow
from tui.alerts.gate import AlertGate, AlertParams
from tui.alerts.message import PLACEHOLDERS, TEST, Alert, alert_of, summary_of

DAY = date(2025, 12, 16)
OPEN = session(DAY).open_ns
CALL = Contract("SPY", DAY, "C", 685_000)
ROW = SignalRow(
    ts_ns=OPEN + 66 * NS,
    rule="volume_spike",
    contract=CALL,
    cid=1,
    direction="buy",
    strength=0.8,
    side_confidence=0.7,
    mid_before=MISSING,
    mid_after=23_400,
    evidence=(("z", 6.2),),
    reason="1,840 contracts in 10 s, 20 times the usual",
    version="volume_spike/default/1",
)


def fired(symbol: str = "SPY", badge: str = "LIVE", **changes: Any) -> FiredSignal:
    return FiredSignal(symbol, replace(ROW, **changes), Badge(badge), badge in ("REPLAY", "SIMULATED"))


def offered(gate: AlertGate, signals: Sequence[tuple[FiredSignal, float]]) -> list[Alert]:
    return [alert for signal, at_s in signals for alert in gate.offer(signal, int(at_s * NS))]


def test_the_first_signal_alerts_at_once() -> None:
    (alert,) = AlertGate(AlertParams()).offer(fired(), 0)
    assert alert == alert_of(fired())


def test_ten_thousand_signals_are_one_alert_and_a_summary() -> None:
    gate = AlertGate(AlertParams())
    rules = ["volume_spike"] * 7_001 + ["price_move"] * 2_000 + ["fmv_divergence"] * 999
    sent = offered(gate, [(fired(rule=rule), i * 1e-3) for i, rule in enumerate(rules)])
    assert len(sent) == 1
    assert gate.due(60 * NS - 1) == []
    (summary,) = gate.due(60 * NS)
    assert summary.body.startswith(
        "+9,999 more in 60 s: 7,000 volume_spike, 2,000 price_move, 999 fmv_divergence; strongest: SPY"
    )
    assert summary.count == 9_999
    assert gate.due(10**6 * NS) == []


def test_a_storm_that_goes_on_is_one_alert_and_one_summary_per_cooldown() -> None:
    gate = AlertGate(AlertParams(cooldown_ns=60 * NS))
    sent = offered(gate, [(fired(), i * 0.1) for i in range(6_000)])
    assert [alert.count for alert in sent] == [1, *([599, 1] * 9)]


def test_a_burst_lets_so_many_through_before_it_counts() -> None:
    gate = AlertGate(AlertParams(burst=3))
    assert len(offered(gate, [(fired(), i) for i in range(10)])) == 3
    assert [alert.count for alert in gate.due(60 * NS)] == [7]


def test_after_a_quiet_cooldown_the_next_signal_alerts_at_once() -> None:
    gate = AlertGate(AlertParams())
    assert [alert.count for alert in offered(gate, [(fired(), 0), (fired(), 60), (fired(), 120)])] == [
        1,
        1,
        1,
    ]


def test_the_summary_is_about_the_strongest_that_was_held_back() -> None:
    gate = AlertGate(AlertParams())
    offered(gate, [(fired(strength=0.95), 0), (fired(strength=0.7), 1), (fired("QQQ", strength=0.9), 2)])
    (summary,) = gate.flush(3 * NS)
    assert (summary.symbol, summary.strength) == ("QQQ", 0.9)
    assert summary.body.startswith("+2 more in 3 s: 2 volume_spike; strongest: QQQ 2025-12-16 685C")


@pytest.mark.parametrize(
    ("params", "signal", "passes"),
    [
        (AlertParams(), fired(strength=0.6), True),
        (AlertParams(), fired(strength=0.599), False),
        (AlertParams(min_strength=0.0), fired(strength=0.0), True),
        (AlertParams(), fired(strength=nan), False),
        (AlertParams(rules=("price_move",)), fired(), False),
        (AlertParams(rules=("price_move", "user:mine")), fired(rule="user:mine"), True),
        (AlertParams(symbols=("QQQ",)), fired(), False),
        (AlertParams(symbols=("QQQ", "SPY")), fired(), True),
    ],
)
def test_rule_symbol_and_strength_must_all_hold(
    params: AlertParams, signal: FiredSignal, passes: bool
) -> None:
    assert bool(AlertGate(params).offer(signal, 0)) is passes


def test_what_is_not_admitted_is_not_counted_either() -> None:
    gate = AlertGate(AlertParams(rules=("volume_spike",)))
    offered(gate, [(fired(), 0), (fired(rule="price_move"), 1)])
    assert gate.flush(2 * NS) == []


def test_a_muted_rule_is_silent_until_it_is_not() -> None:
    gate = AlertGate(AlertParams())
    gate.muted = frozenset({"volume_spike"})
    assert gate.offer(fired(), 0) == []
    assert len(gate.offer(fired(rule="price_move"), 0)) == 1
    gate.muted = frozenset()
    assert len(gate.offer(fired(), 61 * NS)) == 1


@given(
    steps_s=st.lists(st.floats(0, 30), min_size=1, max_size=200),
    cooldown_s=st.integers(1, 100),
    burst=st.integers(1, 5),
)
def test_every_signal_is_in_exactly_one_message_and_messages_are_bounded(
    steps_s: list[float], cooldown_s: int, burst: int
) -> None:
    gate = AlertGate(AlertParams(cooldown_ns=cooldown_s * NS, burst=burst))
    now_s, sent = 0.0, 0
    messages = 0
    for step in steps_s:
        now_s += step
        alerts = gate.offer(fired(), int(now_s * NS))
        messages += len(alerts)
        sent += sum(alert.count for alert in alerts)
    rest = gate.flush(int(now_s * NS))
    assert sent + sum(alert.count for alert in rest) == len(steps_s)
    assert messages + len(rest) <= (burst + 1) * (now_s // cooldown_s + 1)


# --- wording ----------------------------------------------------------------------------------------------


def test_an_alert_names_contract_rule_direction_reason_strength_and_time() -> None:
    alert = alert_of(fired())
    assert alert.title == "SPY 2025-12-16 685C: volume_spike, buy"
    assert alert.body == "1,840 contracts in 10 s, 20 times the usual (strength 0.80, 09:31:06 ET)"


@pytest.mark.parametrize("badge", ["REPLAY", "SIMULATED"])
def test_what_is_not_happening_now_says_so_first(badge: str) -> None:
    assert alert_of(fired(badge=badge)).title.startswith(f"{badge} SPY")
    assert f"strongest: {badge} SPY" in summary_of({"price_move": 2}, fired(badge=badge), NS).body


def test_a_signal_about_the_underlying_names_the_symbol() -> None:
    alert = alert_of(fired(contract=None, cid=0))
    assert alert.title == "SPY: volume_spike, buy"
    assert alert.contract == ""


def test_a_summary_names_four_kinds_and_counts_the_rest() -> None:
    held = {"a": 5, "b": 9, "c": 1, "d": 2, "e": 3, "f": 4}
    assert summary_of(held, fired(), 60 * NS).body.startswith(
        "+24 more in 60 s: 9 b, 5 a, 4 f, 3 e, 3 of other kinds; strongest"
    )


def test_a_summary_of_one_is_singular() -> None:
    assert summary_of({"a": 1}, fired(), NS).title == "spymon: 1 more signal"


def test_as_an_object_nothing_is_null_and_a_number_stays_one() -> None:
    made = alert_of(fired(strength=0.0)).as_object()
    assert (made["strength"], made["contract"], made["ts_ns"]) == (0.0, "O:SPY251216C00685000", ROW.ts_ns)
    assert TEST.as_object() | {"title": "", "body": ""} == dict.fromkeys(PLACEHOLDERS) | {
        "title": "",
        "body": "",
        "count": 0,
    }
