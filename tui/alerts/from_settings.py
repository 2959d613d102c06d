"""The alerts of one run, as the settings want them.

Importing it loads neither the fold nor apprise, which a channel does in its own thread.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from engine.model.events import NS
from engine.model.hints import did_you_mean
from tui.alerts.alerter import Alerter
from tui.alerts.channels import Bell, Channel, Write, make_channels
from tui.alerts.gate import AlertParams
from tui.settings.config import Settings
from tui.settings.setting import Secret


def channels_of(settings: Settings, write: Write | None) -> list[Channel]:
    """Return every channel that is configured; `write` is None without a terminal."""
    given = (*settings.alerts_channels, *settings.alert_urls)
    specs = [item.reveal() if isinstance(item, Secret) else item for item in given]
    return make_channels(specs, settings.alerts_command, write, os.environ)


def make_alerter(settings: Settings, write: Write | None) -> Alerter:
    """Return the alerts of a run; their threads wait already."""
    params = AlertParams(
        rules=settings.alerts_rules,
        symbols=settings.alerts_symbols,
        min_strength=settings.alerts_min_strength,
        cooldown_ns=round(settings.alerts_cooldown_s * NS),
        burst=settings.alerts_burst,
    )
    channels = channels_of(settings, write)
    return Alerter(params, channels, Bell(write), in_replay=settings.alerts_in_replay)


def unknown_rules(settings: Settings, known: Sequence[str]) -> list[str]:
    """Return a sentence for each rule that is named under `[alerts]` and that nobody has."""
    strange = [rule for rule in settings.alerts_rules if rule not in known]
    there_are = f"there are {', '.join(known)}."
    return [
        f"alerts.rules names {rule}, which is no rule; {did_you_mean(rule, known, there_are, '')}"
        for rule in strange
    ]
