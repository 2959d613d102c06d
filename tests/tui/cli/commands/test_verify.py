"""`spymon verify` of what another fold left behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.fold.state import FOLD_VERSION
from tests.paths import FOLD_1
from tui.cli.main import main

Captured = pytest.CaptureFixture[str]
THEIRS = "734fac091ef49845991cda042d3f03a8"
"""What the first fold made of the day."""


@pytest.fixture(autouse=True)
def _first_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder that holds what the first fold left."""
    shutil.copytree(FOLD_1, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SPYMON_DATA_DIR", raising=False)


@pytest.fixture
def meta() -> Callable[..., dict[str, Any]]:
    """Return what reads the day's meta.json, and changes some fields of it before."""
    path = Path("data/days/2024-06-14/SPY/meta.json")

    def read(**changes: object) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) | changes
        path.write_text(json.dumps(fields), encoding="utf-8")
        return fields

    return read


def test_a_hash_of_another_fold_version_is_kept_beside_the_new_one(
    meta: Callable[..., dict[str, Any]], capsys: Captured
) -> None:
    assert "fold_version" not in meta()
    meta(fold_version=0)
    assert main(["verify", "2024-06-14"]) == 0
    out = capsys.readouterr().out
    assert f"SPY had {THEIRS} of fold version 0, and this is version {FOLD_VERSION}: that one is kept" in out
    kept = meta()
    assert (kept["fold_version"], kept["other_hashes"]) == (FOLD_VERSION, {"0": THEIRS})
    assert out.rstrip().endswith(f"recorded {kept['state_hash']}")
    assert main(["verify", "2024-06-14"]) == 0
    assert f"folds to the recorded hash {kept['state_hash']}" in capsys.readouterr().out
    meta(state_hash="0" * 32)
    assert main(["verify", "2024-06-14"]) == 1
    assert f"DIFFERS: recorded {'0' * 32}" in capsys.readouterr().out


def test_days_tells_each_hash_with_its_version(meta: Callable[..., dict[str, Any]], capsys: Captured) -> None:
    assert main(["days", "--json"]) == 0
    days = {each["date"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    day, recording = days["2024-06-14"], days["2024-06-13"]
    assert (day["state_hash"], day["fold_version"]) == (THEIRS, 1)
    assert (recording["state_hash"], recording["fold_version"]) == (None, None)


@pytest.mark.parametrize("day", ["2024-06-13", "2024-06-14"])
def test_what_the_first_fold_recorded_is_replayed(day: str, capsys: Captured) -> None:
    assert main(["--replay", day, "--symbol", "SPY", "--json", "--headless"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["events"], summary["trades"], summary["quotes"]) == (16, 5, 9)
    assert summary["fold_version"] == FOLD_VERSION
