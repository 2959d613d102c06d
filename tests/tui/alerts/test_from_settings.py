"""The alerts of a run, as the settings want them, and `spymon alert --test`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.model.errors import ConfigError, UsageError
from tests.paths import ROOT
from tui.alerts.from_settings import channels_of, unknown_rules
from tui.cli.commands.alert import run as run_alert
from tui.run.interrupts import InterruptHandler
from tui.settings.config import Settings, load_settings

WITHOUT_APPRISE = "import sys; sys.modules['apprise'] = None; from tui.cli.main import main; sys.exit(main())"


def settings(tmp_path: Path, toml: str = "", **environ: str) -> Settings:
    (tmp_path / "spymon.toml").write_text(toml, encoding="utf-8")
    return load_settings({}, environ, tmp_path, tmp_path)


def asked(**typed: object) -> argparse.Namespace:
    return argparse.Namespace(command="alert", test=True, **typed)


def test_channels_come_from_the_file_and_further_urls_from_the_environment(tmp_path: Path) -> None:
    got = settings(tmp_path, "alerts.channels = ['bell', 'ntfy://a']", SPYMON_ALERT_URLS="ntfy://b json://c")
    assert [channel.name for channel in channels_of(got, None)] == ["bell", "ntfy", "ntfy-2", "json"]


def test_a_rule_nobody_has_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    got = settings(tmp_path, "alerts.rules = ['price_move', 'volum_spike', 'xyz']")
    assert unknown_rules(got, ("price_move", "volume_spike")) == [
        "alerts.rules names volum_spike, which is no rule; did you mean volume_spike?",
        "alerts.rules names xyz, which is no rule; there are price_move, volume_spike.",
    ]


def test_nothing_configured_is_a_sentence_that_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"put channels = \[.*spymon\.toml, or a URL .*SPYMON_ALERT_URLS"):
        run_alert(asked(), settings(tmp_path), InterruptHandler())


def test_a_channel_that_is_not_configured_is_named_with_those_that_are(tmp_path: Path) -> None:
    got = settings(tmp_path, "alerts.channels = ['bell', 'command']")
    with pytest.raises(UsageError, match="--channel toast is not configured; there is bell, command"):
        run_alert(asked(channel="toast"), got, InterruptHandler())


def test_each_channel_is_tried_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", "pass"]
    got = settings(
        tmp_path, f"alerts.channels = ['command', 'json://127.0.0.1:1/abcdef']\nalerts.command = {command}"
    )
    assert run_alert(asked(), got, InterruptHandler()) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == "command  ok"
    assert second.startswith("json     failed: ")
    assert "abcdef" not in second


def test_one_channel_can_be_tried_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", "pass"]
    got = settings(tmp_path, f"alerts.channels = ['command', 'nosuch://x']\nalerts.command = {command}")
    assert run_alert(asked(channel="command"), got, InterruptHandler()) == 0
    assert capsys.readouterr().out == "command  ok\n"


def test_without_apprise_a_url_is_one_sentence_that_says_what_to_install(tmp_path: Path) -> None:
    environ = os.environ | {"PYTHONPATH": str(ROOT), "SPYMON_ALERT_URLS": "ntfy://canary-topic"}
    words = [sys.executable, "-c", WITHOUT_APPRISE, "alert", "--test"]
    run = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (1, "")
    assert run.stdout == "ntfy  failed: apprise is not installed; pip install 'spymon[alerts]'\n"
