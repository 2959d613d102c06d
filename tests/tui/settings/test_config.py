"""Settings: which layer wins, what a value may be, and what never shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from engine.model.errors import ConfigError, UsageError
from tui.settings.config import (
    Settings,
    check_settings_file,
    load_settings,
    settings_file,
    template,
)
from tui.settings.setting import KEYS, SETTINGS, Secret

KEY = "k-1234567890abcdef"


def load(
    tmp_path: Path,
    flags: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    dotenv: str | None = None,
    toml: str | None = None,
    user_toml: str | None = None,
    config_file: Path | None = None,
) -> Settings:
    here, user = tmp_path / "here", tmp_path / "user"
    for folder in (here, user):
        folder.mkdir(exist_ok=True)
    files = ((here / ".env", dotenv), (here / "spymon.toml", toml), (user / "spymon.toml", user_toml))
    for path, text in files:
        if text is not None:
            path.write_text(text, encoding="utf-8")
    return load_settings(flags or {}, environ or {}, here, user, config_file)


LAYERS = ("flags", "environ", "dotenv", "toml", "user_toml")
STRIKES = {
    "flags": {"strikes": "11"},
    "environ": {"SPYMON_STRIKES": "12"},
    "dotenv": "SPYMON_STRIKES=13\n",
    "toml": "strikes = 14\n",
    "user_toml": "strikes = 15\n",
}


@pytest.mark.parametrize(
    ("given", "value", "origin"),
    [
        (LAYERS, 11, "flag --strikes"),
        (LAYERS[1:], 12, "environment SPYMON_STRIKES"),
        (LAYERS[2:], 13, ".env"),
        (LAYERS[3:], 14, "spymon.toml"),
        ((), 25, "default"),
        (("flags", "user_toml"), 11, "flag --strikes"),
        (("dotenv", "user_toml"), 13, ".env"),
        (("environ", "toml"), 12, "environment SPYMON_STRIKES"),
    ],
)
def test_the_higher_layer_wins_and_is_named(
    tmp_path: Path, given: tuple[str, ...], value: int, origin: str
) -> None:
    settings = load(tmp_path, **{layer: STRIKES[layer] for layer in given})
    assert settings.strikes == value
    assert settings.origin("strikes") == origin


def test_the_users_own_file_is_named_by_its_path(tmp_path: Path) -> None:
    settings = load(tmp_path, user_toml="fps = 5")
    assert settings.fps == 5
    assert settings.origin("fps") == str(tmp_path / "user" / "spymon.toml")


def test_layers_are_merged_value_by_value(tmp_path: Path) -> None:
    settings = load(
        tmp_path, {"fps": "7"}, {"SPYMON_SPEED": "2"}, "SPYMON_SEED=9", "strikes = 3", "rate = 0.01"
    )
    got = (settings.fps, settings.speed, settings.seed, settings.strikes, settings.rate)
    assert got == (7, 2.0, 9, 3, 0.01)


def test_a_named_settings_file_replaces_both_others(tmp_path: Path) -> None:
    chosen = tmp_path / "mine.toml"
    chosen.write_text("fps = 3\n", encoding="utf-8")
    settings = load(tmp_path, toml="strikes = 9", user_toml="seed = 1", config_file=chosen)
    assert (settings.fps, settings.strikes, settings.seed) == (3, 25, 7)
    assert settings.origin("fps") == str(chosen)


def test_a_named_settings_file_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"settings file .* is not a file"):
        load_settings({}, {}, tmp_path, tmp_path, tmp_path)
    with pytest.raises(ConfigError, match=r"settings file .*nowhere\.toml does not exist"):
        load(tmp_path, config_file=tmp_path / "nowhere.toml")


def test_defaults_are_those_of_the_command_lines_contract(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.symbol == ("SPY", "QQQ", "SPX", "NDX", "IWM", "DIA")
    assert (settings.expiry, settings.strikes, settings.source, settings.preset) == (3, 25, "auto", "default")
    assert (settings.fps, settings.rate, settings.dividend) == (10, 0.04, 0.0)
    assert (settings.speed, settings.data_dir, settings.provider_secrets) == (None, Path("data"), {})
    assert set(settings.origins.values()) == {"default"}


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY"])
def test_over_ssh_the_default_rate_is_four_frames(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, environ={name: "x"}).fps == 4
    assert load(tmp_path, {"fps": "20"}, {name: "x"}).fps == 20


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("speed", "max", math.inf),
        ("speed", "0.25", 0.25),
        ("speed", "auto", None),
        ("symbol", "spy, QQQ,SPY", ("SPY", "QQQ")),
        ("custom", "AAPL:2.5,TSLA:5", ("AAPL:2.5", "TSLA:5")),
        ("expiry", "0DTE", "0dte"),
        ("expiry", "2025-12-19", date(2025, 12, 19)),
        ("expiry", "5", 5),
        ("strikes", "200", 200),
        ("source", "Simulated", "simulated"),
        ("preset", "seed", "seed"),
        ("data_dir", "elsewhere/days", Path("elsewhere/days")),
        ("rate", "-0.005", -0.005),
        ("dividend", "0.013", 0.013),
    ],
)
def test_a_value_is_read_the_same_way_from_every_layer(
    tmp_path: Path, name: str, text: str, value: object
) -> None:
    assert getattr(load(tmp_path, {name: text}), name) == value
    assert getattr(load(tmp_path, environ={f"SPYMON_{name.upper()}": text}), name) == value
    assert getattr(load(tmp_path, toml=f"{name} = '{text}'"), name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("speed", "-1"),
        ("speed", "0"),
        ("speed", "nan"),
        ("speed", "inf"),
        ("speed", "fast"),
        ("symbol", ""),
        ("symbol", "SPY,"),
        ("symbol", "$$$"),
        ("symbol", "TOOLONGX"),
        ("custom", "AAPL"),
        ("expiry", "0"),
        ("expiry", "2025-02-30"),
        ("strikes", "0"),
        ("strikes", "2.5"),
        ("source", "bloomberg"),
        ("preset", "wild"),
        ("seed", "-1"),
        ("fps", "21"),
        ("rate", "nan"),
        ("dividend", "-0.1"),
        ("data_dir", " "),
    ],
)
def test_what_a_value_cannot_be_is_one_sentence_of_the_right_kind(
    tmp_path: Path, name: str, text: str
) -> None:
    flag = "--" + name.replace("_", "-")
    with pytest.raises(UsageError, match=rf"^{flag}.* is not .*\.$"):
        load(tmp_path, {name: text})
    with pytest.raises(ConfigError, match=rf"^{name} = .* in spymon\.toml is not .*\.$"):
        load(tmp_path, toml=f"{name} = '{text}'")
    if text.strip():
        with pytest.raises(ConfigError, match=rf"^SPYMON_{name.upper()}=.* in \.env is not .*\.$"):
            load(tmp_path, dotenv=f"SPYMON_{name.upper()}='{text}'", toml="")


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    settings = load(tmp_path, environ={"SPYMON_FPS": " ", "MASSIVE_API_KEY": ""}, dotenv="SPYMON_SPEED=\n")
    assert (settings.fps, settings.speed, settings.provider_secrets) == (10, None, {})


def test_toml_may_hold_numbers_lists_and_dashes(tmp_path: Path) -> None:
    settings = load(
        tmp_path, toml='symbol = ["SPX", "NDX"]\nspeed = 2.5\n"data-dir" = "d"\nexpiry = 2025-12-19\n'
    )
    assert (settings.symbol, settings.speed) == (("SPX", "NDX"), 2.5)
    assert (settings.data_dir, settings.expiry) == (Path("d"), date(2025, 12, 19))


def test_an_unknown_key_names_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown key strike; did you mean strikes\?"):
        load(tmp_path, toml="strike = 4")
    with pytest.raises(ConfigError, match=r"unknown key zzz\.$"):
        load(tmp_path, toml="zzz = 4")


def test_a_settings_file_that_is_no_toml_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^spymon\.toml cannot be read \(.*line 1.*\)\.$"):
        load(tmp_path, toml="fps 3")


@pytest.mark.parametrize("name", [".env", "spymon.toml"])
def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path, name: str) -> None:
    load(tmp_path)
    (tmp_path / "here" / name).write_bytes(b"\xff\xfe\x00fps")
    with pytest.raises(ConfigError, match=r"cannot be read \(it is not UTF-8 text\)"):
        load(tmp_path)


def test_a_variable_that_looks_like_a_setting_and_is_none_is_pointed_out(tmp_path: Path) -> None:
    settings = load(tmp_path, environ={"SPYMON_SPED": "4"}, dotenv="SPYMON_QQ=1\nOTHER=2\n")
    assert settings.warnings == (
        "SPYMON_SPED in the environment is not a setting; did you mean SPYMON_SPEED?",
        "SPYMON_QQ in .env is not a setting.",
    )


@pytest.mark.parametrize(
    ("environ", "dotenv", "origin"),
    [
        ({"MASSIVE_API_KEY": KEY, "POLYGON_API_KEY": "other"}, "", "environment MASSIVE_API_KEY"),
        ({"POLYGON_API_KEY": KEY}, "MASSIVE_API_KEY=other", "environment POLYGON_API_KEY"),
        ({}, f"POLYGON_API_KEY={KEY}", ".env"),
    ],
)
def test_the_key_comes_from_the_environment_before_the_file(
    tmp_path: Path, environ: dict[str, str], dotenv: str, origin: str
) -> None:
    settings = load(tmp_path, environ=environ, dotenv=dotenv)
    assert settings.provider_secrets["massive_api_key"].reveal() == KEY
    assert settings.origin("massive_api_key") == origin


def test_a_secret_never_shows_itself(tmp_path: Path) -> None:
    settings = load(tmp_path, environ={"MASSIVE_API_KEY": KEY})
    for shown in (repr(settings), str(settings.rows()), f"{settings.provider_secrets}", repr(Secret(KEY))):
        assert KEY not in shown
        assert KEY[-4:] not in shown
        assert "********" in shown


def test_a_key_in_the_settings_file_is_refused_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds massive_api_key; keys belong in") as caught:
        load(tmp_path, toml=f"massive_api_key = '{KEY}'")
    assert KEY not in str(caught.value)


def test_rows_show_every_setting_with_value_and_origin(tmp_path: Path) -> None:
    rows = {name: (value, origin) for name, value, origin in load(tmp_path, {"speed": "max"}).rows()}
    assert set(rows) == {setting.key for setting in SETTINGS} | set(KEYS)
    assert rows["speed"] == ("max", "flag --speed")
    assert rows["symbol"] == ("SPY,QQQ,SPX,NDX,IWM,DIA", "default")
    assert rows["custom"] == ("none", "default")


def test_an_unset_speed_shows_that_it_is_chosen_by_what_is_played(tmp_path: Path) -> None:
    assert {n: v for n, v, _ in load(tmp_path).rows()}["speed"] == "auto"


def test_the_template_is_a_valid_file_that_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, toml=template()).rows() == load(tmp_path).rows()


def test_the_template_with_every_line_active_still_means_the_defaults(tmp_path: Path) -> None:
    active = "\n".join(line.removeprefix("# ") for line in template().splitlines() if " = " in line)
    settings = load(tmp_path, toml=active)
    assert [row[:2] for row in settings.rows()] == [
        row[:2] for row in load_settings({}, {}, tmp_path, tmp_path).rows()
    ]


def test_the_settings_file_here_is_preferred_to_the_users(tmp_path: Path) -> None:
    here, user = tmp_path / "a", tmp_path / "b"
    here.mkdir()
    assert settings_file(here, user) == user / "spymon.toml"
    (here / "spymon.toml").touch()
    assert settings_file(here, user) == here / "spymon.toml"
    assert settings_file(here, user, tmp_path / "c.toml") == tmp_path / "c.toml"


def test_checking_a_file_names_its_first_fault(tmp_path: Path) -> None:
    file = tmp_path / "spymon.toml"
    file.write_text("fps = 10\nstrikes = -4\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"strikes = -4 in .*spymon\.toml is not a whole number"):
        check_settings_file(file)


# --- tables: alerts and rules -----------------------------------------------------------------------------

CANARY = "canary-7f3a91"
ALERTS = f"""
[alerts]
channels = ["bell", "command", "json://me:{CANARY}@host/{CANARY}?x=a,b"]
command = ["notify", "{{title}}, {{body}}", "https://hook/{CANARY}"]
rules = ["price_move", "user:mine"]
symbols = ["spy", "QQQ"]
min_strength = 0.7
cooldown_s = 30
burst = 2
in_replay = true
[rules]
disabled = ["mine"]
"""


def test_a_table_of_the_settings_file_is_read_key_by_key(tmp_path: Path) -> None:
    got = load(tmp_path, toml=ALERTS)
    bell, command, url = got.alerts_channels
    assert (bell, command) == ("bell", "command")
    assert isinstance(url, Secret)
    assert url.reveal() == f"json://me:{CANARY}@host/{CANARY}?x=a,b"
    assert got.alerts_command == ("notify", "{title}, {body}", f"https://hook/{CANARY}")
    assert (got.alerts_rules, got.alerts_symbols) == (("price_move", "user:mine"), ("SPY", "QQQ"))
    assert (got.alerts_min_strength, got.alerts_cooldown_s, got.alerts_burst) == (0.7, 30.0, 2)
    assert (got.alerts_in_replay, got.rules_disabled) == (True, ("mine",))
    assert got.origin("alerts_burst") == "spymon.toml"


def test_the_environment_spells_a_tables_setting_with_its_table(tmp_path: Path) -> None:
    environ = {
        "SPYMON_ALERTS_CHANNELS": "bell, toast ntfy://topic",
        "SPYMON_ALERTS_COMMAND": "say 'a b' {title}",
        "SPYMON_ALERTS_IN_REPLAY": "yes",
        "SPYMON_ALERT_URLS": "json://a/b ntfys://c",
    }
    got = load(tmp_path, environ=environ)
    assert [str(channel) for channel in got.alerts_channels] == ["bell", "toast", "ntfy://********"]
    assert got.alerts_command == ("say", "a b", "{title}")
    assert got.alerts_in_replay is True
    assert [url.reveal() for url in got.alert_urls] == ["json://a/b", "ntfys://c"]
    assert got.warnings == ()


def test_a_url_shows_its_scheme_and_nothing_else(tmp_path: Path) -> None:
    got = load(tmp_path, toml=ALERTS, environ={"SPYMON_ALERT_URLS": f"discord://1/{CANARY}"})
    rows = {name: value for name, value, _ in got.rows()}
    assert rows["alerts.channels"] == "bell,command,json://********"
    assert rows["alert_urls"] == "discord://********"
    assert rows["alerts.command"] == "notify,{title}, {body},https://********"
    assert CANARY not in f"{got.rows()} {got.alerts_channels!r} {got.alert_urls!r}"


@pytest.mark.parametrize(
    ("toml", "name"),
    [
        (f"[alerts]\nchannels = ['{CANARY}']", "alerts.channels"),
        (f"[alerts]\nchannels = ['json:// {CANARY}']", "alerts.channels"),
        (f"[alerts]\nchannels = [['{CANARY}']]", "alerts.channels"),
        (f"alert_urls = '{CANARY}'", "alert_urls"),
        (f'[alerts]\ncommand = "say \'{CANARY}"', "alerts.command"),
    ],
)
def test_a_sentence_about_a_bad_url_does_not_repeat_it(tmp_path: Path, toml: str, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, toml=toml)
    assert str(caught.value).startswith(f"What spymon.toml says of {name} is not a list")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[alerts]\nchanels = []", "unknown key alerts.chanels; did you mean alerts.channels?"),
        ("[alerts]\nmin_strength = 1.5", "alerts.min_strength = 1.5 in spymon.toml is not a number from 0"),
        ("[alerts]\nin_replay = 'perhaps'", "alerts.in_replay = perhaps in spymon.toml is not true or false"),
        ("[alerts]\ncooldown_s = 0", "is not a number from 1 to 86400."),
        ("alerts = 3", "unknown key alerts"),
        ("[strikes]\na = 1", "is not a whole number from 1 to 200."),
    ],
)  # fmt: skip
def test_a_bad_value_in_a_table_is_one_sentence(tmp_path: Path, toml: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, toml=toml)
    assert sentence in str(caught.value)


def test_a_list_of_the_settings_file_keeps_its_items_whole(tmp_path: Path) -> None:
    assert load(tmp_path, toml="symbol = ['SPY', 'QQQ']").symbol == ("SPY", "QQQ")
    assert load(tmp_path, toml="alerts.command = ['a b', 'c,d', '']").alerts_command == ("a b", "c,d", "")


def test_massives_hosts_are_the_usual_ones_until_told(tmp_path: Path) -> None:
    got = load(tmp_path)
    assert got.provider_values == {
        "massive_ws_url": "wss://socket.massive.com",
        "massive_rest_url": "https://api.massive.com",
        "massive_connections": 1,
    }
    assert got.poll_s == 5


def test_massives_hosts_are_read_under_their_old_name_too(tmp_path: Path) -> None:
    old = {"SPYMON_POLYGON_WS_URL": "ws://127.0.0.1:81/", "SPYMON_POLYGON_REST_URL": "http://127.0.0.1:82"}
    got = load(tmp_path, environ=old)
    assert got.provider_values["massive_ws_url"] == "ws://127.0.0.1:81"
    assert got.provider_values["massive_rest_url"] == "http://127.0.0.1:82"
    assert got.origin("massive_ws_url") == "environment SPYMON_POLYGON_WS_URL"
    assert got.warnings == ()
    new = load(tmp_path, environ=old | {"SPYMON_MASSIVE_WS_URL": "wss://delayed.massive.com"})
    assert new.provider_values["massive_ws_url"] == "wss://delayed.massive.com"


@pytest.mark.parametrize("text", ["socket.massive.com", "https://socket.massive.com", "wss://", "wss://a/b"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="is not an address such as wss://socket"):
        load(tmp_path, environ={"SPYMON_MASSIVE_WS_URL": text})


def test_use_rest_asks_for_polls_unless_a_source_is_named(tmp_path: Path) -> None:
    got = load(tmp_path, environ={"USE_REST": "true"})
    assert (got.source, got.origin("source")) == ("massive-rest", "environment USE_REST")
    named = {"USE_REST": "true", "SPYMON_SOURCE": "simulated"}
    assert load(tmp_path, environ=named).source == "simulated"
    assert load(tmp_path, dotenv="USE_REST=1\n").source == "massive-rest"


def test_use_rest_false_says_nothing_of_the_source(tmp_path: Path) -> None:
    assert load(tmp_path, environ={"USE_REST": "false"}, toml='source = "simulated"\n').source == "simulated"
    with pytest.raises(ConfigError, match="USE_REST=perhaps in the environment is not true or false"):
        load(tmp_path, environ={"USE_REST": "perhaps"})
