"""An action is found by its name, and nothing is at home anywhere that no key asks for."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from textual.actions import parse

from tui.alerts.alerter import Alerter
from tui.alerts.channels import Bell
from tui.alerts.gate import AlertParams
from tui.screen.actions.app import AppActions
from tui.screen.actions.homes import ActionHomes
from tui.screen.actions.signals import AlertActions
from tui.screen.app import SpymonApp
from tui.screen.keys import TABLE, by_id
from tui.screen.main_screen import MainScreen
from tui.settings.prefs import Prefs


class NoMonitor:
    """Is never asked."""


@pytest.fixture
def homes() -> ActionHomes:
    monitor = NoMonitor()
    screen = MainScreen(monitor, TABLE, "the day", Prefs())  # type: ignore[arg-type]
    alerter = Alerter(AlertParams(), (), Bell(None))
    app = SpymonApp(monitor)  # type: ignore[arg-type]
    return ActionHomes(
        screen, alert=AlertActions(screen, alerter), app=AppActions(app, screen, TABLE, Path())
    )


@pytest.mark.parametrize("row", by_id().values(), ids=by_id())
def test_a_key_s_action_is_a_method_that_takes_what_the_table_gives(row, homes: ActionHomes) -> None:
    home, method, arguments = parse(row.action or row.id)
    inspect.signature(getattr(homes.of(home), method)).bind(*arguments)


def test_every_method_at_home_somewhere_is_what_some_key_does(homes: ActionHomes) -> None:
    wanted = {parse(row.action or row.id)[:2] for row in by_id().values()}
    there = {
        (home, name)
        for home in homes.names
        for name, _ in inspect.getmembers(homes.of(home), inspect.ismethod)
        if not name.startswith("_")
    }
    assert there == wanted


def test_an_action_without_a_home_is_refused(homes: ActionHomes) -> None:
    with pytest.raises(KeyError):
        homes.run("nowhere.pause")
