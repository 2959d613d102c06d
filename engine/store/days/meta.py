"""What a day file says about itself: `meta.json`.

Owns the fields and their reading and writing. Nothing in it depends on when or where it was written, so one
input gives the same bytes again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from ...model.calendar import session
from ...model.events import NS
from ...model.underlyings import Underlying
from ...tape.link import Badge

SCHEMA = 1
"""The version of the folder's layout; another one is foreign."""

SIMULATED = "simulated"
"""The source of a tape that was recorded from no market: on disk this word alone says so."""

NEAR_NS = 15 * 60 * NS
"""A day is complete when its events reach this near to the open and to the close."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file a day was made from; `sha256` is of its bytes on disk."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a tape's maker knows and its events do not say.

    source         : 'import', 'backfill', 'recorded', or 'simulated': recorded from a market that never was
    spot_origin    : 'tape', 'minute bars', 'put-call parity', or 'none'
    tick           : smallest price step of the options, price units
    underlying     : as it was when the day was made, so that presets may change
    complete       : the whole session is there
    notes          : one sentence each
    """

    source: str
    spot_origin: str
    tick: int
    underlying: Underlying
    complete: bool
    notes: tuple[str, ...] = ()
    inputs: tuple[InputFile, ...] = ()


@dataclass(frozen=True, slots=True)
class TapeCounts:
    """What was counted while the tape was written.

    counts  : events by kind name
    first_ns, last_ns : the tape's clock at its first and last event, ns UTC
    starts  : the tape's clock at the first event of each chunk
    gaps    : (start_ns, end_ns) of every silence of the feed
    content : digest of contracts and events, independent of how they are stored
    tape_bytes : size of tape.parquet
    """

    events: int
    counts: dict[str, int]
    first_ns: int
    last_ns: int
    starts: tuple[int, ...]
    gaps: tuple[tuple[int, int], ...]
    content: str
    tape_bytes: int


@dataclass(frozen=True, slots=True)
class DayMeta:
    """Everything in meta.json; `state_hash` is what the tape folds to, once somebody folded it."""

    day: date
    symbol: str
    facts: Facts
    measured: TapeCounts
    state_hash: str | None = None

    def with_hash(self, state_hash: str | None) -> DayMeta:
        """Return the same with another hash."""
        return replace(self, state_hash=state_hash)

    def to_json(self) -> str:
        """Write as text, keys in a fixed order."""
        fields = asdict(self) | {"schema": SCHEMA, "day": self.day.isoformat()}
        return json.dumps(fields, indent=1, sort_keys=True) + "\n"


def badge_of(source: str) -> Badge:
    """Return what a screen shows first of a stored tape: nothing simulated may pass for a real day."""
    return Badge.SIMULATED if source == SIMULATED else Badge.REPLAY


def whole_session(day: date, first_ns: int, last_ns: int, silent_ns: int = 0) -> bool:
    """Say whether events from `first_ns` to `last_ns` are a day's whole session.

    silent_ns : how long the feed was silent in between, all gaps together
    """
    hours = session(day)
    return (
        silent_ns <= NEAR_NS and first_ns <= hours.open_ns + NEAR_NS and last_ns >= hours.close_ns - NEAR_NS
    )


def from_json(text: str) -> DayMeta:
    """Read meta.json; ValueError says in a few words what is wrong with it."""
    try:
        fields = json.loads(text)
        schema = fields["schema"]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError("it is not a day's meta.json") from error
    if schema != SCHEMA:
        raise ValueError(f"its layout is version {schema}, this spymon reads version {SCHEMA}")
    return _read_checked(_read, fields)


def _read_checked(read: Callable[[Any], DayMeta], fields: Any) -> DayMeta:
    try:
        return read(fields)
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError("a field has a value it cannot have") from error


def _read(fields: Any) -> DayMeta:
    facts, measured, state_hash = fields["facts"], fields["measured"], fields["state_hash"]
    return DayMeta(
        day=date.fromisoformat(fields["day"]),
        symbol=_text(fields["symbol"]),
        facts=Facts(
            source=_text(facts["source"]),
            spot_origin=_text(facts["spot_origin"]),
            tick=int(facts["tick"]),
            underlying=underlying_from(facts["underlying"]),
            complete=bool(facts["complete"]),
            notes=tuple(_text(note) for note in facts["notes"]),
            inputs=tuple(
                InputFile(each["name"], int(each["size"]), each["sha256"]) for each in facts["inputs"]
            ),
        ),
        measured=TapeCounts(
            events=int(measured["events"]),
            counts={_text(kind): int(n) for kind, n in measured["counts"].items()},
            first_ns=int(measured["first_ns"]),
            last_ns=int(measured["last_ns"]),
            starts=tuple(int(start) for start in measured["starts"]),
            gaps=tuple((int(start), int(end)) for start, end in measured["gaps"]),
            content=_text(measured["content"]),
            tape_bytes=int(measured["tape_bytes"]),
        ),
        state_hash=None if state_hash is None else _text(state_hash),
    )


def underlying_from(fields: Any) -> Underlying:
    """Read an underlying from its fields; KeyError or TypeError when one is missing or wrong."""
    return Underlying(
        symbol=_text(fields["symbol"]),
        roots=tuple(_text(root) for root in fields["roots"]),
        increment_milli=int(fields["increment_milli"]),
        multiplier=int(fields["multiplier"]),
        late_close=bool(fields["late_close"]),
        index=bool(fields["index"]),
        am_settled_roots=tuple(_text(root) for root in fields["am_settled_roots"]),
        daily=bool(fields["daily"]),
        tick_3=int(fields.get("tick_3", 0)),  # days made before it was known have none
        every_am=bool(fields.get("every_am", False)),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
