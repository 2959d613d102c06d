"""A live day on the player: it goes on whatever the screen shows, and tells everything once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.fold.params import PRESETS, FoldParams, with_settings
from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.errors import NoDataError, StoreError
from engine.model.events import FMV, NS, QUOTE, SPOT, TRADE, Events, empty_events, to_price
from engine.model.underlyings import underlying
from engine.session.playback import TICK_EVENTS
from engine.session.player import Player
from engine.session.symbol_day import SCOUT_EVENTS, PlayerParams
from engine.session.user_rules import RuleKind
from engine.tape.link import Badge, Lag, Link
from engine.tape.live_tape import LiveTape
from engine.tape.source import LiveSource
from engine.tape.tape import TapeInfo
from engine.views.commands import (
    GoLive,
    JumpSignal,
    Pause,
    Seek,
    SelectSymbol,
    SetSpeed,
    Skip,
    Step,
    UseSource,
    WhatIf,
)
from engine.views.queries import WhatIfQuery
from engine.views.view import View

DAY = date(2025, 12, 16)
HOURS = session(DAY)
OPEN = HOURS.open_ns
SEED = FoldParams(signals=with_settings(PRESETS["seed"], {"volume_spike.ratio": 1e9}))
STRIKES = (680, 681, 682)


def tape_of(symbol: str = "SPY", spool=None, chunk: int = 100) -> LiveTape:
    u = underlying(symbol)
    tape = LiveTape(TapeInfo(symbol, u, DAY, HOURS, "fake", "LIVE", "tape", 100), spool, chunk)
    list_more(
        tape, *(Contract(u.roots[0], DAY, right, strike * 1000) for strike in STRIKES for right in "CP")
    )
    return tape


def list_more(tape: LiveTape, *contracts: Contract) -> None:
    for contract in contracts:
        tape.listed.add(contract)
    tape.append(empty_events(0))


def made(kind: int, at_s: float, cid: int = 1, **columns: int) -> Events:
    event = empty_events(1)
    event["kind"], event["cid"], event["ts"] = kind, cid, OPEN + round(at_s * NS)
    for name, value in columns.items():
        event[name] = value
    return event


@dataclass
class Feed:
    """A live source in the hands of a test: `tell` lets so many seconds of the day happen.

    A quote, a trade and a spot a second; at the seconds of `signals_s` the seed's fair value rule fires.
    """

    signals_s: tuple[int, ...] = (10, 30, 50)
    symbols: tuple[str, ...] = ("SPY",)
    name: str = "feed"
    tapes: dict[str, LiveTape] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return "the feed"

    def open(self, symbol: str) -> LiveTape:
        return self.tapes.setdefault(symbol, tape_of(symbol))

    async def run(self, notify) -> None:
        raise AssertionError("a player runs nothing")

    def tell(self, seconds: int, symbol: str = "SPY", late_ms: int | None = 40) -> None:
        """Let it happen, so late; None when it happened before anybody listened."""
        tape, at = self.open(symbol), self.at.get(symbol, 0)
        for second in range(at + 1, at + seconds + 1):
            rows = [
                made(SPOT, second, 0, p1=to_price(681.2)),
                made(QUOTE, second, p1=10_000, p2=10_200, s1=10, s2=10),
                made(TRADE, second, p1=10_200, s1=second),
            ]
            if second in self.signals_s:
                cid = 2 + self.signals_s.index(second)
                rows += [made(QUOTE, second, cid, p1=10_000, p2=10_200), made(FMV, second, cid, p1=12_000)]
            received_ns = None if late_ms is None else OPEN + second * NS + late_ms * 1_000_000
            tape.append(np.concatenate(rows), received_ns)
        self.at[symbol] = at + seconds


class Screen:
    """A player with a wall clock of its own, which goes a tenth of a second with each look."""

    def __init__(self, *sources, **params) -> None:
        self.wall_ns = 0
        self.player = Player(sources, PlayerParams(fold=SEED, **params), 1.0, 0)
        self.fired: list[tuple[str, float, str]] = []
        self.sizes: list[int] = []

    def look(self, *commands, after_s: float = 0.1) -> View:
        """Send commands, let the wall go on, carry everything out and return the view."""
        for command in commands:
            self.player.obey(command, self.wall_ns)
        self.wall_ns += round(after_s * NS)
        while True:
            played = self.player.tick(self.wall_ns)
            for each in played.fired:
                self.fired.append((each.symbol, (each.row.ts_ns - OPEN) / NS, each.badge))
            for events, _ in played.pieces:
                self.sizes += events["s1"][events["kind"] == TRADE].tolist()
            if not self.player.busy:
                return self.player.view(self.wall_ns)


class Torn:
    """A spool that gives nothing back."""

    def put(self, chunk: int, events: Events) -> bool:
        return True

    def get(self, chunk: int) -> Events:
        raise StoreError("The journal of QQQ cannot be read.")


def place_s(view: View) -> float:
    return (view.tape_ns - OPEN) / NS


@pytest.fixture
def feed() -> Feed:
    return Feed()


class TestAtTheFront:
    def test_a_source_with_a_run_is_live(self, feed) -> None:
        assert isinstance(feed, LiveSource)
        assert not isinstance(SimulatedSource(DAY), LiveSource)

    def test_the_view_is_where_the_tape_is_whatever_the_wall_says(self, feed) -> None:
        screen = Screen(feed)
        for seconds in (1, 4, 20):
            feed.tell(seconds)
            view = screen.look(after_s=1000)
            assert place_s(view) == feed.at["SPY"]
            assert (view.badge, view.paused, view.speed, view.finished) == ("LIVE", False, 1.0, False)

    def test_the_bounds_are_those_of_the_session_and_the_load_ends_now(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(30)
        view = screen.look()
        close = HOURS.late_close_ns  # of SPY's options
        assert (view.start_ns, view.end_ns, view.live_ns) == (OPEN, close, OPEN + 30 * NS)
        assert view.loaded == 30 * NS / (close - OPEN)

    def test_nothing_new_is_the_same_view(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(5)
        screen.look()
        screen.look(after_s=2)
        assert screen.look(after_s=2).version == screen.look(after_s=2).version

    def test_every_trade_and_signal_is_told_once_in_order(self, feed) -> None:
        screen = Screen(feed)
        for seconds in (3, 1, 20, 11, 25):
            feed.tell(seconds)
            screen.look()
        assert screen.sizes == list(range(1, 61))
        assert screen.fired == [("SPY", 10, "LIVE"), ("SPY", 30, "LIVE"), ("SPY", 50, "LIVE")]

    def test_what_was_on_the_tape_before_is_shown_and_not_told(self, feed) -> None:
        feed.tell(35, late_ms=None)
        screen = Screen(feed)
        view = screen.look()
        assert (place_s(view), len(view.signals), screen.fired, screen.sizes) == (35, 2, [], [])
        feed.tell(20)
        assert len(screen.look().signals) == 3
        assert screen.fired == [("SPY", 50, "LIVE")]

    def test_the_badge_and_the_sentence_are_the_links(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(5)
        assert screen.look().spot_origin == "tape"
        link = Link("DELAYED", dropped=7, note="Quotes are 15 minutes old.", spot_origin="stocks feed")
        feed.tapes["SPY"].link = link
        view = screen.look()
        assert (view.badge, view.counts.dropped, view.link) == ("DELAYED", 7, link)
        assert view.spot_origin == "stocks feed"
        assert "Quotes are 15 minutes old." in view.notes

    def test_the_lag_is_that_of_the_newest_events(self, feed) -> None:
        screen = Screen(feed)
        assert screen.look().lag is None
        feed.tell(5, late_ms=80)
        assert screen.look().lag == Lag(80.0, 80.0)

    def test_strikes_that_are_listed_later_are_shown(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(5)
        assert screen.look().strike_milli.tolist() == [680_000, 681_000, 682_000]
        list_more(feed.tapes["SPY"], Contract("SPY", DAY, "P", 679_000))
        assert screen.look().strike_milli.tolist() == [679_000, 680_000, 681_000, 682_000]

    def test_a_tape_that_lists_nothing_yet_can_be_shown(self, feed) -> None:
        info = tape_of().info
        feed.tapes["SPY"] = LiveTape(info)
        screen = Screen(feed)
        view = screen.look()
        assert (view.expiries, len(view.strike_milli)) == ((), 0)
        list_more(feed.tapes["SPY"], Contract("SPY", DAY, "C", 681_000))
        feed.tell(2)
        assert (screen.look().expiry, place_s(screen.look())) == (DAY, 2)

    def test_a_day_that_must_be_folded_again_stands_still_says_so_and_goes_on(self, feed) -> None:
        screen = Screen(feed)
        many = np.repeat(made(QUOTE, 1, p1=10_000, p2=10_200), 3 * SCOUT_EVENTS)
        feed.open("SPY").append(many, OPEN)
        feed.tell(12)
        before = screen.look()
        list_more(feed.tapes["SPY"], Contract("SPY", DAY, "P", 679_000))
        feed.at["SPY"] = 12
        feed.tell(20)
        view = screen.look()
        assert "More contracts are listed: folding the day again, 33% …" in view.notes
        assert (place_s(view), view.counts) == (12, before.counts)
        assert not screen.player.resting
        while screen.player.scout():
            pass
        view = screen.look()
        assert (place_s(view), view.strike_milli[0]) == (32, 679_000)
        assert screen.fired == [("SPY", 10, "LIVE"), ("SPY", 30, "LIVE")]
        assert screen.sizes == list(range(1, 33))

    def test_before_the_open_it_is_as_late_as_the_tape_is(self, feed) -> None:
        """Else every quote would look as old as the open is far."""
        screen = Screen(feed)
        assert screen.look().tape_ns == OPEN
        feed.tapes["SPY"].append(made(QUOTE, -1200, p1=10_000, p2=10_200), OPEN)
        feed.tapes["SPY"].append(made(SPOT, -1190, 0, p1=to_price(681.2)), OPEN)
        view = screen.look()
        assert (place_s(view), view.live_ns, view.call.age_s[0]) == (-1190, OPEN - 1190 * NS, 10)
        feed.tell(2)
        assert place_s(screen.look()) == 2

    def test_a_speed_of_its_own_cannot_be_given_to_it(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(5)
        view = screen.look(SetSpeed(10))
        assert view.speed == 1.0
        assert view.notes[0].startswith("A live day has its own speed")

    def test_forward_of_now_is_now(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(5)
        for command in (Skip(5 * NS), Seek(HOURS.close_ns), Pause(False)):
            assert screen.look(command).badge == "LIVE"
        assert screen.look(JumpSignal(1)).notes[0] == "There is no later signal."
        feed.tell(1)
        assert place_s(screen.look()) == 6

    def test_a_backlog_is_folded_a_tick_at_a_time(self, feed) -> None:
        screen = Screen(feed)
        many = np.repeat(made(QUOTE, 1, p1=10_000, p2=10_200), 2 * TICK_EVENTS + 5)
        feed.open("SPY").append(many)
        counts, notes = [], []
        for _ in range(3):
            screen.player.tick(0)
            counts.append((screen.player.counts().events, screen.player.busy))
            notes.append(screen.player.view(0).notes)
        assert counts[0] == (TICK_EVENTS, True)
        assert counts[2] == (2 * TICK_EVENTS + 5, False)
        assert notes == [("Catching up with now: 50% …",), ("Catching up with now: 99% …",), ()]

    def test_a_user_rule_sees_every_trade_once_wherever_the_screen_is(self, feed) -> None:
        seen: list[int] = []

        class Sizes:
            name = "sizes"

            def look(self, view, batch, contracts):
                seen.extend(batch["s1"][batch["kind"] == TRADE].tolist())
                return ()

        screen = Screen(feed, rules=(RuleKind("sizes", 5 * NS, "1", Sizes),))
        feed.tell(21)
        screen.look()
        screen.look(Seek(OPEN + 3 * NS), after_s=1)
        feed.tell(30)
        screen.look()
        screen.look(GoLive())
        feed.tell(10)
        screen.look()
        assert seen == list(range(1, 61))

    def test_a_what_if_works_on_what_is_there(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(40)
        screen.look()
        screen.player.obey(WhatIf(("fmv_divergence.percent=50",)), screen.wall_ns)
        feed.tell(20)
        view = screen.look()
        while screen.player.scout():
            pass
        found = screen.player.answer(WhatIfQuery())
        assert (place_s(view), view.badge, found.progress) == (60, "LIVE", 1.0)
        assert [(row[0] - OPEN) / NS for row in found.removed] == [10, 30]
        assert screen.fired == [("SPY", at, "LIVE") for at in (10, 30, 50)]


class TestRewound:
    @pytest.fixture
    def screen(self, feed) -> Screen:
        screen = Screen(feed)
        feed.tell(40)
        screen.look()
        return screen

    @pytest.mark.parametrize(
        ("command", "place"),
        [(Seek(OPEN + 12 * NS), 12), (Skip(-5 * NS), 35), (JumpSignal(-1), 30), (Seek(0), 0)],
    )
    def test_going_back_freezes_the_screen_while_the_day_goes_on(self, screen, feed, command, place) -> None:
        view = screen.look(command)
        assert (view.badge, place_s(view), view.paused) == ("REWIND", place, True)
        feed.tell(15)
        later = screen.look(after_s=15)
        assert (later.badge, place_s(later), later.live_ns) == ("REWIND", place, OPEN + 55 * NS)
        assert later.loaded > view.loaded

    def test_what_fires_meanwhile_is_told_once_as_live(self, screen, feed) -> None:
        screen.look(Seek(OPEN + 5 * NS))
        feed.tell(15)
        assert len(screen.look().signals) == 0
        screen.look(Pause(False), after_s=30)
        screen.look(GoLive())
        assert screen.fired == [("SPY", at, "LIVE") for at in (10, 30, 50)]
        assert screen.sizes == list(range(1, 56))

    def test_coming_back_says_how_long_it_was_away(self, screen, feed) -> None:
        screen.look(Seek(OPEN + 5 * NS), after_s=0)
        screen.look(Skip(-2 * NS), after_s=192)
        feed.tell(15)
        view = screen.look(GoLive())
        assert view.notes[0] == "Back to now after 3 min 12 s."
        assert (view.badge, place_s(view), view.paused, len(view.signals)) == ("LIVE", 55, False, 3)

    def test_a_pause_is_a_freeze_at_now(self, screen, feed) -> None:
        assert (screen.look(Pause()).badge, place_s(screen.look())) == ("REWIND", 40)
        feed.tell(10)
        view = screen.look()
        assert (place_s(view), view.paused, view.live_ns) == (40, True, OPEN + 50 * NS)

    def test_resuming_plays_on_from_there_as_late_as_it_was(self, screen, feed) -> None:
        screen.look(Skip(-10 * NS))
        screen.look(Pause(), after_s=0)
        feed.tell(5)
        view = screen.look(after_s=5)
        assert (view.badge, place_s(view), view.paused) == ("REWIND", 35, False)

    def test_playing_faster_it_catches_up_with_now(self, screen, feed) -> None:
        screen.look(Skip(-10 * NS))
        screen.look(SetSpeed(5), Pause(), after_s=0)
        feed.tell(1)
        assert place_s(screen.look(after_s=1)) == 35
        feed.tell(2)
        view = screen.look(after_s=2)
        assert (view.badge, place_s(view), view.speed) == ("LIVE", 43, 1.0)

    def test_a_seek_forward_to_now_comes_back(self, screen) -> None:
        screen.look(Skip(-10 * NS))
        assert screen.look(Skip(20 * NS)).badge == "LIVE"

    def test_a_step_at_the_front_freezes_there(self, screen, feed) -> None:
        view = screen.look(Step(1))
        assert (view.badge, view.tape_ns) == ("REWIND", OPEN + 40 * NS - 1)
        assert screen.look(Step(-1)).tape_ns == OPEN + 40 * NS - 1 - NS // 10

    def test_what_is_shown_is_what_a_replay_shows_there(self, screen, feed) -> None:
        live = screen.look(Seek(OPEN + 33 * NS))
        feed.tell(5)
        feed.tapes["SPY"].close()
        screen.look(Seek(OPEN))
        replayed = screen.look(Seek(OPEN + 33 * NS))
        assert (replayed.badge, live.counts, live.flow) == ("REPLAY", replayed.counts, replayed.flow)
        assert list(live.signals) == list(replayed.signals)

    def test_nothing_moves_by_itself_while_it_is_frozen(self, screen) -> None:
        assert screen.player.resting
        screen.look(Skip(-10 * NS))
        assert screen.player.resting
        screen.look(Pause(False), after_s=0.1)
        assert not screen.player.resting


class TestSeveral:
    def test_symbols_that_are_not_shown_are_followed_and_told(self) -> None:
        feed = Feed(symbols=("SPY", "QQQ"))
        screen = Screen(feed)
        feed.tell(12)
        feed.tell(31, "QQQ")
        screen.look()
        assert screen.fired == [("SPY", 10, "LIVE"), ("QQQ", 10, "LIVE"), ("QQQ", 30, "LIVE")]
        assert screen.sizes == list(range(1, 13))
        view = screen.look(SelectSymbol("QQQ"))
        assert (view.symbol, view.badge, place_s(view)) == ("QQQ", "LIVE", 31)

    def test_another_symbol_is_shown_at_the_same_earlier_moment(self) -> None:
        feed = Feed(symbols=("SPY", "QQQ"))
        screen = Screen(feed)
        feed.tell(40)
        feed.tell(40, "QQQ")
        screen.look()
        screen.look(Seek(OPEN + 15 * NS))
        view = screen.look(SelectSymbol("QQQ"))
        assert (view.symbol, view.badge, place_s(view)) == ("QQQ", "REWIND", 15)
        screen.look(GoLive())
        assert (screen.look(SelectSymbol("SPY")).badge, place_s(screen.look())) == ("LIVE", 40)

    def test_another_day_and_the_live_one_both_keep_their_place(self, feed) -> None:
        screen = Screen(feed, SimulatedSource(DAY))
        feed.tell(20)
        screen.look()
        sim = screen.look(UseSource("simulated"), Seek(OPEN + 600 * NS), Pause(True), after_s=0)
        assert (sim.badge, place_s(sim), sim.paused, sim.live_ns) == ("SIMULATED", 600, True, None)
        feed.tell(20)
        screen.look()
        assert screen.fired == [("SPY", 10, "LIVE"), ("SPY", 30, "LIVE")]
        back = screen.look(UseSource("feed"))
        assert (back.badge, place_s(back), back.paused) == ("LIVE", 40, False)
        screen.look(Seek(OPEN + 7 * NS))
        again = screen.look(UseSource("simulated"), after_s=60)
        assert (place_s(again), again.paused) == (600, True)
        assert place_s(screen.look(Pause(False), after_s=2)) == 602
        rewound = screen.look(UseSource("feed"))
        assert (rewound.badge, place_s(rewound), rewound.paused) == ("REWIND", 7, True)

    def test_from_another_day_the_way_back_is_one_key(self, feed) -> None:
        screen = Screen(feed, SimulatedSource(DAY))
        feed.tell(20)
        screen.look()
        screen.look(UseSource("simulated"), after_s=65)
        view = screen.look(GoLive())
        assert (view.source, view.badge, view.notes[0]) == ("feed", "LIVE", "Back to now after 1 min 5 s.")

    def test_from_a_symbol_whose_tape_failed_it_leads_to_one_that_goes_on(self) -> None:
        feed = Feed(symbols=("QQQ", "SPY"))
        feed.tapes["QQQ"] = tape_of("QQQ", Torn(), chunk=2)
        feed.tell(3, "QQQ")
        feed.tell(20)
        screen = Screen(feed)
        assert screen.look().symbol == "QQQ"
        view = screen.look(GoLive())
        assert (view.symbol, view.badge, place_s(view)) == ("SPY", "LIVE", 20)

    def test_without_a_live_day_there_is_no_now(self) -> None:
        screen = Screen(SimulatedSource(DAY))
        assert screen.look(GoLive()).notes[0] == "Nothing here is live."

    def test_a_replay_beside_it_is_loaded_ahead_as_ever(self, feed) -> None:
        screen = Screen(SimulatedSource(DAY), feed)
        screen.look()
        assert screen.player.scout()


class TestEnd:
    def test_a_day_that_is_over_is_a_replay_at_its_end(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(31)
        screen.look()
        feed.tell(20)
        feed.tapes["SPY"].close()
        view = screen.look()
        assert (view.badge, view.finished, view.loaded, place_s(view)) == ("REPLAY", True, 1.0, 51)
        assert screen.fired == [("SPY", at, "LIVE") for at in (10, 30, 50)]
        assert (view.end_ns, view.live_ns) == (view.tape_ns, None)
        back = screen.look(Skip(-10 * NS), after_s=0)
        assert (back.badge, place_s(back)) == ("REPLAY", 41)

    def test_a_simulated_day_that_is_over_says_so_still(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(31)
        tape = feed.tapes["SPY"]
        tape.info = replace(tape.info, badge="SIMULATED")
        tape.close()
        assert screen.look().badge == "SIMULATED"

    def test_a_day_that_ends_while_the_screen_is_back_leaves_it_there(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(31)
        screen.look()
        screen.look(Seek(OPEN + 12 * NS))
        feed.tapes["SPY"].close()
        view = screen.look(after_s=5)
        assert (view.badge, place_s(view), view.paused) == ("REPLAY", 12, True)

    def test_after_the_end_it_is_played_on_from_where_the_screen_is(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(51)
        screen.look()
        screen.look(Seek(OPEN + 20 * NS))
        feed.tapes["SPY"].close()
        screen.look()
        screen.fired.clear()
        assert place_s(screen.look(Pause(False), after_s=5)) == 25
        assert place_s(screen.look(after_s=10)) == 35
        assert screen.fired == [("SPY", 30, "REPLAY")]

    def test_only_what_fires_live_on_a_market_s_day_is_no_replay(self, feed) -> None:
        player, replayed = Screen(feed).player, {}
        for badge in (Badge.LIVE, Badge.SIMULATED):
            tape = feed.tapes["SPY"]
            tape.info = replace(tape.info, badge=badge)
            tape.link = Link(Badge.GAP, "lost")
            feed.tell(20)
            replayed[badge] = [(each.badge, each.replayed) for each in player.tick(0).fired]
        assert replayed == {Badge.LIVE: [("GAP", False)], Badge.SIMULATED: [("GAP", True)]}

    def test_a_source_that_gives_up_leaves_what_it_told(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(31)
        screen.look()
        screen.player.lose("feed", "The key was refused; check MASSIVE_API_KEY.")
        view = screen.look()
        assert (view.badge, place_s(view)) == ("STALE", 31)
        assert "The key was refused; check MASSIVE_API_KEY." in view.notes

    def test_a_source_that_closes_its_tape_and_gives_up_leaves_no_finished_day(self, feed) -> None:
        screen = Screen(feed)
        feed.tell(31)
        feed.tapes["SPY"].close()
        screen.player.lose("feed", "The key was refused; check MASSIVE_API_KEY.")
        assert screen.look().badge == "STALE"
        assert screen.look(Skip(-10 * NS), after_s=0).badge == "REPLAY"

    def test_one_tape_that_cannot_be_opened_or_read_does_not_stop_the_others(self) -> None:
        feed = Feed(symbols=("SPY", "QQQ", "IWM"))

        feed.tapes["QQQ"] = tape_of("QQQ", Torn(), chunk=2)
        feed.tell(3, "QQQ")
        opened = feed.open

        def refuse(symbol: str) -> LiveTape:
            if symbol == "IWM":
                raise NoDataError("IWM is not in the plan.")
            return opened(symbol)

        feed.open = refuse
        screen = Screen(feed)
        feed.tell(11)
        view = screen.look()
        assert (place_s(view), screen.fired) == (11, [("SPY", 10, "LIVE")])
        assert {"The journal of QQQ cannot be read.", "IWM is not in the plan."} <= set(view.notes)
