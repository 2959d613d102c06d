"""Volumes on the tape beside the provider's own, by contract: how much of what was traded is there.

Pure. The provider's day begins before we listen, unless we did from its first trade. What had been traded by
the first snapshot that names a contract, and is not on the tape, counts as traded before: it is neither
expected nor missed, so that the share says what listening is worth and not when it began. A day that is taken
up again began when its recording did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from ...fold.conditions import CANCELS
from ...model.events import BAR, TRADE, Events
from .wire.chain import ChainSnapshot

_FIRST_SIZE = 256


@dataclass(frozen=True, slots=True)
class Lack:
    """A contract of which the tape holds less than was traded, and how many contracts less."""

    cid: int
    volume: int


class Reconciliation:
    """One tape's volumes; `count` what is appended, `compare` every snapshot.

    whole_day : whether the tape holds, or should hold, the day from its first trade
    share     : of the expected volume that was on the tape at the last snapshot, 0-1; nan before there is any
    lacking   : contracts that lacked volume at the last snapshot, largest first
    """

    def __init__(self, whole_day: bool) -> None:
        self.share = nan
        self.lacking: tuple[Lack, ...] = ()
        self._tape: NDArray[np.int64] = np.zeros(_FIRST_SIZE, np.int64)
        self._whole_day = whole_day
        self._before: dict[int, int] = {}

    def count(self, events: Events) -> None:
        """Count what is put on the tape: trades less cancels, polled and filled ones too."""
        trades = events[events["kind"] == TRADE]
        if not len(trades):
            return
        cids = trades["cid"]
        self._reserve(int(cids.max()))
        cancels = np.isin(trades["cond"], CANCELS)
        np.add.at(self._tape, cids, np.where(cancels, -trades["s1"], trades["s1"]))

    def resume(self, recorded: Events) -> None:
        """Count a piece of what was recorded; its first day volumes say what was traded before that."""
        bars = np.flatnonzero((recorded["kind"] == BAR) & (recorded["s2"] >= 0))
        _, first = np.unique(recorded["cid"][bars], return_index=True)
        done = 0
        for at in np.sort(bars[first]).tolist():
            self.count(recorded[done:at])
            done, bar = at, recorded[at]
            self._reserve(int(bar["cid"]))
            self._before.setdefault(int(bar["cid"]), max(int(bar["s2"]) - self._on_tape(int(bar["cid"])), 0))
        self.count(recorded[done:])

    def end_resume(self, cids: Iterable[int]) -> None:
        """Say which contracts the recording lists; those without a day volume in it had not been traded."""
        self._before = dict.fromkeys(cids, 0) | self._before

    def compare(self, chain: ChainSnapshot) -> None:
        """Hold the tape against a snapshot taken now."""
        day = {each.cid: each.day_volume for each in chain.traded}
        self._reserve(max(chain.listed, default=0))
        self._begin(chain, day)
        expected = {cid: volume - self._before[cid] for cid, volume in day.items()}
        lacks = {cid: min(most - self._on_tape(cid), most) for cid, most in expected.items() if most > 0}
        self.lacking = tuple(
            Lack(cid, lack) for cid, lack in sorted(lacks.items(), key=lambda each: -each[1]) if lack > 0
        )
        total = sum(volume for volume in expected.values() if volume > 0)
        self.share = 1 - sum(each.volume for each in self.lacking) / total if total else nan

    def volumes(self, cids: tuple[int, ...]) -> dict[int, int]:
        """Return the day volume that would leave nothing lacking, of each contract a snapshot has named."""
        self._reserve(max(cids, default=0))
        return {cid: self._before[cid] + self._on_tape(cid) for cid in cids if cid in self._before}

    def _begin(self, chain: ChainSnapshot, day: dict[int, int]) -> None:
        """Say of contracts that are named for the first time what had been traded before."""
        for cid in chain.listed:
            if cid not in self._before:
                missed = max(day.get(cid, 0) - self._on_tape(cid), 0)
                self._before[cid] = 0 if self._whole_day else missed

    def _on_tape(self, cid: int) -> int:
        return int(self._tape[cid])

    def _reserve(self, cid: int) -> None:
        if cid >= len(self._tape):
            self._tape = np.concatenate([self._tape, np.zeros(cid + 1, np.int64)])
