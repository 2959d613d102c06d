"""Which of a view's sentences last, which pass, and which the person has put away.

A sentence that is there from a tape's first view lasts, in its own line; one that comes later passes, in
place of the hints, so that no row of the screen ever moves because of it. What a live source says stands in
the line about its feed, not here.
"""

from __future__ import annotations

from datetime import date

from engine.views.view import View

_UNDER_WAY = "…"  # how a sentence ends that tells of work going on; it never lasts


class Notes:
    """The notes of the tape that is shown now."""

    def __init__(self) -> None:
        self._tape: tuple[str, date, str] | None = None
        self._first: frozenset[str] = frozenset()
        self._now: tuple[str, ...] = ()
        self._gone: set[str] = set()
        self._renewing = False

    def learn(self, view: View) -> None:
        """Take in a view's notes; those of a tape's first view last as long as it is shown."""
        self._now = tuple(note for note in view.notes if view.link is None or note != view.link.note)
        tape = (view.source, view.day, view.symbol)
        if tape != self._tape:
            self._tape = tape
            self._first = frozenset(note for note in self._now if not under_way(note))
        if self._renewing:
            self._gone &= self._first
            self._renewing = False

    @property
    def lasting(self) -> tuple[str, ...]:
        """The sentences for the note line."""
        return tuple(note for note in self._now if note in self._first and note not in self._gone)

    @property
    def passing(self) -> str:
        """The one sentence to show in place of the hints; empty when there is none."""
        return next((note for note in self._now if note not in self._first | self._gone), "")

    def dismiss(self) -> None:
        """Put away what is shown now; a lasting sentence does not come back, a new one comes."""
        self._gone.update(note for note in self._now if not under_way(note))

    def let_pass(self, sentence: str) -> None:
        """Put away one sentence that has been there for long enough, if it only passes."""
        if sentence not in self._first and not under_way(sentence):
            self._gone.add(sentence)

    def renew(self) -> None:
        """Expect an answer to something new: with the next view a sentence may come that was here before."""
        self._renewing = True


def under_way(sentence: str) -> bool:
    """Say whether a sentence tells of work that goes on."""
    return sentence.endswith(_UNDER_WAY)
