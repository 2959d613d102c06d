"""Snapshots: what is written comes back, unknown stays unknown, and the damaged does not hide the rest."""

from __future__ import annotations

import math
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.analytics.exposure import convert
from engine.analytics.key_levels import Levels, measure
from engine.analytics.option_chain import ContractSet, quoted
from engine.analytics.terms import Terms
from engine.model.calendar import ET
from engine.model.contracts import Contract
from engine.model.errors import NoDataError, StoreError
from engine.model.underlyings import PRESETS
from engine.store.snapshots import list_snapshots, read_snapshot, snapshot_files, write_snapshot

DAY = date(2025, 12, 16)
COLUMNS = [
    "strike", "type", "expiry", "dealer_pos", "gamma", "gamma_usd", "oi", "volume", "iv", "spot",
    "convention", "symbol", "days_to_expiry", "contract", "source",
]  # fmt: skip


def measured(minute: int = 30, symbol: str = "SPY") -> Levels:
    at_ns = int(datetime(2025, 12, 16, 10, minute, 5, tzinfo=ET).timestamp()) * 10**9
    contracts = (
        Contract(symbol, DAY, "C", 685_000),
        Contract(symbol, DAY, "P", 680_500),
        Contract(symbol, date(2025, 12, 19), "P", 670_000),
    )
    nan = math.nan
    columns = {"oi": [500.0, 700.0, nan], "iv": [0.15, 0.16, nan], "volume": [9.0, nan, 3.0]}
    listed = ContractSet.of(PRESETS[symbol], contracts)
    chain = quoted(listed, {name: np.array(each) for name, each in columns.items()})
    return measure(chain, Terms(at_ns, 683.25, 0.04, 0.0, "vendor"))


def test_there_is_a_row_per_contract_with_every_column_and_null_for_the_unknown(tmp_path: Path) -> None:
    found = measured()
    path = write_snapshot(tmp_path, found, "simulated")
    assert path == tmp_path / "intraday" / "simulated" / "SPY_2025-12-16_103005.parquet"
    table = pq.read_table(path)
    assert table.column_names == COLUMNS
    call, put, far = table.to_pylist()
    assert (call["strike"], call["type"], call["expiry"], call["days_to_expiry"]) == (685.0, "C", DAY, 0)
    assert (call["dealer_pos"], put["dealer_pos"]) == (500.0, -700.0)
    assert (put["strike"], put["volume"], put["oi"]) == (680.5, None, 700)
    assert call["gamma_usd"] == pytest.approx(call["dealer_pos"] * call["gamma"] * 683.25**2, rel=1e-12)
    assert (far["days_to_expiry"], far["volume"], far["contract"]) == (3, 3, "O:SPY251219P00670000")
    assert [far[name] for name in ("dealer_pos", "gamma", "gamma_usd", "oi", "iv")] == [None] * 5
    assert {row["symbol"] for row in (call, put, far)} == {"SPY"}
    assert (call["spot"], call["convention"], call["source"]) == (683.25, "assumed", "simulated")


def test_what_is_simulated_never_lies_among_what_is_not(tmp_path: Path) -> None:
    paths = [write_snapshot(tmp_path, measured(), source) for source in ("recorded", "simulated")]
    assert paths[0] == tmp_path / "intraday" / "SPY_2025-12-16_103005.parquet"
    assert [path for path, *_ in snapshot_files(tmp_path)] == paths[:1]
    assert {each.source for each in list_snapshots(tmp_path, DAY).entries} == {"recorded", "simulated"}


def test_what_a_list_shows_is_what_was_measured(tmp_path: Path) -> None:
    found = measured()
    entry = read_snapshot(write_snapshot(tmp_path, found, "simulated"))
    assert (entry.symbol, entry.at_ns, entry.source) == ("SPY", found.terms.at_ns, "simulated")
    assert (entry.spot, entry.contracts, entry.convention) == (683.25, 3, "assumed")
    assert entry.net_gex == pytest.approx(
        convert(found.exposure.total_net, 683.25, "usd_per_1pct"), rel=1e-12
    )
    levels = (entry.call_wall, entry.put_wall, entry.max_gex_strike)
    exposure, flip = found.exposure, found.exposure.zero_gamma
    assert levels == (exposure.call_wall, exposure.put_wall, exposure.max_gex_strike)
    assert (entry.zero_gamma, entry.zero_gamma_reason) == (flip.headline, flip.reason)


def test_a_day_is_listed_by_symbol_and_time(tmp_path: Path) -> None:
    for minute, symbol in ((45, "SPY"), (30, "SPY"), (30, "DIA")):
        write_snapshot(tmp_path, measured(minute, symbol), "simulated")
    for other in ("notes.txt", "SPY_2025-99-16_100000.parquet"):
        (tmp_path / "intraday" / other).touch()
    found = list_snapshots(tmp_path, DAY)
    assert [path.path.stem for path in found.entries] == [
        "DIA_2025-12-16_103005", "SPY_2025-12-16_103005", "SPY_2025-12-16_104505",
    ]  # fmt: skip
    assert [each.symbol for each in list_snapshots(tmp_path, DAY, ("SPY",)).entries] == ["SPY", "SPY"]


def test_taking_it_again_replaces_it_and_leaves_nothing_beside(tmp_path: Path) -> None:
    first = write_snapshot(tmp_path, measured(), "simulated").read_bytes()
    path = write_snapshot(tmp_path, measured(), "simulated")
    assert path.read_bytes() == first
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "newer", "empty"])
def test_a_damaged_snapshot_is_named_and_the_others_are_shown(tmp_path: Path, damage: str) -> None:
    good, bad = (write_snapshot(tmp_path, measured(minute), "simulated") for minute in (30, 45))
    data = bytearray(bad.read_bytes())
    if damage == "cut":
        data = data[:-20]
    elif damage == "flipped":
        data[40] ^= 0xFF
    elif damage == "empty":
        data.clear()
    else:
        table = pq.read_table(bad)
        about = {b"spymon": table.schema.metadata[b"spymon"].replace(b'"version": 1', b'"version": 2')}
        sink = pa.BufferOutputStream()
        pq.write_table(table.replace_schema_metadata(about if damage == "newer" else None), sink)
        data = bytearray(sink.getvalue().to_pybytes())
    bad.write_bytes(bytes(data))
    found = list_snapshots(tmp_path, DAY)
    assert [entry.path for entry in found.entries] == [good]
    assert found.problems == (f"{bad} is damaged or no snapshot; take it again or delete it.",)
    with pytest.raises(StoreError, match="is damaged or no snapshot"):
        read_snapshot(bad)


def test_a_day_without_any_is_said_with_the_newest_there_is(tmp_path: Path) -> None:
    with pytest.raises(
        NoDataError, match=r"There are no snapshots of 2025-12-17 .*; spymon snapshot takes one"
    ):
        list_snapshots(tmp_path, date(2025, 12, 17))
    write_snapshot(tmp_path, measured(), "simulated")
    with pytest.raises(
        NoDataError, match=r"no snapshots of QQQ of 2025-12-16 in .*; spymon snapshot takes one"
    ):
        list_snapshots(tmp_path, DAY, ("QQQ",))
    with pytest.raises(NoDataError, match=r"no snapshots of 2025-12-17 in .*; the newest are of 2025-12-16"):
        list_snapshots(tmp_path, date(2025, 12, 17))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        write_snapshot(tmp_path / "data", measured(), "simulated")
