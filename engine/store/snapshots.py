"""Snapshots: `intraday/SYMBOL_DATE_HHMMSS.parquet`, one row per contract at one moment, exchange time.

Those of a market that never was are in `intraday/simulated/`.

Owns the columns, the writing in one step and the list of a day. What cannot be had is null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..analytics.exposure import convert
from ..analytics.key_levels import Levels
from ..analytics.sums import by_row, peak
from ..model.calendar import ET
from ..model.errors import NoDataError, StoreError
from ..model.events import NS
from .days.meta import SIMULATED
from .files import write_bytes, writing

VERSION = 1
_KEY = b"spymon"
_NAME = re.compile(r"([A-Z0-9.]{1,8})_(\d{4}-\d{2}-\d{2})_(\d{6})\.parquet")

_SCHEMA = pa.schema(
    [
        ("strike", pa.float64()),  # $
        ("type", pa.string()),  # C or P
        ("expiry", pa.date32()),
        ("dealer_pos", pa.float64()),  # contracts, short below 0
        ("gamma", pa.float64()),  # per share, delta per $1
        ("gamma_usd", pa.float64()),  # of the position, $ per 1 %
        ("oi", pa.int64()),
        ("volume", pa.int64()),
        ("iv", pa.float64()),  # per year
        ("spot", pa.float64()),  # $
        ("convention", pa.string()),
        ("symbol", pa.string()),
        ("days_to_expiry", pa.int32()),  # calendar days, 0 on the day itself
        ("contract", pa.string()),  # OCC name
        ("source", pa.string()),  # of the tape
    ]
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot as a list shows it; exposure in $ per 1 %, walls and zero gamma in $."""

    path: Path
    symbol: str
    at_ns: int
    source: str
    convention: str
    spot: float
    contracts: int
    net_gex: float | None
    call_wall: float | None
    put_wall: float | None
    max_gex_strike: float | None
    zero_gamma: float | None
    zero_gamma_reason: str


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of a day that can be read, by symbol and time, and one sentence for each other."""

    entries: tuple[Snapshot, ...]
    problems: tuple[str, ...]


def write_snapshot(root: Path, found: Levels, source: str) -> Path:
    """Write what was measured below `root / "intraday"` in one step and return where.

    source : of the tape, SIMULATED, 'import', …
    """
    at = datetime.fromtimestamp(found.terms.at_ns // NS, ET)
    symbol = found.chain.underlying.symbol
    folder = root / "intraday"
    path = (folder / SIMULATED if source == SIMULATED else folder) / f"{symbol}_{at:%Y-%m-%d_%H%M%S}.parquet"
    sink = pa.BufferOutputStream()
    pq.write_table(_table(found, at.date(), source), sink, compression="zstd", write_page_checksum=True)
    with writing(root):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, sink.getvalue().to_pybytes())
    return path


def list_snapshots(root: Path, day: date, symbols: tuple[str, ...] | None = None) -> Snapshots:
    """Return the day's snapshots, of the symbols named; NoDataError when there is no file of any."""
    paths = [
        path
        for path, symbol, on in sorted(_all_files(root))
        if on == day and (symbols is None or symbol in symbols)
    ]
    if not paths:
        raise NoDataError(_no_snapshot(root, day, symbols))
    entries, problems = list[Snapshot](), list[str]()
    for path in paths:
        try:
            entries.append(read_snapshot(path))
        except StoreError as error:
            problems.append(str(error))
    return Snapshots(tuple(sorted(entries, key=lambda each: (each.symbol, each.at_ns))), tuple(problems))


