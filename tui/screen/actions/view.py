"""How the day looks: which view stands in the grid's place, what is summed how, and what is painted."""

from __future__ import annotations

from dataclasses import replace

from engine.analytics.exposure_choice import BASES, CONVENTIONS, SCOPES
from engine.views.commands import SelectBasis, SelectConvention, SelectScope

from ...settings.prefs import after
from .. import steering
from ..pending import choice_of
from ..stages.table import STAGES
from .home import ScreenActions

THEMES = ("spymon-dark", "spymon-light", "ansi-dark", "ansi-light")
"""The themes that the key goes through."""


class ViewActions(ScreenActions):
    """Change what is shown of the day, and how."""

    def stage(self, name: str) -> None:
        """Put a view in the grid's place, or the grid itself when that view is already there."""
        self._screen.toggle_stage(name)

    def own(self, name: str) -> None:
        """Do what only one view can, or say which one and by which key it is shown."""
        screen = self._screen
        owner = next(stage for stage in STAGES if any(key.id == f"view.{name}" for key in stage.keys))
        if screen.stages.stage is owner:
            getattr(screen.stages.widget, name)()
            screen.stages.ask()
        else:
            key = screen.key_label(owner.id)
            screen.notify(f"The {name} belongs to the {owner.title}; {key} shows it.", timeout=3)

    def profile(self) -> None:
        """Show the next view of the profile; of the rankings, contracts or strikes."""
        screen = self._screen
        screen.set_prefs(screen.stages.widget.next_profile(screen.prefs))
        screen.stages.ask()

    def past(self) -> None:
        """Draw the profile of the next earlier moment into the profile, or none."""
        screen = self._screen
        screen.set_prefs(screen.prefs.next_past_profile())
        screen.stages.ask()

    def metric(self) -> None:
        """Show the next metric of the view in sight; of the grid, the exposure to the next greek."""
        screen = self._screen
        screen.set_prefs(screen.stages.widget.next_metric(screen.prefs))
        screen.stages.ask()

    def convention(self) -> None:
        """Sum exposures under the next dealer sign."""
        pending, choice = self._screen.pending.choice, choice_of(self._screen.newest)
        choice = pending.after(choice)
        convention = after(CONVENTIONS, choice.convention)
        pending.ask(choice.with_convention(convention))
        self._screen.send(SelectConvention(convention))

    def basis(self) -> None:
        """Weigh exposures by the next basis."""
        pending, choice = self._screen.pending.choice, choice_of(self._screen.newest)
        choice = pending.after(choice)
        basis = after(BASES, choice.basis)
        pending.ask(choice.with_basis(basis))
        self._screen.send(SelectBasis(basis))

    def scope(self) -> None:
        """Sum exposures over the next choice of expirations."""
        pending, choice = self._screen.pending.choice, choice_of(self._screen.newest)
        choice = pending.after(choice)
        scope = after(SCOPES, choice.scope)
        pending.ask(choice.with_scope(scope))
        self._screen.send(SelectScope(scope))

    def unit(self) -> None:
        """Show gamma in the next unit."""
        self._screen.set_prefs(self._screen.prefs.next_unit())

    def scale(self) -> None:
        """Fit the scale of the view in sight to what it shows now."""
        self._screen.stages.widget.autoscale()

    def calls(self) -> None:
        """Show the calls alone, or both sides again."""
        self._screen.set_prefs(self._screen.prefs.toggled("calls"))

    def puts(self) -> None:
        """Show the puts alone, or both sides again."""
        self._screen.set_prefs(self._screen.prefs.toggled("puts"))

    def freeze(self) -> None:
        """Hold the picture, or paint what has come since."""
        screen = self._screen
        screen.set_prefs(replace(screen.prefs, frozen=not screen.prefs.frozen))
        if not screen.prefs.frozen:
            screen.show(screen.newest)

    def theme(self) -> None:
        """Change to the next theme."""
        app = self._screen.app
        app.theme = steering.neighbour(THEMES, app.theme, 1) or THEMES[0]
        self._screen.repaint()
