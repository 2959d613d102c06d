"""What the user has set, and where each value came from.

Owns the settings' names, spellings, bounds and precedence: flags > environment > .env > spymon.toml >
defaults. It refuses to know what the settings are for: the composition root reads them once and hands
plain arguments on. Secrets come from the environment or `.env` only, and never show themselves.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values

from .errors import ConfigError, SpymonError, UsageError
from .market import generic, parse_custom
from .thresholds import TABLE, Threshold, from_flags, from_table

FILE_NAME = "spymon.toml"
PREFIX = "SPYMON_"
SOURCES = ("massive", "massive-rest", "tastytrade", "tradestation", "cboe", "simulated", "auto")
KEY_NAMES = ("MASSIVE_API_KEY", "POLYGON_API_KEY")
SSH_NAMES = ("SSH_CONNECTION", "SSH_TTY")
SSH_FPS = "4"
TABLES = ("alerts", "rules")
"""Tables of the settings file; the setting `alerts_rules` is `rules` under `[alerts]`."""

ALERT_WORDS = ("bell", "toast", "desktop", "command")
"""Alert channels that are no URL."""

Expiry = int | date | Literal["0dte"]


@dataclass(frozen=True, slots=True)
class Secret:
    """A key that must not be printed; `reveal()` is the only way to its text."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the key itself."""
        return self._text

    def __repr__(self) -> str:
        return "********"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class SecretUrl(Secret):
    """An address that holds a token or a password; only its scheme is shown."""

    def __repr__(self) -> str:
        return f"{self._text.partition('://')[0]}://********"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: how it is called, written, read and explained.

    default : as a person would write it; read by the same parser as every other value
    rule    : completes the sentence "X is not …"
    typed   : the command line's spelling, where it is not the name's
    secret  : no sentence may cite what was given
    also    : other variables that set it, below its own: (name, what their text says of it, '' nothing)
    """

    name: str
    default: str
    parse: Callable[[str], Any]
    rule: str
    help: str
    typed: str = ""
    secret: bool = False
    also: tuple[tuple[str, Callable[[str], str]], ...] = ()

    @property
    def flag(self) -> str:
        """The command line's spelling, `--data-dir`."""
        return self.typed or "--" + self.name.replace("_", "-")

    @property
    def key(self) -> str:
        """The settings file's spelling, `alerts.rules` for what stands in a table."""
        table, _, rest = self.name.partition("_")
        return f"{table}.{rest}" if table in TABLES else self.name

    @property
    def variable(self) -> str:
        """The environment's spelling, `SPYMON_DATA_DIR`."""
        return PREFIX + self.name.upper()


def _symbols(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(generic(part, 1).symbol for part in text.split(",")))


def _customs(text: str) -> tuple[str, ...]:
    specs = tuple(part.strip() for part in text.split(",") if part.strip())
    for spec in specs:
        parse_custom(spec)
    return specs


def _expiry(text: str) -> Expiry:
    word = text.strip().lower()
    if word == "0dte":
        return "0dte"
    return _whole(1, 20)(word) if word.isdecimal() else date.fromisoformat(word)


def _speed(text: str) -> float | None:
    word = text.strip().lower()
    if word in ("auto", "max"):
        return math.inf if word == "max" else None
    return _number(1e-3, 1e6)(word)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return parse


