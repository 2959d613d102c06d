"""The whole live screen on a provider that sends a hundred thousand events per second, recorded as it goes.

The provider and the screen are processes of their own. Everything is wall time as a person would see it, so
other work on the machine shows; how long the process waited for a core is told beside.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.model.events import NS, QUOTE, TRADE
from engine.store.journal.folders import recordings
from engine.store.journal.tape import open_journal
from engine.tape.tape import Tape
from tests.fakes.massive import KEY
from tui.cli.commands.folding import fold_hash

from .provider import BEGIN_NS, RATE, SPOTS, Order, Provider, Sent, provider
from .screen import PATIENCE_S, answers_ms, press_keys
from .sizes import Sizes
from .table import Row, at_least, at_most, same, skipped, told
from .terminal import Load, Terminal
from .timing import percentile

WARM_S = 5.0
"""How long it is sent before anything is measured: the first trades and questions compile."""

KEYS_SHARE = 1 / 3
KEY_S = 0.25
"""Share of the time at the end in which keys are pressed, and how long each takes."""

MOST_LAG_MS, MOST_KEY_MS, MOST_CPU, MOST_KB = 250, 50, 15, 200
MOST_GROWTH_MB = 50
"""How much more memory may be in use at the end of the stream than after two thirds of it.

At first the checkpoints grow, up to 32 MB a symbol. Two million events of a third are 80 MB on the tapes.
"""

CALM_NS = 4 * NS
"""How long after a burst its last events may still come into a view."""

NS_PER_MS = 1_000_000
STEPS = np.linspace(0.0, 1.0, 20)


@dataclass(frozen=True, slots=True)
class Views:
    """What the screen's views said, one row each; times are ns UTC of the screen's clock.

    at, clock : when each came, and the tape's clock in it
    p50, p99  : of the lag it shows, ms
    dropped   : quotes conflated so far
    """

    at: NDArray[np.int64]
    clock: NDArray[np.int64]
    p50: NDArray[np.float64]
    p99: NDArray[np.float64]
    dropped: NDArray[np.int64]

    def between(self, since_ns: int, until_ns: int) -> Views:
        """Return the views that came between two moments."""
        kept = (self.at >= since_ns) & (self.at < until_ns)
        return Views(*(getattr(self, name)[kept] for name in self.__slots__))

    def late_ms(self) -> NDArray[np.float64]:
        """Return how late events were in the first view that holds them, if they come evenly, ms."""
        since = self.clock[:-1, None] + (self.clock[1:] - self.clock[:-1])[:, None] * STEPS
        return np.ravel(self.at[1:, None] - since) / NS_PER_MS


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of a steady stream, of a burst, and of what is on the disk afterwards."""
    with tempfile.TemporaryDirectory() as name:
        yield from _on_screen(sizes, Path(name), BEGIN_NS - time.time_ns())


def _on_screen(sizes: Sizes, folder: Path, ahead_ns: int) -> Iterator[Row]:
    told_at = folder / "told.json"
    sent: list[Sent] = []
    with provider(ahead_ns) as feed:
        command = [
            sys.executable,
            "-m",
            "bench.live_screen",
            str(_asked(feed, folder, ahead_ns)),
            str(told_at),
        ]
        with Terminal((), folder, command) as terminal:
            screen = list(_measured(sizes, feed, terminal, sent))
        if not told_at.exists():
            said = b"".join(heard.data for heard in terminal.heard)[-2_000:]
            raise RuntimeError(f"the screen told nothing; it said {said!r}")
    found = json.loads(told_at.read_text())
    views = Views(*(np.array(column) for column in zip(*found["views"], strict=True)))
    yield from _lags(views, *sent[1:])
    yield from screen
    yield from _recorded(folder / "data", found["tapes"], sent, int(views.dropped[-1]))


