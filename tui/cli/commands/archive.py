"""`spymon archive`: finished days and snapshots into the object store, and back."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Collection, Iterator
from datetime import date
from functools import partial
from pathlib import Path

from engine.model.errors import ConfigError, CredentialError, NoDataError, SpymonError, StoreError
from engine.model.underlyings import parse_symbol
from engine.store.archive.bucket import BucketAddress, UnusableError, connect
from engine.store.archive.objects import ObjectStore
from engine.store.archive.units import Unit, units
from engine.store.days.store import DayStore
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ...run.plan import parse_day
from ..output import Progress, progress_bar, say

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]+")
_NAMES = ("s3_bucket", "s3_access_key", "s3_secret_key")


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Copy what is finished and not there yet, or list what is there; 1 if any of it failed."""
    store = object_store(settings)
    if store is None:
        raise ConfigError(
            "No object store is set; put S3_BUCKET, S3_ACCESS_KEY and S3_SECRET_KEY, "
            "and S3_ENDPOINT if it is not Amazon's, into .env or the environment."
        )
    if "list" in args:
        return _show(store)
    day = parse_day(args.date, "The day") if "date" in args else None
    found = units(settings.data_dir, day, parse_symbol(args.symbol) if "symbol" in args else None)
    if not found and (day or "symbol" in args):
        raise NoDataError(f"There is no such finished day in {settings.data_dir}; see spymon days.")
    if not found:
        say(f"There is nothing finished in {settings.data_dir} to copy.")
    # Who names a day wants to know that it is there; a nightly run must not read years of them again.
    results = [_copied(settings.data_dir, store, unit, day is not None, interrupts) for unit in found]
    return 0 if all(results) else 1


def object_store(settings: Settings) -> ObjectStore | None:
    """Return the object store that is set, None without one; ConfigError when half of it is."""
    place = object_place(settings)
    return None if place is None else ObjectStore(connect(place), place.bucket)


def object_place(settings: Settings) -> BucketAddress | None:
    """Return where the object store is, and ask nothing of it; None without one, or ConfigError."""
    missing = [name.upper() for name in _NAMES if getattr(settings, name) is None]
    if len(missing) == len(_NAMES):
        return None
    if settings.s3_bucket is None or settings.s3_access_key is None or settings.s3_secret_key is None:
        raise ConfigError(f"The object store also needs {' and '.join(missing)}; put that into .env.")
    if _BUCKET.fullmatch(settings.s3_bucket) is None:
        raise ConfigError(
            f"S3_BUCKET {settings.s3_bucket} is not a bucket's name; write that alone, like days."
        )
    keys = settings.s3_access_key.reveal(), settings.s3_secret_key.reveal()
    return BucketAddress(settings.s3_bucket, settings.s3_endpoint, *keys)


def copy_finished(place: BucketAddress, root: Path, day: date) -> Iterator[str]:
    """Copy a day, then earlier ones that are not there; a sentence for each that was sent, or why no more."""
    try:
        todays = {unit.name for unit in units(root, day)}
        store = ObjectStore(connect(place), place.bucket)
        for unit in sorted(units(root), key=lambda each: each.name not in todays):
            wanted = unit.name in todays or store.manifest(unit.name) is None
            if wanted and (sent := store.put(unit, check=partial(_check, root))):
                yield f"{unit.name} was copied to the object store {place.bucket}: {sent / 1e6:,.1f} MB."
    except SpymonError as error:
        yield f"{str(error).rstrip('.')}; then run spymon archive, or wait for the next day's end."
    except OSError as error:
        yield f"{error.filename} could not be copied to the object store ({error.strerror})."


def fetch_day(settings: Settings, day: date, there: Collection[str], interrupts: InterruptHandler) -> None:
    """Bring a day from the object store, if one is set: the watched symbols that are not `there`."""
    store = object_store(settings)
    if store is None:
        return
    watched = settings.symbol if settings.origin("symbol") != "default" else None
    wanted = set(store.days().get(day, ())) - set(there)
    for symbol in sorted(each for each in wanted if watched is None or each in watched):
        with progress_bar("fetching", interrupts) as progress:
            moved = _ShareDone(progress, f"fetching {symbol} {day}", store.day_bytes(day, symbol))
            store.get_day(settings.data_dir, day, symbol, moved.add)
        say(f"{symbol} of {day} came from the object store {settings.s3_bucket}.")


class _ShareDone:
    """Turns bytes into a share of all."""

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self._progress, self._what, self._total = progress, what, max(total, 1)
        self._done = 0

    def add(self, n: int) -> None:
        self._done += n
        self._progress(self._what, min(self._done / self._total, 1.0))


def _show(store: ObjectStore) -> int:
    days = store.days()
    if not days:
        say("There is no day in the object store yet; spymon archive copies what is finished there.")
    for day, symbols in days.items():
        sys.stdout.write(f"{day} {' '.join(symbols)}\n")
    return 0


def _check(root: Path, unit: Unit) -> None:
    """Raise StoreError for a day that is damaged here: it must not take the place of a whole copy."""
    kind, *rest = unit.name.split("/")
    if kind != "days":
        return
    day, symbol = rest
    try:
        DayStore(root).check(date.fromisoformat(day), symbol)
    except StoreError as error:
        raise StoreError(f"{unit.name} was not copied: {error}") from error


def _copied(root: Path, store: ObjectStore, unit: Unit, reread: bool, interrupts: InterruptHandler) -> bool:
    """Copy one unit; one that cannot be is named, and the others are copied as well."""
    try:
        with progress_bar("copying", interrupts) as progress:
            moved = _ShareDone(progress, f"copying {unit.name}", unit.bytes)
            sent = store.put(unit, moved.add, reread=reread, check=partial(_check, root))
    except (CredentialError, UnusableError):
        raise
    except SpymonError as error:
        say(str(error))
        return False
    files = f"{len(unit.files)} file{'s' * (len(unit.files) > 1)}"
    what = f"copied: {files}, {sent / 1e6:,.1f} MB" if sent else f"is there already: {files}"
    sys.stdout.write(f"{unit.name} {what}\n")
    sys.stdout.flush()
    return True
