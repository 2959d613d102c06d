"""Which channels each connection should hold: a pure function of what is watched and what the plan grants.

Trades have no limit, so those of every listed contract of the watched expirations are wanted, whichever way
spot goes. Quotes and fair values are limited per connection: they go to the tracked contracts, shared fairly
among symbols, nearest expirations first and then strikes nearest to the money. Both of one contract come over
the same connection, or their order would be lost. Where a strike is does not depend on spot, and the tracker
moves its centre with hysteresis, so a drifting spot changes little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from zlib import crc32

from ...model.contracts import Contract
from ...model.underlyings import Underlying
from .wire.tickers import spot_ticker

QUOTED_PER_CONNECTION = 1_000
"""Most channels of quotes and fair values that a connection may hold."""

_KINDS = {"V": "levels", "T": "trades", "Q": "quotes", "FMV": "fair values", "A": "bars", "AM": "minute bars"}
"""Kinds of channels, those whose loss is felt most first, and what each brings."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What the plan lets us have of options, as far as is known.

    bars : 'A' each second or 'AM' each minute where there are no quotes, '' when neither is granted
    """

    trades: bool = True
    quotes: bool = True
    fair_values: bool = False
    bars: str = "A"

    def without(self, refused: Collection[str], held: Collection[str]) -> Grants:
        """Return what is left after an answer: a kind is lost when all that was asked of it is refused."""
        lost = {_kind(channel) for channel in refused} - {_kind(channel) for channel in held}
        bars = self.bars
        if bars in lost:
            bars = "AM" if bars == "A" else ""
        return Grants(
            self.trades and "T" not in lost,
            self.quotes and "Q" not in lost,
            self.fair_values and "FMV" not in lost,
            bars,
        )


@dataclass(frozen=True, slots=True)
class SymbolSubscription:
    """What is watched of one symbol.

    traded : listed contracts of the watched expirations
    quoted : those near the money, the most wanted first
    """

    traded: Sequence[Contract]
    quoted: Sequence[Contract]


def by_nearness(contracts: Iterable[Contract], centre_milli: int) -> tuple[Contract, ...]:
    """Return contracts by expiration, then by distance from a strike in 1/1000 $, the most wanted first."""
    return tuple(
        sorted(contracts, key=lambda each: (each.expiry, abs(each.strike_milli - centre_milli), each))
    )


def option_channels(
    watched: Sequence[SymbolSubscription],
    grants: Grants,
    connections: int = 1,
    most: int = QUOTED_PER_CONNECTION,
) -> tuple[frozenset[str], ...]:
    """Return the channels that each connection should hold, (connections,)."""
    limited = [kind for kind, on in (("Q", grants.quotes), ("FMV", grants.fair_values)) if on]
    room = most // len(limited) if limited else 0
    return tuple(
        frozenset(
            [
                *_of(("T",) if grants.trades else (), chain.from_iterable(each.traded for each in mine)),
                *_of(limited, _fairly([each.quoted for each in mine], room)),
                *_of(_bars(grants), chain.from_iterable(each.quoted for each in mine)),
            ]
        )
        for mine in (_share(watched, i, connections) for i in range(connections))
    )


def by_importance(channels: Iterable[str]) -> tuple[str, ...]:
    """Return channels by kind, those whose loss is felt most first, and by name."""
    order = list(_KINDS)
    return tuple(sorted(channels, key=lambda each: (order.index(_kind(each)), each)))


def refusal_sentence(refused: Sequence[str]) -> str:
    """Say what the provider refused, by kind; '' for nothing."""
    counts = Counter(map(_kind, refused))
    kinds = [f"{_KINDS[kind]} ({count} channel{'s'[: count > 1]})" for kind, count in counts.items()]
    return f"Massive refuses {' and '.join(kinds)}." if kinds else ""


def spot_channels(underlyings: Iterable[Underlying], trades: bool = True) -> frozenset[str]:
    """Return the channels of the underlyings' own prices on their cluster: levels, trades, or else quotes."""
    stock = "T" if trades else "Q"
    return frozenset(f"{'V' if each.index else stock}.{spot_ticker(each)}" for each in underlyings)


def spot_cluster(underlying: Underlying) -> str:
    """Return the cluster on which the underlying's own price is told."""
    return "indices" if underlying.index else "stocks"


def _kind(channel: str) -> str:
    return channel.partition(".")[0]


def _bars(grants: Grants) -> tuple[str, ...]:
    return (grants.bars,) if grants.bars and not grants.quotes else ()


def _of(kinds: Sequence[str], contracts: Iterable[Contract]) -> Iterator[str]:
    return (f"{kind}.{contract.occ}" for contract in contracts for kind in kinds)


def _share(watched: Sequence[SymbolSubscription], i: int, connections: int) -> list[SymbolSubscription]:
    """Return the part of everything that the i-th connection carries: a strike stays where it is."""

    def mine(contracts: Sequence[Contract]) -> tuple[Contract, ...]:
        return tuple(each for each in contracts if _lane(each, connections) == i)

    return [SymbolSubscription(mine(each.traded), mine(each.quoted)) for each in watched]


def _lane(contract: Contract, connections: int) -> int:
    return crc32(b"%d" % contract.strike_milli) % connections


def _fairly(queues: Sequence[Sequence[Contract]], room: int) -> list[Contract]:
    """Return the first `room` contracts when each queue is served in turn."""
    turns = zip_longest(*queues)
    return [each for turn in turns for each in turn if each is not None][:room]
