"""Massive on loopback in a process of its own, sending as many quotes and trades as it is asked to.

Owns the chains of the symbols, the frames and their times. A stretch of a second is sent over and over, with
the time of its sending and new sequence numbers. Nothing moves there but the quotes around their fair values.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

import numpy as np

from engine.analytics.greeks import greeks
from engine.model.calendar import expirations, session
from engine.model.contracts import Contract, parse_occ
from engine.model.events import NS
from engine.model.underlyings import underlying
from tests.fakes.massive import Frames, Massive, Plan, Raw, framed
from tests.fakes.massive.messages import BEGIN_MS, Message, pack, quote, trade
from tests.fakes.massive.shelf import Row, chain_row

from .sizes import DAY

SPOTS = {"SPY": 681.0, "QQQ": 611.0, "IWM": 252.0}
LISTED = 40
"""Strikes that are listed on each side of the money."""

EXPIRIES = 3
RATE = 100_000
PER_FRAME = 50
BURSTS = 100
"""Bursts per second in which frames are sent."""

TRADES, BIG = 0.10, 0.0002
"""Shares: of trades among events, of large ones among trades."""

SPOTS_PER_S = 20
FIRST_LAP, PER_LAP = 1_000, 1_000_000
"""Sequence numbers are a lap of four digits, then the place in the stretch."""

VOLATILITY = 0.14
BEGIN_NS = session(DAY).open_ns + 1800 * NS
"""When the screen is opened: half an hour into the session."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent of the options, and from when to when by the provider's clock, ns UTC."""

    events: int
    trades: int
    since_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Order:
    """So many seconds of the stream are to be sent, in their time or all at once."""

    seconds: float
    at_once: bool = False


class Provider:
    """The provider's process, seen from here.

    ws_url, rest_url : where it is
    quoted           : how many contracts' quotes are asked for in the end
    """

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self.ws_url, self.rest_url = pipe.recv()

    def wait(self) -> int:
        """Wait until every channel that will be wanted is held; return how many contracts are quoted."""
        quoted: int = self._pipe.recv()
        return quoted

    def begin(self, order: Order) -> None:
        """Begin to send."""
        self._pipe.send(order)

    @property
    def done(self) -> bool:
        """Say whether all of it has been sent."""
        return self._pipe.poll()

    def sent(self) -> Sent:
        """Wait for the end of what was begun; somebody must read the terminal meanwhile, see `done`."""
        told: Sent = self._pipe.recv()
        return told


@contextmanager
def provider(ahead_ns: int) -> Iterator[Provider]:
    """Run a provider whose clock is so far ahead of this machine's."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_run, args=(there, ahead_ns), daemon=True)
    process.start()
    there.close()  # so that its end is heard here
    try:
        yield Provider(here)
    finally:
        process.terminate()
        process.join()


def _run(pipe: Pipe, ahead_ns: int) -> None:
    asyncio.run(_provide(pipe, ahead_ns))


async def _provide(pipe: Pipe, ahead_ns: int) -> None:
    def now_ns() -> int:
        return time.time_ns() + ahead_ns

    async with Massive(Plan(buffer_frames=10**9)) as fake:
        fake.shelf.chains = {symbol: _chain(symbol, now_ns()) for symbol in SPOTS}
        pipe.send((fake.ws_url, fake.rest_url))
        quoted = await _subscribed(fake)
        pipe.send(len(quoted))
        player = Player(fake, stretch(quoted), now_ns)
        while True:
            order = await asyncio.to_thread(pipe.recv)
            pipe.send(await player.play(order))


def _chain(symbol: str, now_ns: int) -> list[Row]:
    """Return a snapshot's rows of the nearest expirations; nothing has been traded yet."""
    spot = SPOTS[symbol]
    strikes = range(round(spot) - LISTED, round(spot) + LISTED + 1)
    return [
        _snapshot(Contract(symbol, expiry, right, strike * 1000), spot, now_ns | 1)
        for expiry in expirations(underlying(symbol), DAY, EXPIRIES)
        for strike in strikes
        for right in "CP"
    ]


def _snapshot(contract: Contract, spot: float, now_ns: int) -> Row:
    row = chain_row(contract.occ)
    row["day"] |= {"volume": 0, "last_updated": now_ns}
    row["underlying_asset"] |= {"ticker": contract.root, "price": spot, "last_updated": now_ns}
    row["last_quote"]["last_updated"] = row["last_trade"]["sip_timestamp"] = now_ns
    return row


async def _subscribed(fake: Massive) -> list[str]:
    """Return the tickers whose quotes are held once nothing more is asked for."""
    held, count = list[str](), -1
    while not held or len(held) != count or not fake.connected("stocks"):
        count = len(held)
        await asyncio.sleep(1.5)
        channels = [channel for client in fake.connected() for channel in client.held]
        held = sorted(channel[2:] for channel in channels if channel.startswith("Q."))
    return held


