"""`spymon alert --test`: one message over every channel, and what came of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from engine.model.errors import AlertError, ConfigError, UsageError
from tui.alerts.channels import Channel
from tui.alerts.message import TEST
from tui.settings.config import Settings

from ...alerts.from_settings import channels_of
from ...run.interrupts import InterruptHandler
from ..output import terminal

NOTHING = (
    'No alert channel is configured; put channels = ["bell", "desktop"] under [alerts] in spymon.toml, '
    "or a URL such as ntfy://topic into SPYMON_ALERT_URLS."
)


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Send the test and return the exit code: 0 when every channel took it, else 1."""
    channels = _chosen(channels_of(settings, terminal()), getattr(args, "channel", None))
    width = max(len(channel.name) for channel in channels)
    failures = 0
    for channel in channels:
        why = _tried(channel)
        failures += bool(why)
        sys.stdout.write(f"{channel.name:<{width}}  {f'failed: {why}' if why else 'ok'}\n")
        sys.stdout.flush()
    return 1 if failures else 0


def _chosen(channels: Sequence[Channel], name: str | None) -> Sequence[Channel]:
    if not channels:
        raise ConfigError(NOTHING)
    chosen = [channel for channel in channels if name in (None, channel.name)]
    if not chosen:
        there = ", ".join(channel.name for channel in channels)
        raise UsageError(f"--channel {name} is not configured; there is {there}.")
    return chosen


def _tried(channel: Channel) -> str:
    """Return why the channel did not take the message; empty when it did."""
    try:
        channel.send(TEST)
    except AlertError as error:
        return error.reason
    return ""
