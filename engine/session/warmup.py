"""`python -m engine.session.warmup`: compile now what is otherwise compiled at its first use.

numba keeps what it has compiled beside the source. Set-up calls here all that a screen needs, so that no key
and no first message of a feed waits seconds for the compiler.
"""

from __future__ import annotations

from datetime import date

from ..feeds.registry import PROVIDERS
from ..feeds.simulated import SimulatedSource
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


def warm_up() -> None:
    """Play ten minutes of a simulated day, ask all that a screen asks, and read a frame of every feed."""
    player = Player([SimulatedSource(_DAY, symbols=(_SYMBOL,))], PlayerParams(), 1.0, 0)
    player.obey(Seek(player.view(0).start_ns + _PLAYED_NS), 0)
    player.tick(0)
    while player.busy:
        player.tick(0)
    player.view(0)
    for query in _ASKED:
        player.answer(query)
    for provider in PROVIDERS:
        if provider.warm_up is not None:
            provider.warm_up()


if __name__ == "__main__":
    warm_up()
