"""The settings one by one: how each is called, written, read and explained.

Owns the table of settings, their readers and bounds, and what a secret is. It refuses to know where values
come from and which of several wins.
"""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from engine.model.calendar import Expiry, generic, parse_custom

PREFIX = "SPYMON_"
SOURCES = ("massive", "massive-rest", "tastytrade", "tradestation", "cboe", "simulated", "auto")
KEYS = {
    "massive_api_key": ("MASSIVE_API_KEY", "POLYGON_API_KEY"),
    "s3_bucket": ("S3_BUCKET",),
    "s3_endpoint": ("S3_ENDPOINT",),
    "s3_access_key": ("S3_ACCESS_KEY",),
    "s3_secret_key": ("S3_SECRET_KEY",),
}
"""What comes from the environment or `.env` alone, and under which names there."""

OPEN_KEYS = ("s3_bucket", "s3_endpoint")
"""Those that are no secret."""

TABLES = ("alerts", "rules")
"""Tables of the settings file; the setting `alerts_rules` is `rules` under `[alerts]`."""

ALERT_WORDS = ("bell", "toast", "desktop", "command")
"""Alert channels that are no URL."""


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