def _asked(feed: Provider, folder: Path, ahead_ns: int) -> Path:
    settings = {
        "source": "massive",
        "symbol": ",".join(SPOTS),
        "massive_ws_url": feed.ws_url,
        "massive_rest_url": feed.rest_url,
        "data_dir": str(folder / "data"),
    }
    path = folder / "asked.json"
    path.write_text(json.dumps({"settings": settings, "key": KEY, "ahead_ns": ahead_ns}))
    return path


def _measured(sizes: Sizes, feed: Provider, terminal: Terminal, sent: list[Sent]) -> Iterator[Row]:
    """Watch the screen while it is sent to; note what was sent."""
    if not terminal.listen(PATIENCE_S, until=lambda said: b"STRIKE" in said):
        raise RuntimeError(f"spymon did not paint; it said {terminal.heard[-1].data[-300:]!r}")
    quoted = feed.wait()
    feed.begin(Order(WARM_S))
    terminal.listen(WARM_S)
    sent.append(_sent(feed, terminal))
    terminal.listen(1.0)

    feed.begin(Order(sizes.live_s))
    before_mb = terminal.memory_mb()
    yield from _watched(terminal, sizes.live_s * (1 - KEYS_SHARE))
    middle_mb = terminal.memory_mb()
    pressed = press_keys(terminal, max(int(sizes.live_s * KEYS_SHARE / KEY_S) - 8, 4))
    sent.append(_sent(feed, terminal))
    yield from _memory(terminal, before_mb, middle_mb)
    yield told(f"  contracts quoted, of {len(SPOTS)} symbols", quoted, "", 0)

    feed.begin(Order(sizes.burst / RATE, at_once=True))
    terminal.listen(2.0)
    sent.append(_sent(feed, terminal))
    terminal.listen(CALM_NS / NS)
    yield from _keys(terminal, pressed)  # at last: nobody reads the terminal while that is worked out


def _sent(feed: Provider, terminal: Terminal) -> Sent:
    """Read the terminal until all is sent: a screen that nobody reads stands still, and reads nothing."""
    while not feed.done:
        terminal.listen(0.1)
    return feed.sent()


def _watched(terminal: Terminal, seconds: float) -> Iterator[Row]:
    before, threads, count = terminal.load(), terminal.threads(), len(terminal.heard)
    began_s = time.perf_counter()
    terminal.listen(seconds)
    after, took_s = terminal.load(), time.perf_counter() - began_s
    written = sum(len(heard.data) for heard in terminal.heard[count:])
    if before is None or after is None:
        yield skipped("live: processor", "this system does not tell it")
    else:
        yield from _processor(before, after, threads, terminal, took_s)
    yield at_most("live: to the terminal", written / took_s / 1e3, MOST_KB, "kB/s", 1)
    paints = sum(b"\x1b[?2026h" in heard.data for heard in terminal.heard[count:])
    yield told("  paints", paints / took_s, "per s", 1)


def _processor(
    before: Load, after: Load, threads: dict[int, float], terminal: Terminal, took_s: float
) -> Iterator[Row]:
    ran = {number: s - threads.get(number, 0.0) for number, s in terminal.threads().items()}
    main_s = ran.pop(terminal.pid, 0.0)
    yield told("live: processor, all threads", 100 * (after.ran_s - before.ran_s) / took_s, "% of a core", 1)
    yield at_most("  the screen's thread", 100 * main_s / took_s, MOST_CPU, "%", 1)
    for share in sorted((100 * s / took_s for s in ran.values()), reverse=True)[:3]:
        yield told("  another: fold and views, decoding and recording, or the sockets", share, "%", 1)
    yield told(
        "  waited for a core meanwhile", 100 * (after.waited_s - before.waited_s) / took_s, "% of the time", 1
    )


def _keys(terminal: Terminal, pressed: list[tuple[str, float]]) -> Iterator[Row]:
    spent, count = answers_ms(terminal, pressed), len(pressed)
    yield at_least(f"live: keys answered before the next one, of {count}", 100 * len(spent) / count, 100, "%")
    yield at_most("live: key to paint, p99", percentile(spent, 99), MOST_KEY_MS, "ms", 1)
    yield told("  p50", percentile(spent, 50), "ms", 1)


