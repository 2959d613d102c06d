"""`spymon thresholds`: what is in force, with unit, meaning and origin."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.fold.params import PRESETS, THRESHOLDS
from tui.cli.main import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(capsys: Captured, *argv: str) -> dict[tuple[str | None, str], dict[str, object]]:
    assert main(["thresholds", "--json", *argv]) == 0
    found = json.loads(capsys.readouterr().out)
    return {(each["rule"], each["name"]): each for each in found}


def test_a_line_has_name_value_unit_and_meaning_in_columns(capsys: Captured) -> None:
    assert main(["thresholds"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(THRESHOLDS)
    assert [line.split()[0] for line in lines] == list(THRESHOLDS)
    (z,) = (line for line in lines if line.startswith("volume_spike.z "))
    assert re.split(r" {2,}", z) == ["volume_spike.z", "3", "σ", THRESHOLDS["volume_spike.z"].meaning]
    assert len({line.index(THRESHOLDS[line.split()[0]].meaning) for line in lines}) == 1


def test_an_object_has_the_same_with_rule_and_origin(capsys: Captured) -> None:
    found = listed(capsys)
    assert len(found) == len(THRESHOLDS)
    assert found["volume_spike", "z"] == {
        "rule": "volume_spike",
        "name": "z",
        "value": 3.0,
        "unit": "σ",
        "meaning": THRESHOLDS["volume_spike.z"].meaning,
        "origin": "preset default",
    }
    assert found[None, "cooldown_s"]["value"] == 60.0


def test_preset_settings_file_and_flag_apply(capsys: Captured, nowhere: Path) -> None:
    (nowhere / "spymon.toml").write_text("[signals]\nmute_s = 10\n\n[signals.sweep]\nsize = 50\n")
    found = listed(capsys, "--preset", "seed", "--set", "volume_spike.z=5")
    told = {key: (each["value"], each["origin"]) for key, each in found.items()}
    assert told["volume_spike", "z"] == (5.0, "flag --set")
    assert told["sweep", "size"][0] == 50
    assert "spymon.toml" in str(told["sweep", "size"][1])
    assert told[None, "mute_s"][0] == 10
    half = PRESETS["seed"].value(THRESHOLDS["volume_spike.half"])
    assert told["volume_spike", "half"] == (half, "preset seed")


@pytest.mark.parametrize("word", ["volume_spik.z=5", "volume_spike.z=-1", "volume_spike.z"])
def test_what_cannot_be_set_is_wrong_usage(capsys: Captured, word: str) -> None:
    assert main(["thresholds", "--set", word]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
