"""Views, one after the other: what is chosen to be seen, and the same view again while nothing changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ..analytics.exposure_choice import ExposureChoice
from ..tape.source import Source
from ..views.view import View
from .playback import Playhead


class ViewMaker:
    """Makes the views of one player.

    expiry : the expiration whose strikes are shown; None is the nearest
    choice : how exposures are summed
    """

    def __init__(self) -> None:
        self.expiry: date | None = None
        self.choice = ExposureChoice()
        self._generation = 0
        self._version = 0
        self._last: tuple[tuple[object, ...], View] | None = None

    def choose_expiry(self, expiry: date | None) -> None:
        """Show the strikes of another expiration."""
        self.expiry = expiry
        self._generation += 1

    def choose(self, choice: ExposureChoice) -> None:
        """Sum exposures in another way."""
        self.choice = choice
        self._generation += 1

    def forget(self) -> None:
        """Make the next view anew, whether or not anything has changed."""
        self._last = None

    def view(self, head: Playhead, source: Source, notes: tuple[str, ...], wall_ns: int) -> View:
        """Return the view at the playhead; the same one as before when nothing has changed."""
        day, timeline = head.symbol_day, head.symbol_day.timeline
        notes = (*notes, *timeline.tape.info.notes)
        generation, pace = self._generation + head.jumps, head.events_per_s(wall_ns)
        what = (
            generation, timeline.at_ns, timeline.events, timeline.loaded,
            head.paused, head.speed, notes, pace, day.badge, day.link, len(timeline.contracts),
        )  # fmt: skip
        if self._last is not None and self._last[0] == what:
            return self._last[1]
        self._version += 1
        playback = replace(
            day.playback(),
            generation=generation,
            version=self._version,
            source=source.name,
            symbols=source.symbols,
            paused=head.paused,
            speed=head.speed,
            events_per_s=pace,
            notes=notes,
        )
        view = day.view(playback, self.expiry, self.choice)
        self._last = what, view
        return view
