"""How often the screen is painted, and which views are worth painting.

Owns the frame rate's halving and recovery, and the rule that a view of the past never replaces a newer
one. Both are plain values: the clock is read elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.views.view import View

SLOWEST_FPS = 1.0


@dataclass(frozen=True, slots=True)
class FrameRate:
    """A frame rate that gives way when frames are dear, and comes back when they are cheap.

    wanted   : frames per second the person asked for
    fps      : frames per second now
    dear     : dear frames in a row; `patience` of them halve the rate, so that one hiccup does not
    cheap    : cheap frames in a row; `recovery` of them double it again
    """

    wanted: float
    fps: float
    dear: int = 0
    cheap: int = 0
    patience: int = 3
    recovery: int = 100

    @classmethod
    def of(cls, fps: float) -> FrameRate:
        """Start at the wanted rate."""
        return cls(wanted=fps, fps=fps)

    def after(self, cost_s: float) -> FrameRate:
        """Take in what the last frame cost, in seconds."""
        period_s = 1 / self.fps
        if cost_s > period_s / 2:
            return self._dearer()
        if cost_s < period_s / 8 and self.fps < self.wanted:
            return self._cheaper()
        return replace(self, dear=0, cheap=0) if self.dear or self.cheap else self

    def _dearer(self) -> FrameRate:
        if self.dear + 1 < self.patience:
            return replace(self, dear=self.dear + 1, cheap=0)
        return replace(self, fps=max(SLOWEST_FPS, self.fps / 2), dear=0, cheap=0)

    def _cheaper(self) -> FrameRate:
        if self.cheap + 1 < self.recovery:
            return replace(self, dear=0, cheap=self.cheap + 1)
        return replace(self, fps=min(self.wanted, self.fps * 2), dear=0, cheap=0)


@dataclass(slots=True)
class ViewGate:
    """Lets each view through once, and none of an older generation than one that has passed."""

    generation: int = -1
    version: int = -1

    def admits(self, view: View) -> bool:
        """Say whether the view is news, and remember it if so."""
        if view.generation < self.generation:
            return False
        if (view.generation, view.version) == (self.generation, self.version):
            return False
        self.generation, self.version = view.generation, view.version
        return True