def read_snapshot(path: Path) -> Snapshot:
    """Read one snapshot; StoreError when it is damaged or none."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(use_threads=False)
        return _entry(path, table, _about(table))
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        raise StoreError(f"{path} is damaged or no snapshot; take it again or delete it.") from error


# --- writing ------------------------------------------------------------------------------------------


def _table(found: Levels, day: date, source: str) -> pa.Table:
    contracts, n = found.chain.contracts, len(found.chain.contracts)
    dealers, zero = found.dealers, found.exposure.zero_gamma
    columns: dict[str, Any] = {
        "strike": found.chain.strike,
        "type": [each.right for each in contracts],
        "expiry": [each.expiry for each in contracts],
        "dealer_pos": _nullable(dealers.position),
        "gamma": _nullable(found.exposure.greeks.gamma),
        "gamma_usd": _nullable(convert(dealers.shares, found.terms.spot, "usd_per_1pct")),
        "oi": _nullable(found.chain.oi),
        "volume": _nullable(found.chain.volume),
        "iv": _nullable(found.of.iv),
        "spot": [found.terms.spot] * n,
        "convention": [dealers.choice.convention] * n,
        "symbol": [found.chain.underlying.symbol] * n,
        "days_to_expiry": [(each.expiry - day).days for each in contracts],
        "contract": [each.occ for each in contracts],
        "source": [source] * n,
    }
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in _SCHEMA]
    about = {
        "version": VERSION,
        "at_ns": found.terms.at_ns,
        "source": source,
        "rate": found.terms.rate,
        "dividend": found.terms.dividend,
        "zero_gamma": zero.headline,
        "zero_gamma_reason": zero.reason,
    }
    return pa.Table.from_arrays(arrays, schema=_SCHEMA.with_metadata({_KEY: json.dumps(about).encode()}))


def _nullable(values: np.ndarray[Any, np.dtype[np.float64]]) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


# --- reading ------------------------------------------------------------------------------------------


def _about(table: pa.Table) -> Mapping[str, Any]:
    """Return what a snapshot says of itself; ValueError for another version, KeyError for none."""
    about = json.loads((table.schema.metadata or {})[_KEY])
    if about["version"] != VERSION:
        raise ValueError(about["version"])
    return cast(Mapping[str, Any], about)


def _entry(path: Path, table: pa.Table, about: Mapping[str, Any]) -> Snapshot:
    strike, usd = (table.column(name).to_numpy() for name in ("strike", "gamma_usd"))
    right = np.array(table.column("type").to_pylist())
    spot = float(table.column("spot")[0].as_py())
    strikes, row = np.unique(strike, return_inverse=True)
    columns = by_row(usd, np.where(right == "C", 1.0, -1.0), row, strikes.size)
    known = usd[~np.isnan(usd)]
    return Snapshot(
        path=path,
        symbol=str(table.column("symbol")[0].as_py()),
        at_ns=int(about["at_ns"]),
        source=str(about["source"]),
        convention=str(table.column("convention")[0].as_py()),
        spot=spot,
        contracts=table.num_rows,
        net_gex=float(known.sum()) if known.size else None,
        call_wall=peak(strikes, columns.call, spot),
        put_wall=peak(strikes, -columns.put, spot),
        max_gex_strike=peak(strikes, np.abs(columns.net), spot),
        zero_gamma=None if about["zero_gamma"] is None else float(about["zero_gamma"]),
        zero_gamma_reason=str(about["zero_gamma_reason"]),
    )


def snapshot_files(root: Path) -> Iterator[tuple[Path, str, date]]:
    """Yield (path, symbol, day) of whatever is called like a snapshot, but for simulated ones."""
    yield from _inside(root / "intraday")


def _all_files(root: Path) -> Iterator[tuple[Path, str, date]]:
    yield from snapshot_files(root)
    yield from _inside(root / "intraday" / SIMULATED)


def _inside(folder: Path) -> Iterator[tuple[Path, str, date]]:
    for path in folder.iterdir() if folder.is_dir() else ():
        name = _NAME.fullmatch(path.name)
        on = None if name is None else _day(name[2])
        if name is not None and on is not None:
            yield path, name[1], on


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _no_snapshot(root: Path, day: date, symbols: tuple[str, ...] | None) -> str:
    whose = f" of {', '.join(symbols)}" if symbols else ""
    days = sorted({on for _, symbol, on in _all_files(root) if symbols is None or symbol in symbols})
    hint = f"the newest are of {days[-1]}" if days else "spymon snapshot takes one"
    return f"There are no snapshots{whose} of {day} in {root / 'intraday'}; {hint}."
