"""Messages as the provider writes them, and how it packs them into frames."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from typing import Any

Message = dict[str, Any]

CALL, PUT = "O:SPY251219C00650000", "O:SPY251219P00650000"
BEGIN_MS = 1_766_154_600_000
"""2025-12-19 09:30 in New York, ms."""

_SOMETIMES = 0.1
_MOST_PER_FRAME = 40
_NOT_FLOATS = frozenset({"ev", "sym", "T", "c"})


def trade(sym: str = CALL, q: int | None = 1, c: Sequence[int] = (), **fields: Any) -> Message:
    """Write a trade; `c` is left out when it is empty, as the provider does."""
    made = {"ev": "T", "sym": sym, "x": 302, "p": 1.55, "s": 3, "c": list(c), "t": BEGIN_MS, "q": q, **fields}
    return {key: value for key, value in made.items() if value not in ([], None)}


def quote(sym: str = CALL, **fields: Any) -> Message:
    """Write a best bid and ask."""
    made = {"ev": "Q", "sym": sym, "bx": 302, "ax": 308, "bp": 1.5, "ap": 1.6, "bs": 12, "as": 7}
    return {**made, "t": BEGIN_MS, "q": 1, **fields}


def bar(sym: str = CALL, ev: str = "A", **fields: Any) -> Message:
    """Write a bar of a second, or with `AM` of a minute."""
    made = {
        "ev": ev,
        "sym": sym,
        "v": 20,
        "av": 340,
        "op": 1.2,
        "vw": 1.5166666666666667,
        "o": 1.5,
        "c": 1.55,
    }
    return {**made, "h": 1.6, "l": 1.5, "a": 1.4, "z": 4, "s": BEGIN_MS, "e": BEGIN_MS + 1000, **fields}


def fair_value(sym: str = CALL, **fields: Any) -> Message:
    """Write a fair market value; its time is in ns."""
    return {"ev": "FMV", "fmv": 1.5525, "sym": sym, "t": BEGIN_MS * 1_000_000 + 123, **fields}


def index_value(ticker: str = "I:SPX", **fields: Any) -> Message:
    """Write an index level; its ticker is in `T`."""
    return {"ev": "V", "val": 6817.25, "T": ticker, "t": BEGIN_MS, **fields}


def status(name: str, message: str) -> Message:
    """Write what the provider says about the connection."""
    return {"ev": "status", "status": name, "message": message}


def tape(seed: int, count: int, symbols: Sequence[str] = (CALL, PUT)) -> list[Message]:
    """Draw quotes and trades, one in four a trade; sequence numbers rise with gaps."""
    draw = random.Random(f"tape {seed}")
    q = 1000
    made = []
    for i in range(count):
        sym, q = draw.choice(symbols), q + draw.randint(1, 5)
        cents = draw.randint(2, 900)
        if draw.random() < 0.25:
            codes = draw.choice(((), (209,), (219,), (209, 232)))
            fields = {"p": cents / 100, "s": draw.randint(1, 50), "x": draw.choice((300, 302, 316))}
            made.append(trade(sym, q, codes, t=BEGIN_MS + 3 * i, **fields))
        else:
            ask = (cents + draw.randint(1, 9)) / 100
            made.append(quote(sym, bp=cents / 100, ap=ask, bs=draw.randint(1, 99), t=BEGIN_MS + 3 * i, q=q))
    return made


def rest_trade(message: Message) -> Message:
    """Return a websocket trade as the REST interface has it: other names, times in ns."""
    return {
        "price": message["p"],
        "size": message["s"],
        "exchange": message["x"],
        "conditions": message.get("c", []),
        "sip_timestamp": message["t"] * 1_000_000,
        "participant_timestamp": message["t"] * 1_000_000 - 20_000,
        "sequence_number": message["q"],
    }


def pack(messages: Iterable[Message], draw: random.Random, per_frame: int | None = None) -> list[str]:
    """Cut messages into frames, of random sizes unless told; whole numbers are sometimes written 12.0."""
    waiting = [_loosely(message, draw) for message in messages]
    frames = []
    done = 0
    while done < len(waiting):
        size = per_frame or draw.randint(1, _MOST_PER_FRAME)
        frames.append(json.dumps(waiting[done : done + size], separators=(",", ":")))
        done += size
    return frames


def _loosely(message: Message, draw: random.Random) -> Message:
    if draw.random() >= _SOMETIMES:
        return message
    # A time in ns is beyond what a float holds exactly; nobody has seen one written so.
    kept = _NOT_FLOATS | ({"t"} if message["ev"] == "FMV" else set())
    return {
        key: float(value) if type(value) is int and key not in kept else value
        for key, value in message.items()
    }
