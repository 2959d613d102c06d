"""Replay time: where on the tape a given wall moment is, at any speed, paused or not.

Owns the arithmetic as pure values. It refuses to read a clock: the wall's ns is always handed in, from
whatever monotonic clock the owner likes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isnan

from ..model.errors import UsageError

FAR_FUTURE_NS = 2**62
"""What `now` returns at maximum speed: later than any tape, and safe to add a day to in 64 bits."""

SPEEDS: tuple[float, ...] = (0.25, 0.5, 1, 2, 5, 10, 25, 60, inf)
"""The speeds that the keys step through, tape seconds per wall second."""


def faster(speed: float) -> float:
    """Return the next higher of SPEEDS, or the same at the top."""
    return min((step for step in SPEEDS if step > speed), default=speed)


def slower(speed: float) -> float:
    """Return the next lower of SPEEDS, or the same at the bottom."""
    return max((step for step in SPEEDS if step < speed), default=speed)


@dataclass(frozen=True, slots=True)
class TapeClock:
    """A pair of moments that coincide, and how fast the tape goes from there.

    tape_ns : tape time at `wall_ns`, ns UTC
    wall_ns : any monotonic wall clock, ns
    speed   : tape seconds per wall second; inf is as fast as the machine folds
    carry   : the part of a tape ns played before `wall_ns`, in units of 1/denominator of `speed`

    Integer arithmetic throughout (a float speed is an exact ratio), and pauses hand on the part of a ns
    that they interrupt: any number of them does not move the tape.

    At speed inf the wall says nothing about the tape: `now` is FAR_FUTURE_NS and the anchor stays put, so
    the owner calls `sought` with the place that its fold has reached before it pauses or slows down.
    """

    tape_ns: int
    wall_ns: int
    speed: float = 1.0
    paused: bool = False
    carry: int = 0

    def __post_init__(self) -> None:
        if isnan(self.speed) or self.speed <= 0:
            raise UsageError(f"a speed of {self.speed:g} is not possible; give a number above 0, or max.")

    def now(self, wall_ns: int) -> int:
        """Return the tape time at a wall moment, ns UTC; a wall that goes back does not rewind the tape."""
        if not self.paused and self.speed == inf:
            return FAR_FUTURE_NS
        return self._played(wall_ns)[0]

    def paused_at(self, wall_ns: int) -> TapeClock:
        """Stop the tape where it is; the speed is kept for later."""
        return replace(self._anchored(wall_ns), paused=True)

    def resumed_at(self, wall_ns: int) -> TapeClock:
        """Let the tape go on from where it stands, at the speed it had."""
        return replace(self._anchored(wall_ns), paused=False)

    def with_speed(self, speed: float, wall_ns: int) -> TapeClock:
        """Go on from the same place at another speed, paused or not; UsageError unless above 0."""
        anchored = self._anchored(wall_ns)
        carry = anchored.carry if speed == self.speed else 0
        return replace(anchored, speed=speed, carry=carry)

    def sought(self, tape_ns: int, wall_ns: int) -> TapeClock:
        """Jump to a place on the tape, paused or not as before."""
        return replace(self, tape_ns=tape_ns, wall_ns=wall_ns, carry=0)

    def _anchored(self, wall_ns: int) -> TapeClock:
        tape_ns, carry = self._played(wall_ns)
        return replace(self, tape_ns=tape_ns, wall_ns=max(wall_ns, self.wall_ns), carry=carry)

    def _played(self, wall_ns: int) -> tuple[int, int]:
        """Return tape ns and carry at a wall moment; the anchor's own when paused or at speed inf."""
        if self.paused or self.speed == inf:
            return self.tape_ns, self.carry
        ratio, per = self.speed.as_integer_ratio()
        played, carry = divmod(max(0, wall_ns - self.wall_ns) * ratio + self.carry, per)
        return self.tape_ns + played, carry
