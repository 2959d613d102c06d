"""The last line while there is something to say: a failure, or what a command came to, instead of hints."""

from __future__ import annotations

from functools import partial
from string import digits

from engine.views.view import View

from ..notes import Notes, under_way
from .footer import HintFooter
from .room import is_cramped, is_tiny

PASSING_S = 6.0
"""How long the answer to a key takes the place of the hints."""

_NO_DIGITS = str.maketrans("", "", digits)


class SpeakingFooter(HintFooter):
    """Hints, or a sentence; where there is no room for this line, the sentence is said over the grid.

    notes : the sentences of the tape that is shown now
    """

    def __init__(self) -> None:
        super().__init__()
        self.notes = Notes()
        self._failure = ""
        self._last = self._last_of_link = ""

    def fail(self, sentence: str) -> None:
        """Say why nothing goes on, until an empty sentence."""
        self._failure = sentence
        self.speak()

    def speak(self) -> None:
        """Say what there is to say; a sentence that only passes is gone after a while."""
        sentence = self._failure or self.notes.passing
        self.say(sentence)
        if sentence == self._last:
            return
        self._last = sentence
        if not sentence or under_way(sentence):
            return
        if self._speaks_over_grid:
            self.notify(sentence, severity="error" if self._failure else "information", timeout=PASSING_S)
        if not self._failure:
            self.set_timer(PASSING_S, partial(self._let_pass, sentence))

    def speak_for_link(self, view: View) -> None:
        """Say what a live source says where its own line has no room; not again when it only counts."""
        note = view.link.note if view.link and self._speaks_over_grid else ""
        sentence = note.translate(_NO_DIGITS)
        if sentence and sentence != self._last_of_link and not under_way(note):
            self.notify(note, timeout=PASSING_S)
        self._last_of_link = sentence

    @property
    def _speaks_over_grid(self) -> bool:
        size = self.screen.size
        return is_cramped(size) and not is_tiny(size)

    def _let_pass(self, sentence: str) -> None:
        self.notes.let_pass(sentence)
        self.speak()
