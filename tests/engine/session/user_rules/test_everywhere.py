"""A rule says the same of a tape on a screen, in a pipe and to a Python program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf

import pytest

from engine.fold.params import FoldParams
from engine.model.contracts import ContractTable
from engine.model.events import NS, Events
from engine.session.headless import Notice, Summary, replay
from engine.session.monitor import Monitor
from engine.session.player import Player
from engine.session.symbol_day import PlayerParams
from engine.session.user_rules import RuleKind, UserSignal
from engine.session.user_rules.judge import kind_of
from engine.tape.tape import Tape
from engine.views.view import FiredSignal, View

S = NS


class Counting:
    """Counts what it has seen, and says so each time it looks."""

    name = "counting"
    every_s = 5.0

    def __init__(self) -> None:
        self.seen = 0

    def look(self, view: View, batch: Events, contracts: ContractTable) -> Iterable[UserSignal]:
        self.seen += len(batch)
        strikes = {"first": float(view.strike_milli[0]), "atm": float(view.atm), "spot": float(view.spot)}
        return [UserSignal(0, "neutral", 0.9, f"{self.seen} events", strikes)]


class Late(Counting):
    """Fails when it has seen enough."""

    name = "late"

    def look(self, view: View, batch: Events, contracts: ContractTable) -> Iterable[UserSignal]:
        if self.seen > 100:
            raise KeyError("tired")
        super().look(view, batch, contracts)
        return []


@dataclass
class Shelf:
    """A source of one tape."""

    tape: Tape
    name: str = "shelf"
    label: str = "the shelf"
    symbols: tuple[str, ...] = ("SPY",)

    def open(self, symbol: str) -> Tape:
        return self.tape


@pytest.fixture(scope="module")
def shelf(in_memory: Callable[..., Tape], mixed_events: Callable[[int, int], Events]) -> Shelf:
    return Shelf(in_memory(mixed_events(5, 1500), cuts=(700,)))


@pytest.fixture
def params(shelf: Shelf, touchy_params: Callable[[str], FoldParams]) -> Callable[..., PlayerParams]:
    def made(*rules: Callable[[], Counting]) -> PlayerParams:
        kinds: tuple[RuleKind, ...] = tuple(map(kind_of, rules))
        return PlayerParams(fold=touchy_params("seed"), rules=kinds)

    return made


def own(fired: Iterable[object]) -> list[FiredSignal]:
    return [item for item in fired if isinstance(item, FiredSignal) and item.row.rule.startswith("user:")]


def said(fired: Iterable[FiredSignal]) -> list[tuple[int, str, object]]:
    return [(item.row.ts_ns, item.row.reason, item.row.evidence) for item in fired]


def piped(shelf: Shelf, params: PlayerParams, speed: float = inf) -> list[object]:
    now = [0]

    def sleep(seconds: float) -> None:
        now[0] += round(seconds * NS)

    return list(replay(shelf, ("SPY",), params, speed, lambda: now[0], sleep, views=False))


def played(player: Player, *walls_s: float) -> list[FiredSignal]:
    return [fired for wall in walls_s for fired in player.tick(int(wall * S)).fired]


def test_a_pipe_at_full_speed_and_a_screen_at_ten_frames_say_the_same(
    shelf: Shelf, params: Callable[..., PlayerParams]
) -> None:
    want = said(own(piped(shelf, params(Counting))))
    assert len(want) > 300
    assert said(own(piped(shelf, params(Counting), speed=60))) == want
    player = Player([shelf], params(Counting), 10.0, wall_ns=0)
    frames = int((shelf.tape.end_ns - player.view(0).start_ns) / S) + 1
    got = own(played(player, *(0.1 * frame for frame in range(frames + 1))))
    assert said(got) == want
    fast = Player([shelf], params(Counting), inf, wall_ns=0)
    assert said(own(played(fast, *range(200)))) == want


async def test_a_program_hears_them_as_signals(shelf: Shelf, params: Callable[..., PlayerParams]) -> None:
    heard: list[FiredSignal] = []
    async with asyncio.timeout(60), Monitor([shelf], params(Counting), speed=inf, fps=20) as monitor:
        monitor.on_signal(heard.append)
        async for view in monitor.views():
            assert all(row.ts_ns <= view.tape_ns for row in view.signals)
    assert said(own(heard)) == said(own(piped(shelf, params(Counting))))


def test_what_fires_in_one_frame_is_told_in_the_order_of_the_tape(
    shelf: Shelf, params: Callable[..., PlayerParams]
) -> None:
    player = Player([shelf], params(Counting), 60.0, wall_ns=0)
    fired = played(player, *range(1, 41))
    times = [item.row.ts_ns for item in fired]
    assert times == sorted(times)
    assert {item.row.rule for item in fired} > {"user:counting"}
    assert {item.badge for item in fired} == {"REPLAY"}


def test_a_summary_counts_them_beside_the_folds_own(
    shelf: Shelf, params: Callable[..., PlayerParams]
) -> None:
    items = piped(shelf, params(Counting, Late))
    (summary,) = (item for item in items if isinstance(item, Summary))
    assert summary.signals["user:counting"] == len(own(items))
    assert summary.signals["user:late"] == 0
    (without,) = (item for item in piped(shelf, params()) if isinstance(item, Summary))
    assert set(summary.signals) - set(without.signals) == {"user:counting", "user:late"}
    assert summary.state_hash == without.state_hash


OFF = "The rule late is switched off for SPY: it raised KeyError ('tired')."


def test_a_rule_that_fails_is_told_once_in_a_pipe(shelf: Shelf, params: Callable[..., PlayerParams]) -> None:
    notices = [item.sentence for item in piped(shelf, params(Late)) if isinstance(item, Notice)]
    assert notices == [OFF]


def test_a_rule_that_fails_is_a_note_of_every_later_view(
    shelf: Shelf, params: Callable[..., PlayerParams]
) -> None:
    player = Player([shelf], params(Late), 60.0, wall_ns=0)
    assert OFF not in player.view(0).notes
    played(player, *range(1, 41))
    assert OFF in player.view(40 * S).notes


def test_what_was_found_wrong_while_rules_were_loaded_is_a_note_from_the_first_view(
    shelf: Shelf, touchy_params: Callable[[str], FoldParams]
) -> None:
    params = PlayerParams(fold=touchy_params("seed"), notes=("The rule x is left out.",))
    assert "The rule x is left out." in Player([shelf], params, 1.0, wall_ns=0).view(0).notes