def _number(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not least <= value <= most:  # nan fails here too
            raise ValueError(text)
        return value

    return parse


def _choice(*names: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.strip().lower() not in names:
            raise ValueError(text)
        return text.strip().lower()

    return parse


def _directory(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise ValueError(text)
    return Path(text).expanduser()


def _yes(text: str) -> bool:
    return _choice("true", "false", "yes", "no", "1", "0")(text) in ("true", "yes", "1")


def _address(*schemes: str) -> Callable[[str], str]:
    """Return a reader of a scheme, a host and perhaps a port, without the slash at the end."""
    form = re.compile(rf"(?:{'|'.join(schemes)})://[A-Za-z0-9.\[\]:_-]+/?")

    def parse(text: str) -> str:
        if not form.fullmatch(text.strip()):
            raise ValueError(text)
        return text.strip().rstrip("/")

    return parse


def _source_over_rest(text: str) -> str:
    return "massive-rest" if _yes(text) else ""


def _items(text: str) -> tuple[str, ...]:
    """Read a list: JSON, as a settings file's is handed on, or words between commas and spaces."""
    if not text.lstrip().startswith("["):
        return tuple(word for word in re.split(r"[\s,]+", text) if word)
    items = json.loads(text)
    if not all(isinstance(item, str) for item in items):
        raise ValueError(text)
    return tuple(items)


def _argv(text: str) -> tuple[str, ...]:
    return _items(text) if text.lstrip().startswith("[") else tuple(shlex.split(text))


def _urls(text: str) -> tuple[SecretUrl, ...]:
    items = _items(text)
    if not all(re.fullmatch(r"[A-Za-z][\w+.-]*://\S+", item) for item in items):
        raise ValueError(text)
    return tuple(map(SecretUrl, items))


def _channels(text: str) -> tuple[str | SecretUrl, ...]:
    return tuple(item if item in ALERT_WORDS else _urls(json.dumps([item]))[0] for item in _items(text))


def _watched(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(generic(item, 1).symbol for item in _items(text)))


SETTINGS = (
    Setting("symbol", "SPY,QQQ,SPX,NDX,IWM,DIA", _symbols, "a list of symbols such as SPY,QQQ", "watch list"),
    Setting("custom", "", _customs, "ROOT:INCREMENT[:PREFIX] such as AAPL:2.5", "underlyings"),
    Setting("expiry", "3", _expiry, "0dte, a date, or a count from 1 to 20", "expirations to watch"),
    Setting("strikes", "25", _whole(1, 200), "a whole number from 1 to 200", "strikes each side"),
    Setting("speed", "auto", _speed, "max or a number from 0.001 to 1000000", "tape seconds per second"),
    Setting(
        "source",
        "auto",
        _choice(*SOURCES),
        "one of " + ", ".join(SOURCES),
        "where the tape comes from",
        also=(("USE_REST", _source_over_rest),),
    ),
    Setting(
        "massive_ws_url",
        "wss://socket.massive.com",
        _address("wss", "ws"),
        "an address such as wss://socket.massive.com",
        "Massive's live feed",
        also=((PREFIX + "POLYGON_WS_URL", str),),
    ),
    Setting(
        "massive_rest_url",
        "https://api.massive.com",
        _address("https", "http"),
        "an address such as https://api.massive.com",
        "Massive's REST interface",
        also=((PREFIX + "POLYGON_REST_URL", str),),
    ),
    Setting(
        "massive_connections",
        "1",
        _whole(1, 10),
        "a whole number from 1 to 10",
        "connections the plan allows, 1000 quoted contracts each",
    ),
    Setting("poll_s", "5", _whole(1, 300), "a whole number from 1 to 300", "seconds between polls"),
    Setting("preset", "default", _choice("default", "seed"), "default or seed", "signal parameters"),
    Setting("seed", "7", _whole(0, 10**9), "a whole number from 0 to 1000000000", "the simulated day's seed"),
    Setting("data_dir", "data", _directory, "a folder", "where days, journals and caches live"),
    Setting("fps", "10", _whole(1, 20), "a whole number from 1 to 20", "frames per second"),
    Setting("rate", "0.04", _number(-0.1, 1), "a yearly fraction from -0.1 to 1", "interest rate per year"),
    Setting("dividend", "0.0", _number(0, 1), "a yearly fraction from 0 to 1", "dividend yield per year"),
    Setting(
        "alerts_channels",
        "",
        _channels,
        f"a list of {', '.join(ALERT_WORDS)} and URLs such as ntfy://topic",
        "where alerts go",
        secret=True,
    ),
    Setting(
        "alert_urls",
        "",
        _urls,
        "a list of URLs such as ntfy://topic",
        "further URLs, from the environment or .env",
        secret=True,
    ),
    Setting(
        "alerts_command",
        "",
        _argv,
        'a list such as ["notify", "{title}"]',
        "what the channel command runs",
        secret=True,
    ),
    Setting("alerts_rules", "", _items, "a list of rules", "alerts of these rules alone; empty is all"),
    Setting(
        "alerts_symbols", "", _watched, "a list of symbols", "alerts of these symbols alone; empty is all"
    ),
    Setting(
        "alerts_min_strength", "0.6", _number(0, 1), "a number from 0 to 1", "weakest signal that alerts"
    ),
    Setting(
        "alerts_cooldown_s", "60", _number(1, 86_400), "a number from 1 to 86400", "seconds of a cooldown"
    ),
    Setting("alerts_burst", "1", _whole(1, 100), "a whole number from 1 to 100", "alerts in a cooldown"),
    Setting(
        "alerts_in_replay",
        "false",
        _yes,
        "true or false",
        "alerts in a replay and in a simulation",
        "--alerts",
    ),
    Setting("rules_disabled", "", _items, "a list of names", "rules of your own that are left out"),
)
"""Every setting, in the order in which they are shown."""

_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every value in force. `speed` None means: chosen by what is played; inf is as fast as it goes.

    expiry   : '0dte', one date, or how many of the nearest
    data_dir : as written, relative to the working directory
    rate, dividend : per year, 0.04 = 4 %
    thresholds : signal thresholds that differ from the preset's because somebody said so
    warnings : sentences about names that look like settings and are none
    """

    symbol: tuple[str, ...]
    custom: tuple[str, ...]
    expiry: Expiry
    strikes: int
    speed: float | None
    source: str
    massive_ws_url: str
    massive_rest_url: str
    massive_connections: int
    poll_s: int
    preset: str
    seed: int
    data_dir: Path
    fps: int
    rate: float
    dividend: float
    alerts_channels: tuple[str | SecretUrl, ...]
    alert_urls: tuple[SecretUrl, ...]
    alerts_command: tuple[str, ...]
    alerts_rules: tuple[str, ...]
    alerts_symbols: tuple[str, ...]
    alerts_min_strength: float
    alerts_cooldown_s: float
    alerts_burst: int
    alerts_in_replay: bool
    rules_disabled: tuple[str, ...]
    massive_api_key: Secret | None
    origins: Mapping[str, str]
    thresholds: tuple[Threshold, ...] = ()
    warnings: tuple[str, ...] = ()

    def origin(self, name: str) -> str:
        """Return 'flag --speed', 'environment SPYMON_SPEED', '.env', 'spymon.toml' or 'default'."""
        return self.origins[name]

    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """Return (name, value, origin) of every setting, secrets masked."""
        texts = {name: as_text(getattr(self, name)) for name in self.origins}
        if self.speed is None:
            texts["speed"] = "auto"
        keys = {setting.name: setting.key for setting in SETTINGS}
        rows = ((keys.get(name, name), texts[name], origin) for name, origin in self.origins.items())
        return (*rows, *((f"{TABLE}.{each.name}", each.value, each.origin) for each in self.thresholds))


def as_text(value: object) -> str:
    """Write a setting's value as a person would."""
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple):
        return ",".join(str(SecretUrl(str(item))) if "://" in str(item) else str(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "max" if value == math.inf else str(value)


@dataclass(frozen=True, slots=True)
class Given:
    """One raw value as found: its text, its origin, and how to cite it in a sentence."""

    text: str
    origin: str
    cited: str


Layer = Mapping[str, Given]


def load_settings(
    flags: Mapping[str, str],
    environ: Mapping[str, str],
    directory: Path,
    user_directory: Path,
    config_file: Path | None = None,
    thresholds: Sequence[str] = (),
) -> Settings:
    """Merge every layer into `Settings`.

    flags          : setting name -> text as typed, only those that were typed
    thresholds     : signal thresholds as typed, `volume_spike.z=5`
    directory      : where `.env` and `spymon.toml` are looked for, usually the working directory
    user_directory : a second place for `spymon.toml`, below the first
    config_file    : read instead of both `spymon.toml`

    Raises UsageError for a bad flag and ConfigError for everything else.
    """
    dotenv = _read_dotenv(directory / ".env")
    files = _toml_files(directory, user_directory, config_file)
    tables = [(_read_toml(path, cited), cited) for path, cited in files]
    layers = [
        _flag_layer(flags),
        _variable_layer(environ, None),
        _variable_layer(dotenv, ".env"),
        *(_toml_layer(table, cited) for table, cited in tables),
        _default_layer(environ),
    ]
    found = {setting.name: _first(layers, setting.name) for setting in SETTINGS}
    values = {name: _value(_BY_NAME[name], given) for name, given in found.items()}
    key, key_origin = _key(environ, dotenv)
    origins = {name: given.origin for name, given in found.items()} | {"massive_api_key": key_origin}
    warnings = (*_strangers(environ, "the environment"), *_strangers(dotenv, ".env"))
    typed = from_flags(thresholds, "--set")
    return Settings(
        **values,
        massive_api_key=key,
        origins=origins,
        thresholds=_thresholds([typed, *(_toml_thresholds(table, cited) for table, cited in tables)]),
        warnings=warnings,
    )


def settings_file(directory: Path, user_directory: Path, config_file: Path | None = None) -> Path:
    """Return the settings file that is in force, or that `config edit` would create."""
    here = directory / FILE_NAME
    return config_file or (here if here.exists() else user_directory / FILE_NAME)


def check_settings_file(path: Path) -> None:
    """Read a settings file alone; ConfigError names the first thing in it that cannot be."""
    table = _read_toml(path, str(path))
    for name, given in _toml_layer(table, str(path)).items():
        _value(_BY_NAME[name], given)
    _toml_thresholds(table, str(path))


def template() -> str:
    """Return a new settings file: every setting with its meaning and default, commented out."""
    lines = ["# spymon settings; flags, the environment and .env override what stands here.", ""]
    for setting in SETTINGS:
        lines += [f"# {setting.help}: {setting.rule}", f'# {setting.key} = "{setting.default}"', ""]
    lines += [
        f"# Signal thresholds go into tables, e.g. [{TABLE}.volume_spike] with z, below everything else.",
        "",
    ]
    return "\n".join(lines)


def _hint(word: str, names: list[str], prefix: str = "") -> str:
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"; did you mean {prefix}{close[0]}?" if close else "."


def _first(layers: list[Layer], name: str) -> Given:
    return next(layer[name] for layer in layers if name in layer)


def _value(setting: Setting, given: Given) -> Any:
    try:
        return setting.parse(given.text)
    except (ValueError, SpymonError):
        kind = UsageError if given.origin.startswith("flag ") else ConfigError
        cited = f"What {given.origin} says of {setting.key}" if setting.secret else given.cited
        raise kind(f"{cited} is not {setting.rule}.") from None


def _flag_layer(flags: Mapping[str, str]) -> Layer:
    return {
        name: Given(text, f"flag {_BY_NAME[name].flag}", f"{_BY_NAME[name].flag} {text}".rstrip())
        for name, text in flags.items()
    }


def _variable_layer(variables: Mapping[str, str], origin: str | None) -> Layer:
    found = ((setting.name, _variable(setting, variables, origin)) for setting in SETTINGS)
    return {name: given for name, given in found if given is not None}


def _variable(setting: Setting, variables: Mapping[str, str], origin: str | None) -> Given | None:
    own: tuple[str, Callable[[str], str]] = (setting.variable, str)
    for name, read in (own, *setting.also):
        written = variables.get(name, "").strip()
        cited = f"{name}={written} in {origin or 'the environment'}"
        text = _read_as(read, written, cited) if written else ""
        if text:
            return Given(text, origin or f"environment {name}", cited)
    return None


def _read_as(read: Callable[[str], str], text: str, cited: str) -> str:
    try:
        return read(text)
    except ValueError:
        raise ConfigError(f"{cited} is not true or false.") from None


def _default_layer(environ: Mapping[str, str]) -> Layer:
    remote = any(environ.get(name) for name in SSH_NAMES)
    texts = {setting.name: setting.default for setting in SETTINGS} | ({"fps": SSH_FPS} if remote else {})
    return {name: Given(text, "default", f"the default {name}") for name, text in texts.items()}


def _key(environ: Mapping[str, str], dotenv: Mapping[str, str]) -> tuple[Secret | None, str]:
    for variables, where in ((environ, "environment {}"), (dotenv, ".env")):
        for name in KEY_NAMES:
            if variables.get(name, "").strip():
                return Secret(variables[name].strip()), where.format(name)
    return None, "default"


def _strangers(variables: Mapping[str, str], where: str) -> tuple[str, ...]:
    known = [setting.name.upper() for setting in SETTINGS]
    known += [name.removeprefix(PREFIX) for setting in SETTINGS for name, _ in setting.also]
    words = sorted(name.removeprefix(PREFIX) for name in variables if name.startswith(PREFIX))
    strange = [word for word in words if word not in known]
    return tuple(
        f"{PREFIX}{word} in {where} is not a setting{_hint(word, known, PREFIX)}" for word in strange
    )


def _read_dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8") as stream:
            return {k: v for k, v in dotenv_values(stream=stream, interpolate=False).items() if v is not None}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({_why(error)}).") from error


def _toml_files(here: Path, user: Path, config_file: Path | None) -> list[tuple[Path, str]]:
    if config_file is not None:
        if not config_file.is_file():
            wrong = "is not a file" if config_file.exists() else "does not exist"
            raise ConfigError(f"The settings file {config_file} {wrong}.")
        return [(config_file, str(config_file))]
    candidates = [(here / FILE_NAME, FILE_NAME), (user / FILE_NAME, str(user / FILE_NAME))]
    return [(path, cited) for path, cited in candidates if path.is_file()]


def _read_toml(path: Path, cited: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{cited} cannot be read ({_why(error)}).") from error


def _toml_layer(table: Mapping[str, Any], cited: str) -> Layer:
    return dict(_toml_entry(key, value, cited) for key, value in _flat(table))


def _flat(table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield each key with its value, those of a table as `alerts.rules`; thresholds are read apart."""
    for key, value in table.items():
        if key in TABLES and isinstance(value, dict):
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        elif key != TABLE:
            yield key, value


def _toml_thresholds(table: Mapping[str, Any], cited: str) -> dict[str, Threshold]:
    return from_table(table.get(TABLE, {}), cited)


def _thresholds(layers: Sequence[Mapping[str, Threshold]]) -> tuple[Threshold, ...]:
    """Return every threshold that was set, from the first layer that has it."""
    merged: dict[str, Threshold] = {}
    for layer in reversed(layers):
        merged |= layer
    return tuple(merged[name] for name in sorted(merged))


def _toml_entry(key: str, value: object, cited: str) -> tuple[str, Given]:
    name = key.replace("-", "_").replace(".", "_", 1)
    if name.upper() in KEY_NAMES:
        raise ConfigError(f"{cited} holds {key}; keys belong in the environment or in .env.")
    if name not in _BY_NAME:
        raise ConfigError(f"{cited} has an unknown key {key}{_hint(key, [s.key for s in SETTINGS])}")
    text = _toml_text(value, whole=_BY_NAME[name].key != name or _BY_NAME[name].secret)
    return name, Given(text, cited, f"{key} = {text} in {cited}")


def _toml_text(value: object, whole: bool) -> str:
    """Write a value as a variable would; the items of a list stay `whole` where they may hold commas."""
    if isinstance(value, list):
        return json.dumps(value, default=str) if whole else ",".join(str(item) for item in value)
    return str(value)


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
