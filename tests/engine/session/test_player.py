from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import inf, nan

import numpy as np
import pytest

from engine.fold.params import PRESETS, FoldParams, with_settings
from engine.model.calendar import session
from engine.model.contracts import Contract, ContractTable
from engine.model.errors import NoDataError, SpymonError, StoreError
from engine.model.events import FMV, NS, OI, QUOTE, SPOT, TRADE, Events, empty_events, to_price
from engine.model.underlyings import underlying
from engine.session.open_days import OpenDays
from engine.session.playback import TICK_EVENTS
from engine.session.player import Player, TickResult
from engine.session.symbol_day import SCOUT_EVENTS, PlayerParams, chosen_expiries, open_symbol_day
from engine.tape.tape import TapeInfo
from engine.views.commands import (
    Command,
    JumpSignal,
    Pause,
    Seek,
    SelectExpiry,
    SelectSymbol,
    SetSpeed,
    Skip,
    Step,
    UseSource,
)
from engine.views.view import FiredSignal, View

DAY, NEXT = date(2025, 12, 16), date(2025, 12, 17)
HOURS = session(DAY)
OPEN = HOURS.open_ns
S = NS
CHUNK_S = 60


class MemoryTape:
    """A short day of one symbol in memory, a chunk a minute; `torn` is a chunk that cannot be read."""

    def __init__(
        self, events: Events, symbol: str = "SPY", torn: int = -1, expiries: Sequence[date] = (DAY, NEXT)
    ) -> None:
        u = underlying(symbol)
        self.info = TapeInfo(symbol, u, DAY, HOURS, "memory", "REPLAY", "tape", 100, ("made by hand",))
        self.contracts = ContractTable(
            Contract(u.roots[0], expiry, right, strike * 1000)
            for expiry in expiries
            for strike in (680, 681, 682)
            for right in "CP"
        )
        clock = np.maximum.accumulate(events["ts"])
        cuts = np.flatnonzero(np.diff((clock - OPEN) // (CHUNK_S * S))) + 1
        self._chunks = np.split(events, cuts)
        self.starts = clock[[0, *cuts]]
        self.end_ns = int(clock[-1])
        self.torn = torn

    def read(self, chunk: int) -> Events:
        if chunk == self.torn:
            raise StoreError(f"chunk {chunk} is damaged; import the day again.")
        return self._chunks[chunk]


def rows(kind: int, at_s: Sequence[float], cid: int = 1, **columns: int) -> Events:
    """Events of one kind at so many seconds after the open."""
    made = empty_events(len(at_s))
    made["kind"], made["cid"] = kind, cid
    made["ts"] = OPEN + (np.asarray(at_s) * S).astype(np.int64)
    for name, value in columns.items():
        made[name] = value
    return made


def minutes(n: int = 10, signals_s: Sequence[float] = (60.5, 120.5, 300.5), per_s: int = 1) -> Events:
    """`n` minutes: `per_s` quotes, one trade and one spot a second, and signals at the given seconds."""
    seconds = range(1, 60 * n + 1)
    quotes_s = np.arange(1, 60 * n, 1 / per_s)
    made = [
        rows(OI, [-5], s1=900),
        rows(QUOTE, [-4], p1=10_000, p2=10_200, s1=10, s2=10),
        rows(SPOT, seconds, cid=0, p1=to_price(681.2)),
        rows(QUOTE, quotes_s, p1=10_000, p2=10_200, s1=10, s2=10),
        rows(TRADE, seconds, p1=10_200, s1=2),
    ]
    for i, at_s in enumerate(signals_s):
        # A fair value 18 % above the mid of a contract that has said nothing yet: the seed's rule fires.
        made.append(rows(QUOTE, [at_s - 0.1], cid=2 + i, p1=10_000, p2=10_200, s1=1, s2=1))
        made.append(rows(FMV, [at_s], cid=2 + i, p1=12_000))
    events = np.concatenate(made)
    return events[np.argsort(events["ts"], kind="stable")]


@dataclass
class Shelf:
    """A source whose tapes are at hand; an error in place of a tape is raised."""

    tapes: Mapping[str, MemoryTape | SpymonError]
    name: str = "shelf"
    opened: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"the {self.name}"

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.tapes)

    def open(self, symbol: str) -> MemoryTape:
        self.opened.append(symbol)
        found = self.tapes[symbol]
        if isinstance(found, SpymonError):
            raise found
        return found


# Only the fair value is judged: the seed's rule needs no baseline.
SEED = FoldParams(signals=with_settings(PRESETS["seed"], {"volume_spike.ratio": 1e9}))
PARAMS = PlayerParams(fold=SEED)


def make_player(
    *sources: Shelf, events: Events | None = None, speed: float = 1.0, params: PlayerParams = PARAMS
) -> Player:
    given = sources or (Shelf({"SPY": MemoryTape(minutes() if events is None else events)}),)
    return Player(given, params, speed, wall_ns=0)


def obey(player: Player, *commands: Command, wall_ns: int = 0) -> View:
    """Carry commands out to the end and look."""
    for command in commands:
        player.obey(command, wall_ns)
    player.tick(wall_ns)
    while player.busy:
        player.tick(wall_ns)
    return player.view(wall_ns)


def load(player: Player) -> None:
    while player.scout():
        pass


def play(player: Player, *walls_s: float) -> list[TickResult]:
    return [player.tick(int(wall * S)) for wall in walls_s]


def place_s(view: View) -> float:
    return (view.tape_ns - OPEN) / S


def fired(played: Sequence[TickResult]) -> list[FiredSignal]:
    return [each for one in played for each in one.fired]


class TestPlaying:
    def test_the_first_view_stands_at_the_open_with_what_was_known_before_it(self) -> None:
        view = make_player().view(0)
        assert (place_s(view), view.counts.quotes, view.paused, view.badge) == (0, 1, False, "REPLAY")

    @pytest.mark.parametrize("speed", [0.25, 1, 10, 60])
    def test_tape_passes_speed_times_as_fast_as_the_wall(self, speed: float) -> None:
        player = make_player(speed=speed)
        play(player, 1, 2, 4)
        assert place_s(player.view(4 * S)) == 4 * speed

    def test_every_event_after_the_start_is_played_exactly_once_and_in_order(self) -> None:
        events = minutes()
        player = make_player(events=events, speed=25)
        pieces = [piece for one in play(player, *range(1, 40)) for piece in one.pieces]
        played = np.concatenate([piece for piece, _ in pieces])
        assert np.array_equal(played, events[events["ts"] > OPEN])
        assert all(len(sides) == len(piece) for piece, sides in pieces)

    def test_trades_are_told_with_the_side_the_fold_gave_them(self) -> None:
        player = make_player()
        (played,) = play(player, 3)
        ((events, sides),) = played.pieces
        assert sides["side"][events["kind"] == TRADE].tolist() == [1, 1, 1]

    def test_every_signal_is_told_once_when_it_is_played(self) -> None:
        player = make_player(speed=10)
        seen = fired(play(player, *range(1, 70)))
        assert [(each.symbol, each.row.ts_ns - OPEN) for each in seen] == [
            ("SPY", int(at * S)) for at in (60.5, 120.5, 300.5)
        ]
        assert {each.row.rule for each in seen} == {"fmv_divergence"}

    def test_at_the_end_it_is_finished_and_stays_there(self) -> None:
        player = make_player(speed=60)
        play(player, 11)
        view = player.view(11 * S)
        assert (place_s(view), view.finished, view.loaded) == (600, True, 1.0)
        assert play(player, 12)[0].pieces == ()
        assert player.view(12 * S).tape_ns == view.tape_ns

    def test_the_pace_is_events_per_wall_second(self) -> None:
        player = make_player(speed=10)
        play(player, 1)
        # A spot, a quote and a trade a second, at ten times the speed.
        assert player.view(1 * S).events_per_s == 30


class TestPause:
    def test_while_paused_nothing_is_played(self) -> None:
        player = make_player()
        play(player, 5)
        player.obey(Pause(True), 5 * S)
        assert play(player, 6, 60)[1].pieces == ()
        view = player.view(60 * S)
        assert (place_s(view), view.paused) == (5, True)

    def test_none_turns_one_into_the_other(self) -> None:
        player = make_player()
        assert obey(player, Pause()).paused
        assert not obey(player, Pause()).paused

    def test_pausing_twice_stays_paused_and_resuming_twice_stays_playing(self) -> None:
        player = make_player()
        assert obey(player, Pause(True), Pause(True)).paused
        assert not obey(player, Pause(False), Pause(False)).paused

    def test_speed_survives_a_pause_and_the_time_paused_is_not_made_up_for(self) -> None:
        player = make_player(speed=5)
        play(player, 2)
        player.obey(Pause(True), 2 * S)
        player.obey(Pause(False), 100 * S)
        play(player, 101)
        view = player.view(101 * S)
        assert (place_s(view), view.speed) == (15, 5)

    def test_pausing_at_the_unlimited_speed_stands_where_the_fold_had_got(self) -> None:
        player = make_player(events=minutes(per_s=1200), speed=inf)
        play(player, 1)
        reached = player.view(1 * S).tape_ns
        player.obey(Pause(True), 1 * S)
        play(player, 2)
        view = player.view(2 * S)
        assert OPEN < reached == view.tape_ns < view.end_ns
        assert (view.paused, view.speed) == (True, inf)

    def test_slowing_down_from_the_unlimited_speed_goes_on_from_where_the_fold_had_got(self) -> None:
        player = make_player(events=minutes(per_s=1200), speed=inf)
        play(player, 1)
        reached = player.view(1 * S).tape_ns
        player.obey(SetSpeed(2), 10 * S)
        play(player, 13)
        assert player.view(13 * S).tape_ns == reached + 6 * S


class TestSpeed:
    def test_a_new_speed_goes_on_from_the_same_place(self) -> None:
        player = make_player(speed=1)
        play(player, 4)
        player.obey(SetSpeed(10), 4 * S)
        play(player, 5)
        assert place_s(player.view(5 * S)) == 14

    @pytest.mark.parametrize("speed", [0, -1, nan])
    def test_an_impossible_speed_is_noted_and_changes_nothing(self, speed: float) -> None:
        view = obey(make_player(speed=5), SetSpeed(speed))
        assert view.speed == 5
        assert "is not possible" in view.notes[0]

    def test_the_unlimited_speed_plays_a_bounded_number_of_events_a_tick(self) -> None:
        events = minutes(per_s=800)
        player = make_player(events=events, speed=inf)
        sizes = [sum(len(piece) for piece, _ in one.pieces) for one in play(player, 1, 1, 1, 1)]
        assert sizes == [TICK_EVENTS, TICK_EVENTS, (events["ts"] > OPEN).sum() - 2 * TICK_EVENTS, 0]
        assert player.view(S).finished

    def test_slower_after_the_end_does_not_leave_the_end(self) -> None:
        player = make_player(speed=60)
        play(player, 1000)
        player.obey(SetSpeed(1), 1000 * S)
        back = obey(player, Skip(-10 * S), wall_ns=1000 * S)
        assert place_s(back) == 590
        play(player, 1003)
        assert place_s(player.view(1003 * S)) == 593

    def test_pausing_after_the_end_does_not_leave_the_end(self) -> None:
        player = make_player(speed=60)
        play(player, 1000)
        player.obey(Pause(), 1000 * S)
        play(player, 1001)
        assert place_s(player.view(1001 * S)) == 600


class TestSeek:
    @pytest.mark.parametrize(("asked", "reached"), [(130, 130), (0, 0), (-50, 0), (600, 600), (9e4, 600)])
    def test_bounds_are_applied(self, asked: float, reached: float) -> None:
        view = obey(make_player(), Seek(OPEN + int(asked * S)))
        assert place_s(view) == reached

    def test_bounds_of_the_replay_are_those_that_were_asked_for(self) -> None:
        params = PlayerParams(fold=SEED, start_ns=OPEN + 60 * S, end_ns=OPEN + 120 * S)
        player = make_player(params=params)
        assert place_s(player.view(0)) == 60
        assert place_s(obey(player, Seek(OPEN))) == 60
        late = obey(player, Seek(OPEN + 300 * S))
        assert (place_s(late), late.finished) == (120, True)

    def test_forward_and_back_again_shows_the_same(self) -> None:
        player = make_player()
        before = obey(player, Seek(OPEN + 90 * S))
        obey(player, Seek(OPEN + 400 * S))
        after = obey(player, Seek(OPEN + 90 * S))
        assert (after.counts, len(after.signals), after.flow) == (
            before.counts,
            len(before.signals),
            before.flow,
        )

    def test_playing_goes_on_from_there(self) -> None:
        player = make_player()
        obey(player, Seek(OPEN + 90 * S), wall_ns=7 * S)
        play(player, 10)
        assert place_s(player.view(10 * S)) == 93

    def test_a_pause_holds_over_a_seek(self) -> None:
        assert obey(make_player(), Pause(True), Seek(OPEN + 90 * S)).paused

    def test_what_a_seek_skipped_is_not_told(self) -> None:
        player = make_player()
        player.obey(Seek(OPEN + 310 * S), 0)
        skipped = play(player, 0, 0, 0)
        assert fired(skipped) == []
        assert all(one.pieces == () for one in skipped)
        assert len(player.view(0).signals) == 3

    def test_what_is_played_again_after_a_seek_back_is_told_again(self) -> None:
        player = make_player(speed=10)
        play(player, 7)
        obey(player, Seek(OPEN), wall_ns=7 * S)
        assert len(fired(play(player, 14))) == 1

    def test_far_beyond_what_is_loaded_is_cut_into_ticks(self) -> None:
        events = minutes(per_s=300)
        player = make_player(events=events)
        player.obey(Seek(OPEN + 600 * S), 0)
        ticks = 0
        while player.busy:
            view = player.view(0)
            assert place_s(view) == 0
            assert "Going to 09:40:00 …" in view.notes
            player.tick(0)
            ticks += 1
        assert ticks == len(events) // SCOUT_EVENTS + 1
        assert place_s(player.view(0)) == 600
        assert not any("Going to" in note for note in player.view(0).notes)

    def test_loading_can_be_watched_while_it_goes_there(self) -> None:
        player = make_player(events=minutes(per_s=300))
        player.obey(Seek(OPEN + 600 * S), 0)
        loaded = []
        while player.busy:
            loaded.append(player.view(0).loaded)
            player.tick(0)
        assert loaded == sorted(set(loaded))

    def test_a_seek_is_not_a_pace(self) -> None:
        player = make_player()
        obey(player, Seek(OPEN + 590 * S), wall_ns=0)
        player.obey(Pause(True), 0)
        assert player.view(2 * S).events_per_s == 0


class TestSkip:
    def test_goes_so_far_from_where_it_is(self) -> None:
        player = make_player()
        obey(player, Seek(OPEN + 100 * S))
        assert place_s(obey(player, Skip(30 * S))) == 130
        assert place_s(obey(player, Skip(-60 * S))) == 70

    def test_skips_add_up_while_a_seek_is_pending(self) -> None:
        player = make_player()
        assert place_s(obey(player, Seek(OPEN + 100 * S), Skip(30 * S), Skip(30 * S), Skip(-5 * S))) == 155

    def test_a_later_seek_replaces_an_earlier_one(self) -> None:
        assert place_s(obey(make_player(), Seek(OPEN + 100 * S), Seek(OPEN + 50 * S))) == 50

    def test_what_comes_after_a_seek_past_the_end_starts_from_the_end(self) -> None:
        assert place_s(obey(make_player(), Seek(OPEN + 90_000 * S), Skip(-10 * S))) == 590

    def test_bounds_hold(self) -> None:
        assert place_s(obey(make_player(), Skip(-9 * S))) == 0
        assert place_s(obey(make_player(), Skip(10**16))) == 600


class TestStep:
    def test_pauses_and_goes_one_frame_of_tape(self) -> None:
        view = obey(make_player(speed=10), Step(1))
        assert (place_s(view), view.paused) == (1.0, True)

    def test_at_the_unlimited_speed_a_frame_is_that_of_speed_one(self) -> None:
        view = obey(make_player(speed=inf), Step(3))
        assert place_s(view) == pytest.approx(0.3)

    def test_back_and_forth_returns_to_the_same_place(self) -> None:
        player = make_player(speed=5)
        obey(player, Seek(OPEN + 100 * S))
        back = obey(player, Step(-2))
        assert place_s(back) == 99
        assert place_s(obey(player, Step(2))) == 100

    def test_steps_add_up(self) -> None:
        assert place_s(obey(make_player(), Step(1), Step(1), Step(1))) == pytest.approx(0.3)

    def test_the_speed_is_kept_for_later(self) -> None:
        assert obey(make_player(speed=25), Step(1)).speed == 25


class TestJumpSignal:
    def test_next_goes_from_signal_to_signal(self) -> None:
        player = make_player()
        assert [place_s(obey(player, JumpSignal(1))) for _ in range(3)] == [60.5, 120.5, 300.5]

    def test_the_signal_that_was_jumped_to_is_shown(self) -> None:
        view = obey(make_player(), JumpSignal(1))
        assert view.signals[-1].ts_ns == view.tape_ns

    def test_previous_goes_back_from_signal_to_signal(self) -> None:
        player = make_player()
        obey(player, Seek(OPEN + 500 * S))
        assert [place_s(obey(player, JumpSignal(-1))) for _ in range(3)] == [300.5, 120.5, 60.5]

    def test_without_a_later_signal_it_says_so_and_stays(self) -> None:
        player = make_player()
        obey(player, Seek(OPEN + 301 * S))
        view = obey(player, JumpSignal(1))
        assert view.notes[0] == "There is no later signal."
        assert place_s(view) == 301

    def test_without_an_earlier_signal_it_says_so_and_stays(self) -> None:
        player = make_player()
        obey(player, Seek(OPEN + 60 * S))
        view = obey(player, JumpSignal(-1))
        assert view.notes[0] == "There is no earlier signal."
        assert place_s(view) == 60

    def test_a_note_goes_with_the_next_command(self) -> None:
        player = make_player()
        obey(player, JumpSignal(-1))
        assert obey(player, Pause()).notes == ("made by hand",)

    def test_jumps_add_up_when_they_come_together(self) -> None:
        player = make_player()
        load(player)
        assert place_s(obey(player, JumpSignal(1), JumpSignal(1))) == 120.5
        assert place_s(obey(player, JumpSignal(1), JumpSignal(-1), JumpSignal(-1))) == 60.5

    def test_the_next_signal_is_looked_for_ahead_of_what_is_loaded(self) -> None:
        player = make_player(events=minutes(per_s=300, signals_s=(599.5,)))
        player.obey(JumpSignal(1), 0)
        player.tick(0)
        assert player.busy
        assert "Looking for the next signal …" in player.view(0).notes
        assert place_s(obey(player)) == 599.5

    def test_while_it_is_looked_for_the_tape_stands_still(self) -> None:
        player = make_player(events=minutes(per_s=300, signals_s=()))
        player.obey(JumpSignal(1), 0)
        wall = 0
        while player.busy:
            wall += S
            assert player.tick(wall).pieces == ()
        view = player.view(wall)
        assert (place_s(view), view.notes[0]) == (0, "There is no later signal.")
        player.tick(wall + S)
        assert place_s(player.view(wall + S)) == 1

    @pytest.mark.parametrize(("direction", "reached"), [(1, 300.5), (-1, 120.5)])
    def test_a_jump_after_a_pending_seek_starts_from_its_target(self, direction: int, reached: float) -> None:
        player = make_player(events=minutes(per_s=300))
        assert place_s(obey(player, Seek(OPEN + 200 * S), JumpSignal(direction))) == reached

    def test_a_jump_back_after_a_pending_seek_waits_for_the_signals_before_it(self) -> None:
        player = make_player(events=minutes(per_s=300))
        player.scout()
        assert OPEN + 60.5 * S < OPEN + player.view(0).loaded * 600 * S < OPEN + 120 * S
        assert place_s(obey(player, Seek(OPEN + 200 * S), JumpSignal(-1))) == 120.5

    def test_a_seek_calls_off_the_search(self) -> None:
        player = make_player(events=minutes(per_s=300, signals_s=(599.5,)))
        assert place_s(obey(player, JumpSignal(1), Seek(OPEN + 10 * S))) == 10

    def test_a_signal_that_was_jumped_to_is_not_told(self) -> None:
        player = make_player()
        player.obey(JumpSignal(1), 0)
        assert fired(play(player, 0, 0, 0)) == []


def two_symbols(**tapes: MemoryTape | SpymonError) -> Shelf:
    return Shelf({"SPY": MemoryTape(minutes()), "QQQ": MemoryTape(minutes(5, (60.5,)), "QQQ"), **tapes})


class TestSelectSymbol:
    def test_the_place_is_kept(self) -> None:
        player = make_player(two_symbols())
        obey(player, Seek(OPEN + 100 * S))
        view = obey(player, SelectSymbol("QQQ"))
        assert (view.symbol, place_s(view), view.symbols) == ("QQQ", 100, ("SPY", "QQQ"))

    def test_a_place_past_the_other_ones_end_is_its_end(self) -> None:
        player = make_player(two_symbols())
        obey(player, Seek(OPEN + 500 * S))
        assert place_s(obey(player, SelectSymbol("QQQ"))) == 300

    def test_the_target_of_a_pending_seek_is_kept(self) -> None:
        player = make_player(two_symbols())
        assert place_s(obey(player, Seek(OPEN + 200 * S), SelectSymbol("QQQ"))) == 200

    def test_pause_and_speed_are_kept(self) -> None:
        view = obey(make_player(two_symbols(), speed=5), Pause(True), SelectSymbol("QQQ"))
        assert (view.paused, view.speed) == (True, 5)

    def test_it_plays_on_there(self) -> None:
        player = make_player(two_symbols())
        play(player, 20)
        obey(player, SelectSymbol("QQQ"), wall_ns=20 * S)
        (played,) = play(player, 25)
        assert (played.symbol, place_s(player.view(25 * S))) == ("QQQ", 25)

    def test_an_unknown_symbol_is_noted_and_changes_nothing(self) -> None:
        player = make_player(two_symbols())
        before = obey(player, Seek(OPEN + 100 * S))
        view = obey(player, SelectSymbol("TSLA"))
        assert view.notes[0] == "TSLA is not in the shelf; it has SPY, QQQ."
        assert (view.symbol, view.tape_ns, view.generation) == ("SPY", before.tape_ns, before.generation)

    def test_one_that_cannot_be_opened_is_noted_and_changes_nothing(self) -> None:
        player = make_player(two_symbols(IWM=StoreError("The day of IWM is damaged; import it again.")))
        view = obey(player, SelectSymbol("IWM"))
        assert (view.symbol, view.notes[0]) == ("SPY", "The day of IWM is damaged; import it again.")

    def test_a_chosen_expiration_does_not_carry_over(self) -> None:
        player = make_player(two_symbols())
        assert obey(player, SelectExpiry(NEXT)).expiry == NEXT
        assert obey(player, SelectSymbol("QQQ")).expiry == DAY


class TestSelectExpiry:
    def test_shows_that_one_and_none_the_nearest(self) -> None:
        player = make_player()
        assert obey(player, SelectExpiry(NEXT)).expiry == NEXT
        assert obey(player, SelectExpiry(None)).expiry == DAY

    def test_one_that_is_not_there_is_noted_and_changes_nothing(self) -> None:
        player = make_player()
        before = obey(player, SelectExpiry(NEXT))
        view = obey(player, SelectExpiry(date(2025, 12, 24)))
        assert view.notes[0] == (
            "SPY has no strikes of 2025-12-24 here; choose one of 2025-12-16, 2025-12-17."
        )
        assert (view.expiry, view.generation) == (NEXT, before.generation)


class TestUseSource:
    def two(self) -> Player:
        return make_player(two_symbols(), Shelf({"QQQ": MemoryTape(minutes(8), "QQQ")}, "attic"))

    def test_each_source_keeps_its_own_place(self) -> None:
        player = self.two()
        obey(player, Seek(OPEN + 100 * S))
        attic = obey(player, UseSource("attic"))
        assert (attic.symbol, place_s(attic)) == ("QQQ", 0)
        obey(player, Seek(OPEN + 333 * S))
        shelf = obey(player, UseSource("shelf"))
        assert (shelf.symbol, place_s(shelf)) == ("SPY", 100)
        again = obey(player, UseSource("attic"))
        assert (again.symbol, place_s(again)) == ("QQQ", 333)

    def test_a_view_names_its_source_as_the_command_does(self) -> None:
        player = self.two()
        assert player.view(0).source == "shelf"
        assert obey(player, UseSource("attic")).source == "attic"

    def test_the_same_symbol_is_shown_where_both_have_it(self) -> None:
        player = make_player(
            two_symbols(), Shelf({"IWM": MemoryTape(minutes(), "IWM"), **two_symbols().tapes}, "b")
        )
        obey(player, SelectSymbol("QQQ"))
        assert obey(player, UseSource("b")).symbol == "QQQ"

    def test_the_source_that_is_shown_already_is_left_alone(self) -> None:
        player = self.two()
        before = obey(player, Seek(OPEN + 50 * S))
        assert obey(player, UseSource("shelf")) is before

    def test_the_same_refusal_twice_is_two_views(self) -> None:
        player = self.two()
        first = obey(player, UseSource("cellar"))
        second = obey(player, UseSource("cellar"))
        assert first.notes[0] == second.notes[0]
        assert second.version > first.version

    def test_an_unknown_source_is_noted_and_changes_nothing(self) -> None:
        player = self.two()
        before = obey(player, Seek(OPEN + 50 * S))
        view = obey(player, UseSource("cellar"))
        assert view.notes[0] == "There is no source called cellar; choose one of shelf, attic."
        assert (view.symbol, view.tape_ns, view.generation) == ("SPY", before.tape_ns, before.generation)

    def test_one_that_cannot_be_opened_is_noted_and_changes_nothing(self) -> None:
        player = make_player(two_symbols(), Shelf({"SPY": NoDataError("Nothing was imported.")}, "attic"))
        view = obey(player, UseSource("attic"))
        assert (view.notes[0], view.symbols) == ("Nothing was imported.", ("SPY", "QQQ"))

    def test_bounds_are_those_of_the_first_source_only(self) -> None:
        params = PlayerParams(fold=SEED, start_ns=OPEN + 60 * S)
        player = make_player(two_symbols(), Shelf({"SPY": MemoryTape(minutes())}, "attic"), params=params)
        assert place_s(obey(player, UseSource("attic"))) == 0


class TestGenerations:
    @pytest.mark.parametrize(
        "command",
        [Seek(OPEN + 9 * S), Skip(S), Step(1), JumpSignal(1), SelectSymbol("QQQ"), SelectExpiry(NEXT)],
    )
    def test_every_jump_is_a_new_generation(self, command: Command) -> None:
        player = make_player(two_symbols())
        assert obey(player, command).generation > player.view(0).generation - 1
        assert obey(player, command).generation > make_player(two_symbols()).view(0).generation

    @pytest.mark.parametrize("command", [Pause(True), SetSpeed(5), UseSource("shelf"), SelectSymbol("TSLA")])
    def test_what_does_not_jump_is_not(self, command: Command) -> None:
        player = make_player(two_symbols())
        before = player.view(0).generation
        assert obey(player, command).generation == before

    def test_playing_on_is_not(self) -> None:
        player = make_player()
        before = player.view(0)
        play(player, 5)
        after = player.view(5 * S)
        assert (after.generation, after.version) == (before.generation, before.version + 1)

    def test_without_a_change_it_is_the_very_same_view(self) -> None:
        player = make_player()
        player.obey(Pause(True), 0)
        first = player.view(0)
        play(player, 1, 2)
        assert player.view(2 * S) is first
        assert player.view(3 * S) is first

    @pytest.mark.parametrize(
        "command", [Pause(True), SetSpeed(2), Skip(S), SelectExpiry(NEXT), JumpSignal(-1)]
    )
    def test_with_one_it_is_a_new_version(self, command: Command) -> None:
        player = make_player()
        first = player.view(0)
        second = obey(player, command)
        assert second is not first
        assert second.version > first.version

    def test_loading_shows(self) -> None:
        player = make_player()
        player.obey(Pause(True), 0)
        first = player.view(0)
        load(player)
        assert (first.loaded < 1, player.view(0).loaded) == (True, 1)


class TestScout:
    def test_nothing_is_loaded_at_first(self) -> None:
        assert make_player().view(0).loaded == 0

    def test_the_shown_symbol_is_loaded_first(self) -> None:
        player = make_player(two_symbols(SPY=MemoryTape(minutes(per_s=300))))
        obey(player, SelectSymbol("QQQ"))
        assert player.scout()
        assert player.view(0).loaded == 1
        assert obey(player, SelectSymbol("SPY")).loaded < 1

    def test_others_are_opened_once_the_shown_one_is_loaded(self) -> None:
        shelf = Shelf({"SPY": MemoryTape(minutes(per_s=300)), "QQQ": MemoryTape(minutes(), "QQQ")})
        player = make_player(shelf)
        while player.view(0).loaded < 1:
            assert shelf.opened == ["SPY"]
            player.scout()
        load(player)
        assert shelf.opened == ["SPY", "QQQ"]

    def test_there_is_nothing_more_to_do_when_all_are_loaded(self) -> None:
        player = make_player(two_symbols())
        load(player)
        assert not player.scout()
        view = obey(player, SelectSymbol("QQQ"))
        assert view.loaded == 1

    def test_one_that_cannot_be_opened_is_named_and_the_others_are_loaded(self) -> None:
        shelf = Shelf(
            {
                "SPY": MemoryTape(minutes()),
                "IWM": StoreError("IWM is damaged; import it again."),
                "QQQ": MemoryTape(minutes(), "QQQ"),
            }
        )
        player = make_player(shelf)
        load(player)
        load(player)
        assert shelf.opened == ["SPY", "IWM", "QQQ"]
        assert "IWM is damaged; import it again." in player.view(0).notes

    def test_it_does_not_move_what_is_shown(self) -> None:
        player = make_player()
        obey(player, Pause(True), Seek(OPEN + 70 * S))
        before = player.view(0)
        load(player)
        after = player.view(0)
        assert (after.tape_ns, after.counts, len(after.signals)) == (before.tape_ns, before.counts, 1)


class TestDamage:
    def test_playing_pauses_where_the_tape_cannot_be_read(self) -> None:
        player = make_player(Shelf({"SPY": MemoryTape(minutes(), torn=3)}), speed=60)
        play(player, 5)
        view = player.view(5 * S)
        assert view.notes[0] == "chunk 3 is damaged; import the day again."
        assert view.paused
        assert 118 < place_s(view) < 121

    def test_a_seek_behind_it_is_called_off_and_what_is_before_can_still_be_seen(self) -> None:
        player = make_player(Shelf({"SPY": MemoryTape(minutes(), torn=3)}))
        view = obey(player, Seek(OPEN + 400 * S))
        assert view.notes[0] == "chunk 3 is damaged; import the day again."
        assert place_s(obey(player, Seek(OPEN + 60 * S))) == 60

    def test_another_symbol_is_not_touched_by_it(self) -> None:
        player = make_player(
            Shelf({"SPY": MemoryTape(minutes()), "QQQ": MemoryTape(minutes(), "QQQ", torn=0)})
        )
        load(player)
        assert "chunk 0 is damaged; import the day again." in player.view(0).notes
        assert place_s(obey(player, Seek(OPEN + 400 * S))) == 400


class TestDetailAndCounts:
    def test_counts_are_those_of_the_shown_symbol(self) -> None:
        player = make_player(two_symbols())
        counted = obey(player, Seek(OPEN + 10 * S)).counts
        assert player.counts() == counted
        assert (counted.trades, counted.quotes) == (10, 11)

    def test_detail_names_its_contract(self) -> None:
        detail = make_player().detail(2)
        assert (detail.contract.short, detail.cid) == ("680P", 2)

    @pytest.mark.parametrize("cid", [0, -1, 13])
    def test_an_id_nobody_listed_is_refused(self, cid: int) -> None:
        with pytest.raises(NoDataError, match=f"SPY has no contract with the id {cid}"):
            make_player().detail(cid)


class TestOpening:
    LISTED = (date(2025, 12, 15), DAY, NEXT, date(2025, 12, 18))

    @pytest.mark.parametrize(
        ("choice", "meant"),
        [
            ("0dte", (DAY,)),
            (NEXT, (NEXT,)),
            (2, (DAY, NEXT)),
            (9, (DAY, NEXT, date(2025, 12, 18))),
            ("1", (DAY,)),
            (date(2026, 1, 2), ()),
            (date(2025, 12, 15), ()),
        ],
    )
    def test_which_expirations_a_choice_means(
        self, choice: str | int | date, meant: tuple[date, ...]
    ) -> None:
        assert chosen_expiries(choice, DAY, self.LISTED) == meant

    def test_zero_dte_means_nothing_on_a_day_that_lists_none(self) -> None:
        assert chosen_expiries("0dte", DAY, (NEXT,)) == ()

    def test_a_choice_that_means_nothing_is_refused_in_one_sentence(self) -> None:
        with pytest.raises(
            NoDataError, match=r"SPY lists no expiration for --expiry 2026-01-02 .*2025-12-16"
        ):
            open_symbol_day(MemoryTape(minutes()), PlayerParams(expiry=date(2026, 1, 2)))

    def test_the_first_symbol_is_shown_unless_one_is_named(self) -> None:
        assert make_player(two_symbols()).view(0).symbol == "SPY"
        assert Player([two_symbols()], PARAMS, 1.0, 0, "QQQ").view(0).symbol == "QQQ"

    def test_a_first_tape_that_cannot_be_opened_is_an_error(self) -> None:
        with pytest.raises(StoreError, match="gone"):
            make_player(Shelf({"SPY": StoreError("gone")}))


class TestSlots:
    def test_a_tape_is_opened_once(self) -> None:
        source = Shelf({"SPY": MemoryTape(minutes(2))})
        days = OpenDays([source], PARAMS)
        assert days.open(("shelf", "SPY")) is days.open(("shelf", "SPY"))
        assert source.opened == ["SPY"]

    def test_a_symbol_that_opens_after_all_is_no_longer_refused(self) -> None:
        tapes: dict[str, MemoryTape | SpymonError] = {"SPY": StoreError("SPY is damaged.")}
        source = Shelf(tapes)
        days = OpenDays([source], PARAMS)
        assert not days.scout(source, "SPY")
        assert days.refusals(source) == ["SPY is damaged."]
        tapes["SPY"] = MemoryTape(minutes(2))
        days.open(("shelf", "SPY"))
        assert days.refusals(source) == []

    def test_only_the_first_source_keeps_to_the_bounds(self) -> None:
        sources = [Shelf({"SPY": MemoryTape(minutes(4))}, name) for name in ("first", "second")]
        params = replace(PARAMS, end_ns=OPEN + 60 * S)
        days = OpenDays(sources, params)
        for name, bounded in (("first", True), ("second", False)):
            for timeline in (days.open((name, "SPY")).timeline, days.again((name, "SPY"), params)):
                assert (timeline.end_ns == OPEN + 60 * S) is bounded
