"""The alerts of a run: who hears what, retries, failures told once, mutes, the bell, and the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import SimpleQueue
from typing import ClassVar

import pytest

from engine.model.errors import AlertError
from engine.model.events import NS
from engine.tape.link import Badge
from engine.views.view import FiredSignal, SignalRow
from tui.alerts.alerter import Alerter
from tui.alerts.channels import Bell, Channel, Toast
from tui.alerts.delivery import QUEUED, Delivery
from tui.alerts.gate import AlertParams
from tui.alerts.message import TEST, Alert

DEADLINE_S = 30.0
ROW = SignalRow(0, "volume_spike", None, 0, "buy", 0.8, 0.7, 0, 0, (), "much", "volume_spike/default/1")


def fired(badge: str = "LIVE", rule: str = "volume_spike") -> FiredSignal:
    return FiredSignal("SPY", replace(ROW, rule=rule), Badge(badge), badge in ("REPLAY", "SIMULATED"))


class Postbox:
    """A channel that keeps what it is sent; the first `failures` sends fail, `ready` can hold them up."""

    direct: ClassVar[bool] = False

    def __init__(self, name: str = "postbox", failures: int = 0) -> None:
        self.name = name
        self.failures = failures
        self.tried: SimpleQueue[Alert] = SimpleQueue()
        self.sent: SimpleQueue[Alert] = SimpleQueue()
        self.ready = threading.Event()
        self.ready.set()

    def prepare(self) -> None:
        """Need nothing."""

    def send(self, alert: Alert) -> None:
        """Keep the alert."""
        self.tried.put(alert)
        assert self.ready.wait(DEADLINE_S)
        if self.failures > 0:
            self.failures -= 1
            raise AlertError(self.name, "nobody is there")
        self.sent.put(alert)

    def next(self) -> Alert:
        return self.sent.get(timeout=DEADLINE_S)


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> int:
        return int(self.now_s * NS)


Make = Callable[..., Alerter]


@pytest.fixture
def rung() -> list[str]:
    """What was written to the terminal."""
    return []


@pytest.fixture
def make(rung: list[str]) -> Make:
    def made(channels: Sequence[Channel] = (), **changes: object) -> Alerter:
        told = {"wall": Wall(), "pauses_s": (0.0, 0.0), "in_replay": False} | changes
        return Alerter(AlertParams(), channels, Bell(rung.append), **told)  # type: ignore[arg-type]

    return made


# --- one channel's thread ---------------------------------------------------------------------------------


def test_a_failed_send_is_tried_again_until_it_succeeds() -> None:
    box, said = Postbox(failures=2), SimpleQueue[str]()
    delivery = Delivery(box, said.put, pauses_s=(0.0, 0.0))
    delivery.put(TEST)
    assert box.next() == TEST
    assert said.get(timeout=DEADLINE_S) == "The alert channel postbox failed: nobody is there."
    assert said.empty()


def test_after_the_last_attempt_the_next_alert_has_its_turn() -> None:
    box = Postbox(failures=3)
    delivery = Delivery(box, lambda _: None, pauses_s=(0.0, 0.0))
    delivery.put(TEST)
    delivery.put(replace(TEST, title="second"))
    assert box.next().title == "second"


def test_a_failure_is_told_once_until_the_channel_has_worked_again() -> None:
    box, said = Postbox(failures=6), SimpleQueue[str]()
    delivery = Delivery(box, said.put, pauses_s=())
    for _ in range(7):
        delivery.put(TEST)
    box.next()
    assert said.qsize() == 1
    box.failures = 1
    delivery.put(TEST)
    delivery.close()
    assert delivery.join(DEADLINE_S)
    assert said.qsize() == 2


def test_a_channel_that_cannot_work_says_so_before_there_is_an_alert() -> None:
    class Missing(Postbox):
        def prepare(self) -> None:
            raise AlertError(self.name, "it is not installed")

    said = SimpleQueue[str]()
    Delivery(Missing(), said.put)
    assert said.get(timeout=DEADLINE_S) == "The alert channel postbox failed: it is not installed."


def test_what_waits_for_a_slow_channel_is_bounded_and_the_newest_stays() -> None:
    box = Postbox()
    box.ready.clear()
    delivery = Delivery(box, lambda _: None)
    delivery.put(TEST)
    box.tried.get(timeout=DEADLINE_S)
    for i in range(100):
        delivery.put(replace(TEST, title=str(i)))
    box.ready.set()
    delivery.close()
    assert delivery.join(DEADLINE_S)
    titles = [box.next().title for _ in range(box.sent.qsize())]
    assert titles == [TEST.title, *(str(i) for i in range(100 - QUEUED, 100))]


def test_an_end_does_not_wait_for_a_pause_between_two_attempts() -> None:
    box = Postbox(failures=1)
    delivery = Delivery(box, lambda _: None, pauses_s=(10_000.0,))
    delivery.put(TEST)
    box.tried.get(timeout=DEADLINE_S)
    delivery.close()
    assert delivery.join(DEADLINE_S)


# --- a run ------------------------------------------------------------------------------------------------


def test_a_signal_goes_to_every_channel(make: Make, rung: list[str]) -> None:
    one, other = Postbox("one"), Postbox("other")
    alerter = make([Bell(rung.append), one, other])
    alerter.hear(fired())
    assert one.next() == other.next()
    assert rung == ["\a"]


@pytest.mark.parametrize("badge", ["REPLAY", "SIMULATED"])
def test_a_replay_is_silent_unless_somebody_asks(make: Make, rung: list[str], badge: str) -> None:
    box = Postbox()
    quiet = make([Bell(rung.append), Toast(rung.append, {}), box])
    quiet.hear(fired(badge))
    assert quiet.close() == []
    assert (rung, box.sent.qsize()) == ([], 0)
    asked = make([Bell(rung.append), box], in_replay=True)
    asked.hear(fired(badge))
    assert box.next().badge == badge
    assert rung == ["\a"]


@pytest.mark.parametrize("badge", ["LIVE", "DELAYED", "POLL", "STALE", "GAP", "CLOSED"])
def test_what_happens_now_is_told_however_the_feed_is(make: Make, rung: list[str], badge: str) -> None:
    make([Bell(rung.append)]).hear(fired(badge))
    assert rung == ["\a"]


def test_a_storm_rings_once_and_is_summed_up_when_time_has_come(make: Make, rung: list[str]) -> None:
    box, wall = Postbox(), Wall()
    alerter = make([Bell(rung.append), box], wall=wall)
    for _ in range(10_000):
        alerter.hear(fired())
    assert (box.next().count, rung) == (1, ["\a"])
    wall.now_s = 60.0
    assert alerter.tick() == []
    assert (box.next().count, rung) == (9_999, ["\a", "\a"])


def test_the_end_sends_what_was_held_back(make: Make) -> None:
    box = Postbox()
    alerter = make([box])
    for _ in range(3):
        alerter.hear(fired())
    assert alerter.close(DEADLINE_S) == []
    assert [box.next().count, box.next().count] == [1, 2]


def test_the_end_leaves_a_channel_that_does_not_answer_behind_and_says_so(make: Make) -> None:
    box = Postbox()
    box.ready.clear()
    alerter = make([box])
    alerter.hear(fired())
    assert alerter.close(0.0) == ["The alert channel postbox was too slow at the end; alerts are lost."]
    box.ready.set()


def test_a_failing_channel_is_told_with_the_next_tick_and_the_others_go_on(make: Make) -> None:
    bad, good = Postbox("bad", failures=9), Postbox("good")
    alerter = make([bad, good])
    alerter.hear(fired())
    good.next()
    assert alerter.close(DEADLINE_S) == ["The alert channel bad failed: nobody is there."]


def test_a_terminal_that_is_not_there_is_told_once(make: Make) -> None:
    alerter = make([Toast(None, {})], wall=(wall := Wall()))
    for minute in range(3):
        wall.now_s = 61.0 * minute
        alerter.hear(fired())
    assert alerter.tick() == ["The alert channel toast failed: there is no terminal."]


def test_a_muted_rule_sends_nothing_until_it_is_muted_no_more(make: Make, rung: list[str]) -> None:
    alerter = make([Bell(rung.append)])
    assert alerter.toggle_mute("volume_spike") is True
    assert alerter.muted == {"volume_spike"}
    alerter.hear(fired())
    assert rung == []
    assert alerter.toggle_mute("volume_spike") is False
    alerter.hear(fired())
    assert rung == ["\a"]


def test_the_bell_is_turned_on_by_hand_though_nobody_configured_it(make: Make, rung: list[str]) -> None:
    alerter = make()
    alerter.hear(fired())
    assert rung == []
    assert alerter.toggle_bell() is True
    alerter.hear(fired())
    assert rung == ["\a"]


def test_the_bell_turned_on_by_hand_rings_in_a_replay_and_nothing_else_does(
    make: Make, rung: list[str]
) -> None:
    box = Postbox()
    alerter = make([box, Toast(rung.append, {})])
    alerter.toggle_bell()
    alerter.hear(fired("SIMULATED"))
    alerter.close(DEADLINE_S)
    assert (rung, box.sent.qsize()) == (["\a"], 0)


def test_the_bell_turned_off_is_off(make: Make, rung: list[str]) -> None:
    alerter = make([Bell(rung.append)])
    assert alerter.toggle_bell() is False
    alerter.hear(fired())
    assert rung == []
