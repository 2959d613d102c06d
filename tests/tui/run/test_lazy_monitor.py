"""A monitor that is made late: nothing to show before, nothing lost after."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from engine.model.errors import CredentialError, StoreError
from engine.views.commands import Command, Pause, SelectSymbol
from engine.views.view import Detail, View
from tui.run.lazy_monitor import LazyMonitor


@dataclass
class RealMonitor:
    """Stands for the monitor."""

    view: View | None
    answer: Detail
    sources: tuple[tuple[str, str], ...] = (("simulated", "the simulated day"),)
    failure: str | None = "the disk is full"
    refusal: CredentialError | None = None
    sent: list[Command] = field(default_factory=list)
    life: list[str] = field(default_factory=list)

    async def start(self) -> None:
        self.life.append("started")

    async def stop(self) -> None:
        self.life.append("stopped")

    def send(self, command: Command) -> None:
        self.sent.append(command)

    async def detail(self, cid: int) -> Detail:
        return self.answer


@pytest.fixture
def real(make_view: Callable[..., View], make_detail: Callable[..., Detail]) -> RealMonitor:
    return RealMonitor(make_view(), make_detail())


async def test_before_it_is_started_there_is_nothing_to_show_and_stopping_is_no_error() -> None:
    monitor = LazyMonitor(lambda: pytest.fail("nobody asked for it"))
    assert (monitor.view, monitor.sources, monitor.failure, monitor.refusal) == (None, (), None, None)
    await monitor.stop()


async def test_the_monitor_is_made_in_another_thread_and_then_speaks_for_itself(real: RealMonitor) -> None:
    makers: list[int] = []

    def make() -> RealMonitor:
        makers.append(threading.get_ident())
        return real

    monitor = LazyMonitor(make)
    await monitor.start()
    assert makers != [threading.get_ident()]
    assert (monitor.view, monitor.sources) == (real.view, real.sources)
    assert (monitor.failure, monitor.refusal) == (real.failure, real.refusal)
    assert await monitor.detail(685) is real.answer
    await monitor.stop()
    assert real.life == ["started", "stopped"]


async def test_what_is_sent_early_arrives_once_and_in_order(real: RealMonitor) -> None:
    monitor = LazyMonitor(lambda: real)
    monitor.send(SelectSymbol("QQQ"))
    monitor.send(Pause(True))
    await monitor.start()
    monitor.send(Pause(False))
    assert real.sent == [SelectSymbol("QQQ"), Pause(True), Pause(False)]


async def test_a_monitor_that_cannot_be_made_says_why() -> None:
    def make() -> RealMonitor:
        raise StoreError("tape.parquet is damaged.")

    monitor = LazyMonitor(make)
    with pytest.raises(StoreError, match="damaged"):
        await monitor.start()
    assert monitor.view is None
