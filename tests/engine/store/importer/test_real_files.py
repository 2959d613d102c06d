"""The importer on real files, each skipped by name where it is not there."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.fold.params import FoldParams
from engine.model.calendar import session
from engine.model.errors import StoreError
from engine.model.events import FLAG_MINUTE, FLAG_PARITY, MARK, MISSING, OI, QUOTE, SPOT, TRADE, Events
from engine.store.days.store import DayStore
from engine.store.importer.importer import import_paths
from engine.tape.timeline import Timeline
from tests.paths import DATA

CHRISTMAS_EVE = date(2015, 12, 24)
QUOTES, TRADES, BARS, OPEN_INTEREST = (
    "goog_2015-12-24_quotes_v1.csv.gz",
    "goog_2015-12-24_trades_v1.csv.gz",
    "goog_2015-12-24_stock_minute_aggs_v1.csv.gz",
    "goog_2015-12-24_open_interest.csv.gz",
)
PRINTS = "spy_240621C500_2024-06-14_trade_quote.csv"


def real(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    return path


def events(store: DayStore, symbol: str, day: date) -> Events:
    tape = store.open(day, symbol)
    return np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])


@pytest.fixture
def store(tmp_path: Path) -> DayStore:
    return DayStore(tmp_path / "data")


def test_a_real_half_day_of_goog_is_read_to_the_last_row(store: DayStore) -> None:
    report = import_paths([real(name) for name in (QUOTES, TRADES, BARS, OPEN_INTEREST)], store)
    (day,) = report.days
    assert (report.bad_rows, report.problems) == (0, ())
    # Two of the 227 minutes are after 15:40, hours behind the early close.
    assert day.meta.measured.counts == {"quote": 105_085, "trade": 850, "spot": 225, "oi": 876, "mark": 2}
    made = events(store, "GOOG", CHRISTMAS_EVE)
    tape = store.open(CHRISTMAS_EVE, "GOOG")
    assert (np.diff(made["ts"]) >= 0).all()
    assert made["s1"][made["kind"] == TRADE].sum() == 7_070
    assert made["s1"][made["kind"] == OI].sum() == 97_646
    expiring = [cid for cid, each in enumerate(tape.contracts, 1) if each.expiry == CHRISTMAS_EVE]
    same_day = made[(made["kind"] == TRADE) & np.isin(made["cid"], expiring)]
    assert (len(same_day), same_day["s1"].sum()) == (375, 3_345)
    assert set(made["flags"][made["kind"] == SPOT]) == {FLAG_MINUTE}
    assert (tape.info.spot_origin, tape.info.underlying.increment_milli) == ("minute bars", 2_500)
    assert tape.info.session.half_day
    assert store.list().entries[0].complete


def test_prices_on_the_tape_are_those_of_the_file(store: DayStore) -> None:
    import_paths([real(QUOTES)], store)
    made, tape = events(store, "GOOG", CHRISTMAS_EVE), store.open(CHRISTMAS_EVE, "GOOG")
    first = made[made["kind"] == QUOTE][:3]
    assert [tape.contracts[int(cid)].occ for cid in first["cid"]] == [
        "O:GOOG151224C00590000",
        "O:GOOG151224C00600000",
        "O:GOOG151224C00610000",
    ]
    assert first["p1"].tolist() == [1_575_000, 1_475_000, 1_375_000]
    assert first["p2"].tolist() == [1_615_000, 1_514_000, 1_414_000]


def test_parity_finds_the_real_spot_without_its_file(store: DayStore, tmp_path: Path) -> None:
    options = [real(name) for name in (QUOTES, TRADES)]
    import_paths(options, store)
    implied = spots(events(store, "GOOG", CHRISTMAS_EVE))
    other = DayStore(tmp_path / "other")
    import_paths([*options, real(BARS)], other)
    seen = spots(events(other, "GOOG", CHRISTMAS_EVE))
    assert store.open(CHRISTMAS_EVE, "GOOG").info.spot_origin == "put-call parity"
    both = sorted(implied.keys() & seen.keys())
    assert len(both) > 120
    error = np.array([implied[at] - seen[at] for at in both]) / 10_000
    assert np.median(np.abs(error)) < 0.25
    assert np.abs(error).max() < 2.0


def spots(made: Events) -> dict[int, int]:
    chosen = made[(made["kind"] == SPOT) & (made["ts"] <= session(CHRISTMAS_EVE).close_ns)]
    assert set(chosen["flags"]) <= {FLAG_MINUTE, FLAG_PARITY}
    return {int(row["ts"]): int(row["p1"]) for row in chosen}


@pytest.mark.parametrize(("budget_rows", "block_bytes"), [(2_000, 50_000), (1 << 20, 1 << 24)])
def test_the_real_day_is_the_same_in_small_pieces(
    store: DayStore, tmp_path: Path, budget_rows: int, block_bytes: int
) -> None:
    paths = [real(name) for name in (QUOTES, TRADES, BARS, OPEN_INTEREST)]
    plain = import_paths(paths, store)
    pieces = import_paths(
        list(reversed(paths)),
        DayStore(tmp_path / "pieces"),
        budget_rows=budget_rows,
        block_bytes=block_bytes,
    )
    assert plain.days[0].meta == pieces.days[0].meta


def test_importing_the_real_day_twice_is_one_day(store: DayStore) -> None:
    paths = [real(QUOTES), real(TRADES)]
    first = import_paths(paths, store).days[0]
    second = import_paths(paths, store).days[0]
    assert (first.outcome, second.outcome) == ("new", "unchanged")
    assert first.meta == second.meta
    assert len(store.list().entries) == 1


def test_the_98_real_prints_lie_inside_their_quotes(store: DayStore, tmp_path: Path) -> None:
    with real(PRINTS).open(newline="") as source:
        rows = list(csv.DictReader(source))
    as_flat_files(rows, tmp_path / "flat")
    report = import_paths([tmp_path / "flat"], store)
    day = date(2024, 6, 14)
    made = events(store, "SPY", day)
    assert (report.bad_rows, report.problems) == (0, ())
    trades = made[made["kind"] == TRADE]
    assert len(trades) == 98
    assert (np.median(trades["s1"]), trades["s1"].max()) == (3, 48)
    outside = 0
    bid = ask = MISSING
    for row in made[made["kind"] != MARK]:
        if row["kind"] == QUOTE:
            bid, ask = row["p1"], row["p2"]
        elif row["kind"] == TRADE:
            assert MISSING not in (bid, ask)
            outside += not bid <= row["p1"] <= ask
    assert outside == 0


def as_flat_files(rows: list[dict[str, str]], folder: Path) -> None:
    """Write captured prints with the quote at each as a trades and a quotes flat file."""
    folder.mkdir()
    ticker = "O:SPY240621C00500000"
    with (folder / "trades.csv").open("w") as file:
        file.write("ticker,conditions,correction,exchange,price,sip_timestamp,size\n")
        for row in rows:
            at_ns = int(row["trade_timestamp"]) * 10**6
            file.write(f"{ticker},,0,{row['exchange']},{row['price']},{at_ns},{row['size']}.0\n")
    with (folder / "quotes.csv").open("w") as file:
        file.write("sip_timestamp,ticker,bid_price,bid_size,ask_price,ask_size,sequence_number\n")
        for number, row in enumerate(rows):
            at_ns = int(row["quote_timestamp"]) * 10**6
            sides = f"{row['bid']},{row['bid_size']},{row['ask']},{row['ask_size']}"
            file.write(f"{at_ns},{ticker},{sides},{number}\n")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cboe_spy_quotedata_2025-05-01_0828ET.csv", "spymon levels --chain FILE shows its levels"),
        ("spxw_eod_2025-09-03.csv", "is an option chain, one moment and not a tape"),
        ("massive_websocket_spec.json", "is a JSON document, not a tape"),
        (PRINTS, "which no known file has"),
    ],
)
def test_what_is_no_tape_is_answered_in_one_sentence(store: DayStore, name: str, words: str) -> None:
    with pytest.raises(StoreError) as caught:
        import_paths([real(name)], store)
    assert words in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(store.root.iterdir()) == []


def test_the_whole_folder_gives_the_day_and_a_sentence_for_each_stranger(store: DayStore) -> None:
    real(QUOTES)
    report = import_paths([DATA], store)
    assert [day.meta.symbol for day in report.days] == ["GOOG"]
    strangers = [path for path in DATA.iterdir() if not path.name.startswith("goog_")]
    named = Counter(path.name for path in strangers for problem in report.problems if path.name in problem)
    assert named == Counter(path.name for path in strangers)


def test_the_real_day_folds_to_one_hash_at_every_batch_size(store: DayStore) -> None:
    import_paths([real(name) for name in (QUOTES, TRADES, BARS, OPEN_INTEREST)], store)
    hashes = set()
    for batch in (1, 7, 1_000, 32_768):
        timeline = Timeline(store.open(CHRISTMAS_EVE, "GOOG"), FoldParams())
        while not timeline.finished:
            for _ in timeline.advance(timeline.end_ns, batch):
                pass
        assert timeline.state.under["events"][0] == 107_038
        hashes.add(timeline.state.digest())
    assert len(hashes) == 1