class Player:
    """Sends a stretch of frames to whoever is there, again and again."""

    def __init__(self, fake: Massive, frames: list[str], now_ns: Callable[[], int]) -> None:
        self._fake, self._now_ns = fake, now_ns
        per_burst = RATE // PER_FRAME // BURSTS
        bursts = [frames[i : i + per_burst] for i in range(0, len(frames), per_burst)]
        self._bursts = [b"".join(map(framed, burst)) for burst in bursts]
        self._sizes = [_size(burst) for burst in bursts]
        self._at = self._spots = 0

    async def play(self, order: Order) -> Sent:
        """Send what was ordered; what is late is sent at once."""
        loop = asyncio.get_running_loop()
        began_s, since_ns, events, trades = loop.time(), self._now_ns(), 0, 0
        for burst in range(int(order.seconds * BURSTS)):
            await asyncio.sleep(0 if order.at_once else max(began_s + burst / BURSTS - loop.time(), 0))
            if burst % (BURSTS // SPOTS_PER_S) == 0:
                await self._fake.play(*self._spot())
            lap, at = divmod(self._at, len(self._bursts))
            self._at += 1
            await self._fake.play(Frames(self._stamped(self._bursts[at], lap)))
            events, trades = events + self._sizes[at][0], trades + self._sizes[at][1]
        await self._fake.settle()
        return Sent(events, trades, since_ns, self._now_ns())

    def _stamped(self, data: bytes, lap: int) -> bytes:
        """Return frames of the same lengths with the time of now, and sequence numbers of their own."""
        numbered = data.replace(b'"q":%d' % FIRST_LAP, b'"q":%d' % (FIRST_LAP + lap))
        return numbered.replace(b"%d" % BEGIN_MS, self._ms().encode())

    def _spot(self) -> Iterator[Raw]:
        """Return a trade of each underlying."""
        self._spots += 1
        for symbol, spot in SPOTS.items():
            price = spot + 0.01 * (self._spots % 7)
            told = trade(symbol, self._spots, p=price, s=100, x=11, t=int(self._ms()))
            yield Raw(pack([told], random.Random(self._spots), 1)[0], "stocks")

    def _ms(self) -> str:
        return str(self._now_ns() // 1_000_000)


def _size(frames: Sequence[str]) -> tuple[int, int]:
    """Return how many messages some frames hold, and how many of these are trades."""
    return sum(each.count('"ev":') for each in frames), sum(each.count('"ev":"T"') for each in frames)


def stretch(tickers: Sequence[str], count: int = RATE) -> list[str]:
    """Return frames of quotes and trades around fair values, of contracts drawn at random."""
    return pack(_messages(tickers, count), random.Random(1), PER_FRAME)


def _messages(tickers: Sequence[str], count: int) -> Iterator[Message]:
    draw = np.random.default_rng(7)
    fair = _fair_values(tickers)
    which = draw.integers(0, len(tickers), count)
    traded, big = draw.random(count) < TRADES, draw.random(count) < BIG
    wide = np.maximum(np.round(fair * 0.01, 2), 0.01)[which]
    bid = np.maximum(
        np.floor((fair[which] - wide / 2) * 100) / 100 + draw.integers(-1, 2, count) * 0.01, 0.01
    )
    place, sizes = draw.choice([0.0, 0.5, 1.0], count), draw.integers(1, 60, count)
    for i in range(count):
        sym, low, high = tickers[which[i]], round(float(bid[i]), 2), round(float(bid[i] + wide[i]), 2)
        number, size = FIRST_LAP * PER_LAP + i, int(sizes[i]) * (40 if big[i] else 1)
        if traded[i]:
            price = round(low + float(place[i]) * (high - low), 2)
            yield trade(sym, number, (209,), p=price, s=size, t=BEGIN_MS)
        else:
            sides = {"bp": low, "ap": high, "bs": size, "as": int(sizes[-i])}
            yield quote(sym, q=number, t=BEGIN_MS, **sides)


def _fair_values(tickers: Sequence[str]) -> np.ndarray:
    """Return the model's price of each ticker at the beginning, dollars."""
    contracts = [parse_occ(ticker) for ticker in tickers]
    spot = np.array([SPOTS[each.root] for each in contracts])
    years = np.array([(session(each.expiry).close_ns - BEGIN_NS) / (365 * 86_400 * NS) for each in contracts])
    sign = np.array([1.0 if each.right == "C" else -1.0 for each in contracts])
    strike = np.array([each.strike for each in contracts])
    found: np.ndarray = greeks(spot, strike, years, 0.04, 0.0, VOLATILITY, sign).price
    return found
