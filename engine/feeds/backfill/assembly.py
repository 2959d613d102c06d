"""What was fetched of a day as a day of the store, through the importer.

Owns which days may be fetched, and when a day need not be made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ...model.calendar import clock_text, session
from ...model.errors import NoDataError, ProviderError, StoreError
from ...model.events import NS
from ...model.underlyings import Underlying
from ...store.days.store import DayStore
from ...store.days.tapes import BACKFILL, Origin, check_replaceable
from ...store.importer.importer import ImportReport, Progress, import_paths
from ...store.journal.folders import recordings
from .day_fetch import DayFetch, is_held_note

_DELAY_NS = 15 * 60 * NS
"""So far behind is a plan without real-time data."""

_UNFETCHED = "could not be fetched."
"""How the note of an incomplete day ends."""


def check_fetchable(day: date, symbol: str, store: DayStore, now_ns: int) -> None:
    """Raise NoDataError for a day that is not over, StoreError for one that may not be replaced.

    A recording that is no day yet stays as well.
    """
    over_ns = session(day).late_close_ns + _DELAY_NS
    if now_ns < over_ns:
        raise NoDataError(
            f"{day} is not over: it can be fetched after {clock_text(over_ns)[:5]} exchange time of that day."
        )
    recorded = (place for place in recordings(store.root) if not place.empty)
    if any((place.day, place.symbol) == (day, symbol) for place in recorded):
        raise StoreError(f"{symbol} on {day} was recorded; spymon compact {day} makes a day of it.")
    try:
        old = store.meta(day, symbol)
    except (NoDataError, StoreError):
        return
    check_replaceable(old, BACKFILL, store.folder(day, symbol))


def assemble(
    fetched: DayFetch,
    store: DayStore,
    customs: Mapping[str, Underlying],
    progress: Progress = lambda _what, _share: None,
) -> ImportReport | None:
    """Make the day; None when it is there already, made of the same files.

    Raises NoDataError when not one contract traded, ProviderError when none could be fetched, else as
    `import_paths`.
    """
    wanted, symbol = fetched.wanted, fetched.wanted.underlying.symbol
    if not any(path.parent.parent.name != "bars" for path in fetched.files):
        raise _nothing(fetched)
    missing = len(fetched.failures)
    notes = (f"{missing:,} file{'s' * (missing > 1)} of it {_UNFETCHED}",) if missing else ()
    origin = Origin(BACKFILL, whole=fetched.whole and not missing, notes=(*fetched.notes, *notes))
    if _is_made(fetched, store, origin):
        return None
    return import_paths(
        fetched.files, store, symbol=symbol, day=wanted.day, customs=customs, origin=origin, progress=progress
    )


def _nothing(fetched: DayFetch) -> NoDataError | ProviderError:
    """Return why there is nothing to make a day of; that the provider failed does not mean no trades."""
    symbol, day = fetched.wanted.underlying.symbol, fetched.wanted.day
    if not fetched.failures:
        return NoDataError(f"Not one of the chosen options of {symbol} traded on {day}.")
    [(name, why), *_] = fetched.failures
    return ProviderError(f"No option of {symbol} could be fetched for {day}; {name} failed: {why}")


def _is_made(fetched: DayFetch, store: DayStore, origin: Origin) -> bool:
    try:
        facts = store.meta(fetched.wanted.day, fetched.wanted.underlying.symbol).facts
    except (NoDataError, StoreError):
        return False
    made_of = sorted((each.name, each.size) for each in facts.inputs)
    there = sorted((path.name, path.stat().st_size) for path in fetched.files)
    was_whole = not any(is_held_note(note) or note.endswith(_UNFETCHED) for note in facts.notes)
    same = made_of == there and was_whole == origin.whole
    return facts.source == BACKFILL and same and set(origin.notes) <= set(facts.notes)
