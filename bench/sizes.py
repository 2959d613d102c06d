"""How much every section measures: once for real figures, once to see that it still runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

DAY = date(2025, 12, 16)
ALL_SYMBOLS = ("SPY", "QQQ", "SPX", "NDX", "IWM", "DIA")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts and lengths of the measurements.

    rounds          : times each timing is repeated; its median counts
    events          : of the synthetic tape; `interpreted` of them are also folded by plain Python
    symbol, symbols : whose simulated day is used, alone and all together
    until           : end of the replays that whole processes play, 'HH:MM'; None is the end of the tape
    seeks, frames   : how many of each
    rest_trades     : to fetch over REST
    messages, mutations : websocket messages to decode, and damaged frames to survive
    sustain_s, live_s : seconds that a hundred thousand events each are sent, to a fold and to the screen
    burst           : events that are sent at once
    cuts            : of a connection, until it is back
    kills, live_kills : of a journal at work, and of a whole recorder on a live source
    starts, keys    : of the real terminal, `early_keys` more while days load; it is watched for `watch_s` s
    """

    rounds: int = 5
    events: int = 5_000_000
    interpreted: int = 200_000
    symbol: str = "SPY"
    symbols: tuple[str, ...] = ALL_SYMBOLS
    until: str | None = None
    seeks: int = 200
    frames: int = 200
    kills: int = 200
    live_kills: int = 200
    starts: int = 7
    keys: int = 150
    early_keys: int = 15
    watch_s: float = 12.0
    rest_trades: int = 1_000_000
    messages: int = 400_000
    mutations: int = 1_000_000
    sustain_s: float = 60.0
    live_s: float = 60.0
    burst: int = 1_000_000
    cuts: int = 100


FULL = Sizes()
QUICK = Sizes(
    rounds=1,
    events=60_000,
    interpreted=4_000,
    symbol="DIA",
    symbols=("DIA", "IWM"),
    until="09:40",
    seeks=10,
    frames=10,
    kills=20,
    live_kills=10,
    starts=1,
    keys=8,
    early_keys=2,
    watch_s=1.0,
    rest_trades=5_000,
    messages=4_000,
    mutations=500,
    sustain_s=1.0,
    live_s=3.0,
    burst=100_000,
    cuts=4,
)
