"""The example of `docs/user-rules.md`, installed for real and run through the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "spymon-round-strikes"
RUN = [sys.executable, "-c", "import sys; from tui.cli.main import main; sys.exit(main())"]
UV = Path(sys.executable).with_name("uv")
WINDOW = ("--symbol", "SPX", "--to", "09:45", "--json")
RULE = "user:round-strikes"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build and install the example into a folder of its own, without a network."""
    if not UV.exists():
        pytest.skip("uv is not installed beside this Python")
    folder = tmp_path_factory.mktemp("site")
    words = ("pip", "install", "--offline", "--no-cache", "--no-deps", "--quiet", "--target", folder, EXAMPLE)
    subprocess.run([UV, *words, "--python", sys.executable], check=True)
    return folder


def spymon(site: Path, home: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the command with the example installed beside it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SPYMON_", "MASSIVE_", "POLYGON_"))}
    path = os.pathsep.join((str(ROOT), str(site)))
    environ = kept | {"PYTHONPATH": path, "XDG_CONFIG_HOME": str(home)} | extra
    return subprocess.run([*RUN, *words], cwd=home, env=environ, capture_output=True, text=True)


def objects(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_the_example_s_signals_are_lines_like_any_other(site: Path, tmp_path: Path) -> None:
    run = spymon(site, tmp_path, *WINDOW)
    told = objects(run)
    own = [line for line in told if line.get("signal") == RULE]
    assert own
    assert run.stderr == ""
    for line in own:
        assert line["ts_ns"] % 5_000_000_000 == 0
        assert line["rule_version"] == f"{RULE}/1"
        assert int(line["contract"][-8:]) % 5_000 == 0
        calls, puts = (line["evidence"][name] for name in ("calls_usd", "puts_usd"))
        assert (line["direction"], line["bias"]) == ("buy", "up" if calls > puts else "down")
        assert line["strength"] == pytest.approx(abs(calls - puts) / (abs(calls - puts) + 50_000))
    assert told[-1]["signals"][RULE] == len(own)
    times = [line["ts_ns"] for line in told if line["type"] == "signal"]
    assert times == sorted(times)


def test_it_changes_nothing_else_and_can_be_left_out(site: Path, tmp_path: Path) -> None:
    with_it = objects(spymon(site, tmp_path, *WINDOW))
    without = objects(spymon(site, tmp_path, *WINDOW, SPYMON_RULES_DISABLED="round-strikes"))
    assert not [line for line in without if RULE in json.dumps(line)]
    kinds = [[line for line in told if line["type"] == "signal"] for told in (with_it, without)]
    assert [line for line in kinds[0] if line["signal"] != RULE] == kinds[1]
    assert with_it[-1]["state_hash"] == without[-1]["state_hash"]


def test_the_settings_name_what_is_installed(site: Path, tmp_path: Path) -> None:
    run = spymon(site, tmp_path, "config", "show")
    (line,) = (line for line in run.stdout.splitlines() if line.startswith("rule "))
    assert line.split() == [
        "rule", "round-strikes", "spymon_round_strikes:RoundStrikes", "spymon-round-strikes", "1.0",
    ]  # fmt: skip


def test_its_signals_can_be_alerts(site: Path, tmp_path: Path) -> None:
    out = tmp_path / "alerts.jsonl"
    hook = tmp_path / "hook.py"
    hook.write_text("import sys\nopen(sys.argv[1], 'a').write(sys.stdin.read())\n")
    (tmp_path / "spymon.toml").write_text(
        "[alerts]\nchannels = ['command']\nmin_strength = 0\n"
        f"rules = ['{RULE}', 'round-strike']\ncommand = {[sys.executable, str(hook), str(out)]}\n"
    )
    silent = spymon(site, tmp_path, *WINDOW)
    assert silent.returncode == 0
    assert not out.exists()
    asked = spymon(site, tmp_path, *WINDOW, "--alerts")
    count = objects(asked)[-1]["signals"][RULE]
    sent = [json.loads(line) for line in out.read_text().splitlines()]
    assert sum(alert["count"] for alert in sent) == count
    assert {alert["signal"] for alert in sent} == {RULE}
    assert asked.stderr.splitlines() == [
        "spymon: alerts.rules names round-strike, which is no rule; did you mean user:round-strikes?"
    ]
