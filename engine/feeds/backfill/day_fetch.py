"""What is wanted of a past day, and what there is of it after a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ...model.calendar import Expiry
from ...model.underlyings import Underlying

_EARLIER = "It is made of what was fetched earlier;"


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """What of a day is wanted; `strikes` each side of at-the-money, None for all of them."""

    underlying: Underlying
    day: date
    expiry: Expiry
    strikes: int | None


@dataclass(slots=True)
class FetchProgress:
    """How far a run is; told after every page.

    tickers, done : files to fetch, and those that are fetched or given up
    rows, requests, rejected : of this run alone; rejected rows could not be read
    """

    tickers: int = 0
    done: int = 0
    rows: int = 0
    requests: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class DayFetch:
    """What there is of a symbol's day after a run.

    files    : everything complete, of this run and of earlier ones
    failures : the files that could not be fetched, and why
    notes    : what is to be known about the day, one sentence each
    whole    : whether the provider was asked for all that is wanted
    """

    wanted: BackfillRequest
    files: tuple[Path, ...]
    failures: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    whole: bool = True


def held_note(provider: str) -> str:
    """Return the note of a day that was made without asking the provider."""
    return f"{_EARLIER} whether that is all of it, only {provider} can tell."


def is_held_note(note: str) -> bool:
    """Say whether a note says so."""
    return note.startswith(_EARLIER)
