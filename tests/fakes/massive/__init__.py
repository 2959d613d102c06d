"""Massive (Polygon) on loopback: its websocket and its REST interface, with faults on demand.

    async with Massive() as fake:
        …connect a client to fake.ws_url…
        await fake.until(lambda: fake.holds("T.*"))
        await fake.play(Send(trades), Shut(1000))

What it does and refuses to do is what is known of the real one; it is scripted, seeded and never sleeps.
"""

from .client import framed
from .messages import CALL, PUT, bar, fair_value, index_value, quote, rest_trade, tape, trade
from .plan import KEY, Plan
from .script import Cut, Frames, Freeze, HalfClose, Hang, Raw, Reset, Resume, Say, Send, Shut, Stall, Step
from .server import Massive
from .shelf import Shelf

__all__ = [
    "CALL", "KEY", "PUT", "Cut", "Frames", "Freeze", "HalfClose", "Hang", "Massive", "Plan", "Raw", "Reset",
    "Resume", "Say", "Send", "Shelf", "Shut", "Stall", "Step", "bar", "fair_value", "framed", "index_value",
    "quote", "rest_trade", "tape", "trade",
]  # fmt: skip
