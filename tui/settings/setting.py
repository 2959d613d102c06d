"""The settings one by one: how each is called, written, read and explained.

Owns the table of settings, their readers and bounds, and what a secret is.
"""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from engine.feeds.provider import Feed, ProviderSetting
from engine.feeds.registry import FEEDS, PROVIDERS
from engine.model.calendar import Expiry
from engine.model.hints import did_you_mean
from engine.model.readers import choice, number, whole, yes
from engine.model.underlyings import parse_custom, parse_symbol

PREFIX = "SPYMON_"
SOURCES = (*FEEDS, "auto")
PROVIDER_KEYS = {each.name: each.variables for provider in PROVIDERS for each in provider.secrets}
KEYS = {
    **PROVIDER_KEYS,
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
    choices : the words it can be, where these are few
    also    : other variables that set it, below its own: (name, what their text says of it, '' nothing)
    """

    name: str
    default: str
    parse: Callable[[str], Any]
    rule: str
    help: str
    typed: str = ""
    secret: bool = False
    choices: tuple[str, ...] = ()
    also: tuple[tuple[str, Callable[[str], str]], ...] = ()

    def problem(self, text: str) -> str:
        """Return how a sentence goes on that begins with a text which it cannot be."""
        return f"is not {self.rule}{did_you_mean(text, self.choices)}"

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
    return tuple(dict.fromkeys(parse_symbol(part) for part in text.split(",")))


def _customs(text: str) -> tuple[str, ...]:
    specs = tuple(part.strip() for part in text.split(",") if part.strip())
    for spec in specs:
        parse_custom(spec)
    return specs


def _expiry(text: str) -> Expiry:
    word = text.strip().lower()
    if word == "0dte":
        return "0dte"
    return whole(1, 20)(word) if word.isdecimal() else date.fromisoformat(word)


def _speed(text: str) -> float | None:
    word = text.strip().lower()
    if word in ("auto", "max"):
        return math.inf if word == "max" else None
    return number(1e-3, 1e6)(word)


def _directory(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise ValueError(text)
    return Path(text).expanduser()


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
    return tuple(dict.fromkeys(parse_symbol(item) for item in _items(text)))


def _switched(feed: Feed, text: str) -> str:
    """Read a variable that chooses a feed by being true."""
    return feed.name if yes(text) else ""


def _of_provider(each: ProviderSetting) -> Setting:
    former = tuple((PREFIX + name.upper(), str) for name in each.former)
    return Setting(each.name, each.default, each.parse, each.rule, each.help, also=former)


PROVIDER_SETTINGS = tuple(_of_provider(each) for provider in PROVIDERS for each in provider.settings)
"""What the providers of this build need."""


def setting(
    default: str, parse: Callable[[str], Any], rule: str, help: str, typed: str = "", **more: Any
) -> Any:
    """Return a field of `SettingValues` that is made a `Setting` of, by its own name."""
    return field(
        metadata={
            "setting": partial(
                Setting, default=default, parse=parse, rule=rule, help=help, typed=typed, **more
            )
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingValues:
    """Every setting, in the order in which they are shown: its type, default, reader, bounds and meaning.

    `speed` None means: chosen by what is played; inf is as fast as it goes.

    expiry   : '0dte', one date, or how many of the nearest
    data_dir : as written, relative to the working directory
    rate, dividend : per year, 0.04 = 4 %
    """

    symbol: tuple[str, ...] = setting(
        "SPY,QQQ,SPX,NDX,IWM,DIA", _symbols, "a list of symbols such as SPY,QQQ", "watch list"
    )
    custom: tuple[str, ...] = setting("", _customs, "ROOT:INCREMENT[:PREFIX] such as AAPL:2.5", "underlyings")
    expiry: Expiry = setting("3", _expiry, "0dte, a date, or a count from 1 to 20", "expirations to watch")
    strikes: int = setting("25", whole(1, 200), "a whole number from 1 to 200", "strikes each side")
    speed: float | None = setting(
        "auto", _speed, "max or a number from 0.001 to 1000000", "tape seconds per second"
    )
    source: str = setting(
        "auto",
        choice(*SOURCES),
        "one of " + ", ".join(SOURCES),
        "where the tape comes from",
        choices=SOURCES,
        also=tuple((feed.switch, partial(_switched, feed)) for _, feed in FEEDS.values() if feed.switch),
    )
    poll_s: int = setting("5", whole(1, 300), "a whole number from 1 to 300", "seconds between polls")
    preset: str = setting("default", choice("default", "seed"), "default or seed", "signal parameters")
    seed: int = setting(
        "7", whole(0, 10**9), "a whole number from 0 to 1000000000", "the simulated day's seed"
    )
    data_dir: Path = setting("data", _directory, "a folder", "where days, journals and caches live")
    fps: int = setting("10", whole(1, 20), "a whole number from 1 to 20", "frames per second")
    rate: float = setting(
        "0.04", number(-0.1, 1), "a yearly fraction from -0.1 to 1", "interest rate per year"
    )
    dividend: float = setting("0.0", number(0, 1), "a yearly fraction from 0 to 1", "dividend yield per year")
    alerts_channels: tuple[str | SecretUrl, ...] = setting(
        "",
        _channels,
        f"a list of {', '.join(ALERT_WORDS)} and URLs such as ntfy://topic",
        "where alerts go",
        secret=True,
    )
    alert_urls: tuple[SecretUrl, ...] = setting(
        "",
        _urls,
        "a list of URLs such as ntfy://topic",
        "further URLs, from the environment or .env",
        secret=True,
    )
    alerts_command: tuple[str, ...] = setting(
        "", _argv, 'a list such as ["notify", "{title}"]', "what the channel command runs", secret=True
    )
    alerts_rules: tuple[str, ...] = setting(
        "", _items, "a list of rules", "alerts of these rules alone; empty is all"
    )
    alerts_symbols: tuple[str, ...] = setting(
        "", _watched, "a list of symbols", "alerts of these symbols alone; empty is all"
    )
    alerts_min_strength: float = setting(
        "0.6", number(0, 1), "a number from 0 to 1", "weakest signal that alerts"
    )
    alerts_cooldown_s: float = setting(
        "60", number(1, 86_400), "a number from 1 to 86400", "seconds of a cooldown"
    )
    alerts_burst: int = setting("1", whole(1, 100), "a whole number from 1 to 100", "alerts in a cooldown")
    alerts_in_replay: bool = setting(
        "false", yes, "true or false", "alerts in a replay and in a simulation", "--alerts"
    )
    rules_disabled: tuple[str, ...] = setting(
        "", _items, "a list of names", "rules of your own that are left out"
    )


def _settings() -> Iterator[Setting]:
    """Yield every setting, those of the providers after the source that needs them."""
    for each in fields(SettingValues):
        yield each.metadata["setting"](each.name)
        if each.name == "source":
            yield from PROVIDER_SETTINGS


SETTINGS = tuple(_settings())
"""Every setting, in the order in which they are shown."""
