"""Signal thresholds that somebody set, and where.

Owns how they are written: `[signals.volume_spike]` with `z = 5` in a settings file, `volume_spike.z=5` behind
a flag. What may be set and to what is `engine.kernel.params`' to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .errors import ConfigError, UsageError

TABLE = "signals"
"""The table of a settings file that holds them."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold as set: its name (`volume_spike.z`), its value as written, and where that was."""

    name: str
    value: str
    origin: str


def changes(words: Iterable[str], cited: str = "") -> dict[str, str]:
    """Read `NAME=VALUE` words, by name; the last of one name wins.

    cited : what stood before each word, for the UsageError about one that is written otherwise
    """
    found = {}
    for word in words:
        name, _, value = (part.strip() for part in word.partition("="))
        if not name or not value:
            raise UsageError(f"{cited}{word} needs NAME=VALUE, for example {cited}volume_spike.z=5.")
        found[name] = value
    return found


def from_flags(texts: Sequence[str], flag: str) -> dict[str, Threshold]:
    """Read `NAME=VALUE` texts, by name; the last of one name wins. UsageError for what cannot be set."""
    found = changes(texts, f"{flag} ")
    for name, value in found.items():
        _check(name, value)
    return {name: Threshold(name, value, f"flag {flag}") for name, value in found.items()}


def from_table(table: object, cited: str) -> dict[str, Threshold]:
    """Read a settings file's table, by name; ConfigError for what cannot be set."""
    if not isinstance(table, Mapping):
        raise ConfigError(
            f"In {cited}, {TABLE} = {table} is no table; write [{TABLE}.volume_spike] above z = 5."
        )
    found = {}
    for name, value in _flat(table):
        try:
            _check(name, value)
        except UsageError as error:
            raise ConfigError(f"In {cited}, {TABLE}.{error}") from None
        found[name] = Threshold(name, str(value), cited)
    return found


def _flat(table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield name, value


def _check(name: str, value: object) -> None:
    from .kernel.params import SignalParams, with_settings  # numpy is worth waiting for only when one is set

    with_settings(SignalParams(), {name: value if isinstance(value, bool | int | float) else str(value)})
