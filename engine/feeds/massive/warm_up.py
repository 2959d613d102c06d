"""Compile now what is otherwise compiled at Massive's first message."""

from __future__ import annotations

from ...model.contracts import ContractTable
from ...model.underlyings import underlying
from ..transport.ws_frames import Chunk, plain_frames, unwrapped
from .wire.machine import Machine
from .wire.tickers import TickerTable

_MESSAGES = b"""[
{"ev":"T","sym":"O:DIA251216C00480000","x":302,"p":1.55,"s":3,"c":[209],"t":1765895400000,"q":1},
{"ev":"Q","sym":"O:DIA251216C00480000","bx":302,"ax":308,"bp":1.5,"ap":1.6,"bs":12,"as":7,"t":1765895400000,"q":2},
{"ev":"A","sym":"O:DIA251216C00480000","v":20,"o":1.5,"c":1.5,"h":1.6,"l":1.5,"s":1765895400000,"e":1765895401000}
]""".replace(b"\n", b"")


def read_messages() -> None:
    """Read one frame with an event of each kind."""
    tickers = TickerTable()
    tickers.add(underlying("DIA"), ContractTable())
    frame = b"\x81\x7e" + len(_MESSAGES).to_bytes(2, "big") + _MESSAGES
    count, _ = plain_frames(frame)
    machine = Machine("", "options", tickers)
    machine.receive_block(*unwrapped([Chunk(frame, count, 0)]))
    machine.events()
