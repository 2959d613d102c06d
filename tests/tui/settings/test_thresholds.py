"""Signal thresholds as people write them: in a settings file, or behind a flag."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from engine.model.errors import ConfigError, UsageError
from tui.settings.config import check_settings_file, load_settings
from tui.settings.thresholds import Threshold, from_flags, from_table

TOML = """
[signals]
cooldown_s = 30

[signals.volume_spike]
z = 5
size = 250
"""


def test_a_table_is_read_by_rule() -> None:
    found = from_table(tomllib.loads(TOML)["signals"], "spymon.toml")
    assert list(found.values()) == [
        Threshold("cooldown_s", "30", "spymon.toml"),
        Threshold("volume_spike.z", "5", "spymon.toml"),
        Threshold("volume_spike.size", "250", "spymon.toml"),
    ]


def test_of_two_flags_of_one_name_the_last_wins() -> None:
    found = from_flags(["volume_spike.z=5", "cooldown_s = 9", "volume_spike.z=6"], "--set")
    assert [(each.name, each.value) for each in found.values()] == [
        ("volume_spike.z", "6"),
        ("cooldown_s", "9"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("volume_spike.z", "--set volume_spike.z needs NAME=VALUE"),
        ("volume_spik.z=5", "volume_spik.z is not a threshold of any signal; did you mean volume_spike.z?"),
        ("volume_spike.z=-5", "volume_spike.z = -5 is not a number above 0."),
        ("volume_spike.z=", "--set volume_spike.z= needs NAME=VALUE, for example --set volume_spike.z=5."),
    ],
)
def test_a_flag_that_cannot_be_is_a_wrong_usage(text, sentence) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        from_flags([text], "--set")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("signals = 5", "In spymon.toml, signals = 5 is no table"),
        ("[signals]\nz = 5", "In spymon.toml, signals.z is not a threshold of any signal"),
        (
            "[signals.block]\nsiz = 5",
            "signals.block.siz is not a threshold of any signal; did you mean block.size?",
        ),
        ("[signals.block]\nsize = -5", "In spymon.toml, signals.block.size = -5 is not a number above 0."),
        ("[signals.block]\nsize = true", "signals.block.size = True is not a number above 0."),
        ("[signals.block]\nsize = [1]", "signals.block.size = [1] is not a number above 0."),
        ("[signals.block.size]\nx = 1", "signals.block.size = {'x': 1} is not a number above 0."),
    ],
)
def test_a_table_that_cannot_be_is_a_wrong_setting(text, sentence) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        from_table(tomllib.loads(text)["signals"], "spymon.toml")


def test_a_flag_goes_before_the_file_here_and_that_before_the_users_own(tmp_path: Path) -> None:
    here, user = tmp_path / "here", tmp_path / "user"
    for folder, text in ((here, TOML), (user, "[signals.block]\nsize = 7\n[signals.volume_spike]\nz = 2")):
        folder.mkdir()
        (folder / "spymon.toml").write_text(text, encoding="utf-8")
    settings = load_settings({}, {}, here, user, None, ["volume_spike.z=4.5"])
    own = str(user / "spymon.toml")
    assert settings.rows()[-4:] == (
        ("signals.block.size", "7", own),
        ("signals.cooldown_s", "30", "spymon.toml"),
        ("signals.volume_spike.size", "250", "spymon.toml"),
        ("signals.volume_spike.z", "4.5", "flag --set"),
    )


def test_nothing_is_listed_where_nothing_was_set(tmp_path: Path) -> None:
    settings = load_settings({}, {}, tmp_path, tmp_path)
    assert settings.thresholds == ()
    assert not any(name.startswith("signals") for name, _, _ in settings.rows())


def test_an_edited_file_is_checked_for_its_thresholds_too(tmp_path: Path) -> None:
    file = tmp_path / "spymon.toml"
    file.write_text(TOML, encoding="utf-8")
    check_settings_file(file)
    file.write_text(TOML.replace("z = 5", "zz = 5"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"volume_spike\.zz"):
        check_settings_file(file)
