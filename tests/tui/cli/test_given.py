"""Which flags of a command are settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.cli.given import setting_flags, settings_of
from tui.cli.parser import parse_args


def test_a_commands_own_flag_is_no_setting_though_the_screens_is() -> None:
    assert {"symbol", "expiry"} <= set(setting_flags(None))
    assert "symbol" not in setting_flags("verify")
    assert "expiry" not in setting_flags("levels")
    assert {"rate", "dividend", "symbol"} <= set(setting_flags("levels"))


def test_flags_come_before_everything_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("SPYMON_SYMBOL", "IWM")
    line = ["--custom", "AAPL:2.5", "study", "2025-12-16", "--symbol", "spy,qqq"]
    found = settings_of(parse_args(line))
    assert (found.symbol, found.custom) == (("SPY", "QQQ"), ("AAPL:2.5",))
    assert found.origin("symbol") == "flag --symbol"
    assert settings_of(parse_args(["verify", "2025-12-16", "--symbol", "spy"])).symbol == ("IWM",)
