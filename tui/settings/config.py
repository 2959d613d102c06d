"""What the user has set, and where each value came from.

Owns the places where settings are looked for and their precedence: flags > environment > .env >
spymon.toml > defaults. The composition root reads them once and hands plain arguments on. Secrets come from
the environment or `.env` only, and never show themselves.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from engine.model.errors import ConfigError, SpymonError, UsageError
from engine.model.hints import did_you_mean

from .setting import (
    KEYS,
    OPEN_KEYS,
    PREFIX,
    PROVIDER_KEYS,
    PROVIDER_SETTINGS,
    SETTINGS,
    TABLES,
    Secret,
    SecretUrl,
    Setting,
    SettingValues,
)
from .thresholds import TABLE, Threshold, from_flags, from_table

FILE_NAME = "spymon.toml"
SSH_NAMES = ("SSH_CONNECTION", "SSH_TTY")
SSH_FPS = "4"

_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(SettingValues):
    """Every value in force.

    provider_values, provider_secrets : what providers need, by name; only the secrets that are set
    thresholds : signal thresholds that differ from the preset's because somebody said so
    warnings   : sentences about names that look like settings and are none
    """

    s3_bucket: str | None
    s3_endpoint: str | None
    s3_access_key: Secret | None
    s3_secret_key: Secret | None
    provider_values: Mapping[str, Any]
    provider_secrets: Mapping[str, Secret]
    origins: Mapping[str, str]
    thresholds: tuple[Threshold, ...] = ()
    warnings: tuple[str, ...] = ()

    def origin(self, name: str) -> str:
        """Return 'flag --speed', 'environment SPYMON_SPEED', '.env', 'spymon.toml' or 'default'."""
        return self.origins[name]

    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """Return (name, value, origin) of every setting, secrets masked."""
        texts = {name: as_text(self._value(name)) for name in self.origins}
        if self.speed is None:
            texts["speed"] = "auto"
        keys = {setting.name: setting.key for setting in SETTINGS}
        rows = ((keys.get(name, name), texts[name], origin) for name, origin in self.origins.items())
        return (*rows, *((f"{TABLE}.{each.name}", each.value, each.origin) for each in self.thresholds))

    def _value(self, name: str) -> object:
        if name in self.provider_values:
            return self.provider_values[name]
        return self.provider_secrets.get(name) if name in PROVIDER_KEYS else getattr(self, name)


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
class RawValue:
    """One raw value as found: its text, its origin, and how to cite it in a sentence."""

    text: str
    origin: str
    cited: str


Layer = Mapping[str, RawValue]


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
    keys = {name: _key(spellings, environ, dotenv) for name, spellings in KEYS.items()}
    origins = {name: given.origin for name, given in found.items()}
    origins |= {name: origin for name, (_, origin) in keys.items()}
    warnings = (*_strangers(environ, "the environment"), *_strangers(dotenv, ".env"))
    typed = from_flags(thresholds, "--set")
    of_providers = {setting.name: values.pop(setting.name) for setting in PROVIDER_SETTINGS}
    kept = {name: _kept(name, text) for name, (text, _) in keys.items()}
    secrets = {name: kept.pop(name) for name in PROVIDER_KEYS}
    return Settings(
        **values,
        **kept,
        provider_values=of_providers,
        provider_secrets={name: secret for name, secret in secrets.items() if secret is not None},
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


def _first(layers: list[Layer], name: str) -> RawValue:
    return next(layer[name] for layer in layers if name in layer)


def _value(setting: Setting, given: RawValue) -> Any:
    try:
        return setting.parse(given.text)
    except (ValueError, SpymonError):
        kind = UsageError if given.origin.startswith("flag ") else ConfigError
        cited = f"What {given.origin} says of {setting.key}" if setting.secret else given.cited
        raise kind(f"{cited} {setting.problem(given.text)}") from None


def _flag_layer(flags: Mapping[str, str]) -> Layer:
    return {
        name: RawValue(text, f"flag {_BY_NAME[name].flag}", f"{_BY_NAME[name].flag} {text}".rstrip())
        for name, text in flags.items()
    }


def _variable_layer(variables: Mapping[str, str], origin: str | None) -> Layer:
    found = ((setting.name, _variable(setting, variables, origin)) for setting in SETTINGS)
    return {name: given for name, given in found if given is not None}


def _variable(setting: Setting, variables: Mapping[str, str], origin: str | None) -> RawValue | None:
    own: tuple[str, Callable[[str], str]] = (setting.variable, str)
    for name, read in (own, *setting.also):
        written = variables.get(name, "").strip()
        cited = f"{name}={written} in {origin or 'the environment'}"
        text = _read_as(read, written, cited) if written else ""
        if text:
            return RawValue(text, origin or f"environment {name}", cited)
    return None


def _read_as(read: Callable[[str], str], text: str, cited: str) -> str:
    try:
        return read(text)
    except ValueError:
        raise ConfigError(f"{cited} is not true or false.") from None


def _default_layer(environ: Mapping[str, str]) -> Layer:
    remote = any(environ.get(name) for name in SSH_NAMES)
    texts = {setting.name: setting.default for setting in SETTINGS} | ({"fps": SSH_FPS} if remote else {})
    return {name: RawValue(text, "default", f"the default {name}") for name, text in texts.items()}


def _key(
    names: Sequence[str], environ: Mapping[str, str], dotenv: Mapping[str, str]
) -> tuple[str | None, str]:
    """Return what stands under the first of the names that is set, and its origin."""
    for variables, where in ((environ, "environment {}"), (dotenv, ".env")):
        for name in names:
            if variables.get(name, "").strip():
                return variables[name].strip(), where.format(name)
    return None, "default"


def _kept(name: str, text: str | None) -> Any:
    return text if text is None or name in OPEN_KEYS else Secret(text)


def _strangers(variables: Mapping[str, str], where: str) -> tuple[str, ...]:
    known = [setting.name.upper() for setting in SETTINGS]
    known += [name.removeprefix(PREFIX) for setting in SETTINGS for name, _ in setting.also]
    words = sorted(name.removeprefix(PREFIX) for name in variables if name.startswith(PREFIX))
    strange = [word for word in words if word not in known]
    return tuple(
        f"{PREFIX}{word} in {where} is not a setting{did_you_mean(word, known, prefix=PREFIX)}"
        for word in strange
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


def _toml_entry(key: str, value: object, cited: str) -> tuple[str, RawValue]:
    name = key.replace("-", "_").replace(".", "_", 1)
    if any(name.upper() in spellings for spellings in KEYS.values()):
        raise ConfigError(f"{cited} holds {key}; keys belong in the environment or in .env.")
    if name not in _BY_NAME:
        raise ConfigError(f"{cited} has an unknown key {key}{did_you_mean(key, [s.key for s in SETTINGS])}")
    text = _toml_text(value, whole=_BY_NAME[name].key != name or _BY_NAME[name].secret)
    return name, RawValue(text, cited, f"{key} = {text} in {cited}")


def _toml_text(value: object, whole: bool) -> str:
    """Write a value as a variable would; the items of a list stay `whole` where they may hold commas."""
    if isinstance(value, list):
        return json.dumps(value, default=str) if whole else ",".join(str(item) for item in value)
    return str(value)


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
