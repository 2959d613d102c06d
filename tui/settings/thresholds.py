"""Signal thresholds that somebody set, and where.

Owns how they are written: `[signals.volume_spike]` with `z = 5` in a settings file, `volume_spike.z=5` behind
a flag. What may be set and to what is the rules' to say: asking them loads the fold, so it is done only where
a threshold is set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.fold.thresholds import changes
from engine.model.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from engine.fold.params import SignalParams

TABLE = "signals"
"""The table of a settings file that holds them."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold as set: its name (`volume_spike.z`), its value as written, and where that was."""

    name: str
    value: str
    origin: str


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
    from engine.fold.params import threshold_named

    threshold_named(name).checked(value if isinstance(value, bool | int | float) else str(value))


def in_force(preset: str, thresholds: Iterable[Threshold]) -> SignalParams:
    """Return a preset's parameters with thresholds set; UsageError for what cannot be."""
    from engine.fold.params import PRESETS, with_settings

    return with_settings(PRESETS[preset], {each.name: each.value for each in thresholds})