def _memory(terminal: Terminal, before_mb: float | None, middle_mb: float | None) -> Iterator[Row]:
    peak_mb, now_mb = terminal.peak_mb(), terminal.memory_mb()
    if before_mb is None or middle_mb is None or peak_mb is None or now_mb is None:
        yield skipped("live: memory", "this system does not tell it")
        return
    yield told("live: most memory", peak_mb, "MB", 0)
    yield told("  more than at the first second after two thirds of the time", middle_mb - before_mb, "MB", 0)
    yield at_most("  more at the end than then", now_mb - middle_mb, MOST_GROWTH_MB, "MB", 0)


def _lags(views: Views, stream: Sent, burst: Sent) -> Iterator[Row]:
    steady = views.between(stream.since_ns, stream.until_ns)
    late = steady.late_ms()
    yield at_most(
        "live: lag as the screen tells it, p99 of its p99", percentile(steady.p99, 99), MOST_LAG_MS, "ms", 0
    )
    yield told("  p50 of its p50", percentile(steady.p50, 50), "ms", 0)
    yield told("live: from sending to a view, a frame and a drain later, p99", percentile(late, 99), "ms", 0)
    yield told("  p50", percentile(late, 50), "ms", 0)
    yield told("  longest", late.max(), "ms", 0)
    yield told("  quotes conflated", steady.dropped[-1] - steady.dropped[0], "", 0)
    wave = views.between(burst.since_ns, burst.until_ns + CALM_NS)
    yield told(
        "burst: events per second that were sent",
        burst.events / (burst.until_ns - burst.since_ns) * NS / 1e3,
        "k",
        0,
    )
    yield told("burst: quotes conflated", wave.dropped[-1] - steady.dropped[-1], "", 0)
    yield told("burst: longest from sending to a view", wave.late_ms().max(), "ms", 0)


def _recorded(data: Path, tapes: dict[str, Any], sent: list[Sent], conflated: int) -> Iterator[Row]:
    """Compare the recordings with what was sent, and with what was folded on the screen."""
    recorded = {each.symbol: open_journal(each) for each in recordings(data)}
    events, trades = map(sum, zip(*(_streamed(tape) for tape in recorded.values()), strict=True))
    yield told("live and burst: events sent", sum(each.events for each in sent) / 1e6, "M")
    yield told("  signals", sum(each["signals"] for each in tapes.values()), "", 0)
    yield same("  no trade lost, none told twice", trades == sum(each.trades for each in sent))
    yield same(
        "  every quote on a tape, or a newer one", events + conflated == sum(each.events for each in sent)
    )
    whole = (_is_whole(recorded[symbol], each) for symbol, each in tapes.items())
    yield same("  rows recorded = rows of the tapes = events folded", all(whole))
    hashes = {symbol: fold_hash(tape, lambda what, share: None) for symbol, tape in recorded.items()}
    yield same(
        "  the live fold's hash is that of a replay of the recording",
        hashes == {symbol: each["hash"] for symbol, each in tapes.items()},
    )


def _streamed(tape: Tape) -> tuple[int, int]:
    """Return how many quotes and trades the websocket brought, and how many of these are trades.

    It tells whole milliseconds, and the snapshots here never do.
    """
    count = np.zeros(2, np.int64)
    for chunk in range(len(tape.starts)):
        events = tape.read(chunk)
        streamed = events[events["ts"] % NS_PER_MS == 0]["kind"]
        trades = np.count_nonzero(streamed == TRADE)
        count += np.count_nonzero(streamed == QUOTE) + trades, trades
    return int(count[0]), int(count[1])


def _is_whole(tape: Tape, told: dict[str, int]) -> bool:
    rows = sum(len(tape.read(chunk)) for chunk in range(len(tape.starts)))
    return rows == told["rows"] == told["given"] == told["folded"] and not told["missed"]
