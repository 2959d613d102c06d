"""What a day file says about itself: `meta.json`.

Owns the fields and their reading and writing. Nothing in it depends on when or where it was written, so one
input gives the same bytes again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from ...fold.state import FOLD_VERSION
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
    gaps    : (start_ns, end_ns) of every silence of the feed, and of minutes without trades or quotes that
              have many around them
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
    """Everything in meta.json.

    hashes : by fold version, what the tape came to when somebody folded it
    """

    day: date
    symbol: str
    facts: Facts
    measured: TapeCounts
    hashes: Mapping[int, str] = field(default_factory=dict)

    @property
    def state_hash(self) -> str | None:
        """What the tape comes to by this fold, None while nobody has folded it."""
        return self.hashes.get(FOLD_VERSION)

    def with_hash(self, state_hash: str) -> DayMeta:
        """Return the same with what this fold makes of it, beside what others made."""
        return replace(self, hashes={**self.hashes, FOLD_VERSION: state_hash})

    def to_json(self) -> str:
        """Write as text, keys in a fixed order."""
        fields = asdict(self) | {"schema": SCHEMA, "day": self.day.isoformat()}
        others = dict(fields.pop("hashes"))
        fields["state_hash"], fields["fold_version"] = others.pop(FOLD_VERSION, None), FOLD_VERSION
        fields["other_hashes"] = {str(version): others[version] for version in sorted(others)}
        return json.dumps(fields, indent=1, sort_keys=True) + "\n"


_FIRST_FOLD = 1


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
    facts, measured = fields["facts"], fields["measured"]
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
        hashes=_hashes(fields),
    )


def _hashes(fields: Any) -> dict[int, str]:
    """Return the hashes by fold version; a day made before there were versions has the first fold's."""
    hashes = {int(version): _text(each) for version, each in fields.get("other_hashes", {}).items()}
    if fields["state_hash"] is not None:
        hashes[int(fields.get("fold_version", _FIRST_FOLD))] = _text(fields["state_hash"])
    return hashes


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
