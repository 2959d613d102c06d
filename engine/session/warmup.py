"""`python -m engine.session.warmup`: compile now what is otherwise compiled at its first use.

numba keeps what it has compiled beside the source. Set-up calls here all that a screen needs, so that no key
and no first message of a feed waits seconds for the compiler.
"""

from __future__ import annotations

from datetime import date

from ..feeds.massive.wire.machine import Machine
from ..feeds.massive.wire.tickers import TickerTable
from ..feeds.simulated import SimulatedSource
from ..feeds.transport.ws_frames import Chunk, plain_frames, unwrapped
from ..model.calendar import underlying
from ..model.contracts import ContractTable
from ..model.events import NS
from ..views.commands import Seek
from ..views.queries import FlowQuery, HeatQuery, Query, ScoreQuery, SmileQuery, TopQuery
from .player import Player
from .symbol_day import PlayerParams

_DAY, _SYMBOL, _PLAYED_NS = date(2025, 12, 16), "DIA", 600 * NS
_ASKED: tuple[Query[object], ...] = (
    SmileQuery(),
    FlowQuery(),
    HeatQuery(),
    TopQuery("oi"),
    ScoreQuery(),
)
_MESSAGES = b"""[
{"ev":"T","sym":"O:DIA251216C00480000","x":302,"p":1.55,"s":3,"c":[209],"t":1765895400000,"q":1},
{"ev":"Q","sym":"O:DIA251216C00480000","bx":302,"ax":308,"bp":1.5,"ap":1.6,"bs":12,"as":7,"t":1765895400000,"q":2},
{"ev":"A","sym":"O:DIA251216C00480000","v":20,"o":1.5,"c":1.5,"h":1.6,"l":1.5,"s":1765895400000,"e":1765895401000}
]""".replace(b"\n", b"")


def warm_up() -> None:
    """Play ten minutes of a simulated day, ask all that a screen asks, and read one frame of a feed."""
    player = Player([SimulatedSource(_DAY, symbols=(_SYMBOL,))], PlayerParams(), 1.0, 0)
    player.obey(Seek(player.view(0).start_ns + _PLAYED_NS), 0)
    player.tick(0)
    while player.busy:
        player.tick(0)
    player.view(0)
    for query in _ASKED:
        player.answer(query)
    _hear()


def _hear() -> None:
    tickers = TickerTable()
    tickers.follow(underlying(_SYMBOL), ContractTable())
    frame = b"\x81\x7e" + len(_MESSAGES).to_bytes(2, "big") + _MESSAGES
    count, _ = plain_frames(frame)
    machine = Machine("", "options", tickers)
    machine.receive_block(*unwrapped([Chunk(frame, count, 0)]))
    machine.events()


if __name__ == "__main__":
    warm_up()
