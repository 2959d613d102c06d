"""Imports from end to end: files in, days out, and a report that hides nothing."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.calendar import close_ns, parse_time, session
from engine.model.errors import NoDataError, StoreError
from engine.model.events import (
    FLAG_MINUTE,
    FLAG_PARITY,
    MARK,
    MARK_CLOSE,
    MARK_OPEN,
    NS,
    OI,
    PREV_CLOSE,
    QUOTE,
    SPOT,
    TRADE,
    Events,
)
from engine.model.underlyings import PRESETS, parse_custom
from engine.store.days.meta import Facts
from engine.store.days.store import DayStore
from engine.store.days.tapes import BACKFILL, Origin
from engine.store.importer.importer import ImportReport, import_paths

DAY = date(2025, 12, 16)
OPEN_NS, CLOSE_NS = session(DAY).open_ns, session(DAY).close_ns
CALL, PUT = "O:SPY251216C00685000", "O:SPY251216P00685000"
TRADES = "ticker,conditions,correction,exchange,price,sip_timestamp,size"
QUOTES = (
    "ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp"
)
BARS = "ticker,volume,open,close,high,low,window_start,transactions"


def trade(
    at_s: float = 60, ticker: str = CALL, price: float | str = 1.25, size: int = 3, cond: str = "209"
) -> str:
    return f"{ticker},{cond},0,302,{price},{OPEN_NS + int(at_s * NS)},{size}"


def quote(at_s: float = 30, ticker: str = CALL, bid: float = 1.2, ask: float = 1.3, seq: int = 1) -> str:
    return f"{ticker},302,{ask},5,303,{bid},7,{seq},{OPEN_NS + int(at_s * NS)}"


def bar(minute: int = 0, ticker: str = "SPY", close: float = 685.5) -> str:
    return f"{ticker},100,1,{close},1,1,{OPEN_NS + minute * 60 * NS},"


def file(path: Path, header: str, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{line}\n" for line in (header, *lines)).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def store(tmp_path: Path) -> DayStore:
    return DayStore(tmp_path / "data")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def events(store: DayStore, symbol: str = "SPY", day: date = DAY) -> Events:
    tape = store.open(day, symbol)
    return np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])


def kinds(made: Events) -> list[int]:
    return [int(kind) for kind in made["kind"] if kind != MARK]


def fresh(data: Path, paths: list[Path], **options: Any) -> tuple[DayStore, ImportReport]:
    store = DayStore(data)
    return store, import_paths(paths, store, **options)


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


# What becomes of files


def test_trades_quotes_bars_and_open_interest_become_one_day(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade(60), trade(20, PUT))
    file(inbox / "q.csv.gz", QUOTES, quote(60), quote(10, PUT))
    file(inbox / "b.csv", BARS, bar(0), bar(1, close=686))
    file(inbox / "oi.csv", "ticker,open_interest", f"{CALL},100", f"{PUT},50")
    report = import_paths([inbox], store)
    made = events(store)
    assert kinds(made) == [OI, OI, QUOTE, TRADE, SPOT, QUOTE, TRADE, SPOT]
    assert (np.diff(made["ts"]) >= 0).all()
    (day,) = report.days
    assert (day.meta.symbol, day.meta.day, day.outcome) == ("SPY", DAY, "new")
    assert (report.bad_rows, report.problems) == (0, ())
    assert [each.name for each in day.meta.facts.inputs] == ["q.csv.gz", "t.csv", "b.csv", "oi.csv"]
    assert store.open(DAY, "SPY").info.underlying == PRESETS["SPY"]


def test_ids_follow_the_contracts_and_not_the_order_of_rows(store: DayStore, inbox: Path) -> None:
    import_paths([file(inbox / "t.csv", TRADES, trade(1, PUT), trade(2, CALL))], store)
    assert [each.occ for each in store.open(DAY, "SPY").contracts] == [CALL, PUT]
    assert [int(row["cid"]) for row in events(store) if row["kind"] == TRADE] == [2, 1]


def test_marks_stand_at_the_open_and_at_the_close_of_the_options(store: DayStore, inbox: Path) -> None:
    import_paths([file(inbox / "t.csv", TRADES, trade())], store)
    made = events(store)
    marks = made[made["kind"] == MARK]
    assert marks["s1"].tolist() == [MARK_OPEN, MARK_CLOSE]
    assert marks["ts"].tolist() == [OPEN_NS, close_ns(PRESETS["SPY"], DAY)]


def test_minute_bars_are_flagged_and_named_as_origin(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade())
    file(inbox / "b.csv", BARS, bar(3))
    import_paths([inbox], store)
    (spot,) = (row for row in events(store) if row["kind"] == SPOT)
    assert (spot["ts"], spot["p1"], spot["flags"]) == (OPEN_NS + 240 * NS, 6_855_000, FLAG_MINUTE)
    assert store.open(DAY, "SPY").info.spot_origin == "minute bars"


def test_trades_of_the_stock_are_preferred_to_its_bars(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade(), trade(5, "SPY", 685.01, 100, "37"))
    file(inbox / "b.csv", BARS, bar(0), bar(1))
    report = import_paths([inbox], store)
    assert [int(row["p1"]) for row in events(store) if row["kind"] == SPOT] == [6_850_100]
    assert store.open(DAY, "SPY").info.spot_origin == "tape"
    assert "Minute bars beside the underlying's trades, left out: 2." in report.notes


def test_without_the_underlying_the_spot_comes_from_parity_and_says_so(store: DayStore, inbox: Path) -> None:
    pairs = [
        quote(1, f"O:SPY251216{right}00{strike}000", bid, bid + 0.2)
        for strike, call, put in ((680, 6.6, 0.1), (685, 2.4, 0.9), (690, 0.2, 3.7))
        for right, bid in (("C", call), ("P", put))
    ]
    file(inbox / "q.csv", QUOTES, *pairs)
    import_paths([inbox], store)
    (spot,) = (row for row in events(store) if row["kind"] == SPOT)
    assert (spot["p1"], spot["flags"]) == (6_865_000, FLAG_PARITY)
    info = store.open(DAY, "SPY").info
    assert info.spot_origin == "put-call parity"
    assert any("put-call parity" in note for note in info.notes)


def test_without_any_quote_there_is_no_spot_and_that_is_said(store: DayStore, inbox: Path) -> None:
    import_paths([file(inbox / "t.csv", TRADES, trade())], store)
    info = store.open(DAY, "SPY").info
    assert info.spot_origin == "none"
    assert any(note.startswith("There is no spot") for note in info.notes)
    assert any(note.startswith("There is no open interest") for note in info.notes)


def test_mixed_underlyings_become_a_day_each_and_index_roots_find_their_index(
    store: DayStore, inbox: Path
) -> None:
    file(
        inbox / "t.csv", TRADES, trade(), trade(ticker="O:SPXW251216C06850000"),
        trade(ticker="O:GOOG251219C00300000"), trade(ticker="O:GOOG251219C00302500"),
        trade(ticker="O:GOOG251219C00305000"),
    )  # fmt: skip
    import_paths([inbox], store)
    assert store.symbols(DAY) == ("GOOG", "SPX", "SPY")
    spx, goog = store.open(DAY, "SPX").info, store.open(DAY, "GOOG").info
    assert (spx.underlying, spx.tick) == (PRESETS["SPX"], 500)
    assert (goog.underlying.increment_milli, goog.underlying.roots, goog.tick) == (2_500, ("GOOG",), 100)


def test_one_file_of_two_days_becomes_two_days(store: DayStore, inbox: Path) -> None:
    later = "O:SPY251219C00685000"
    file(inbox / "t.csv", TRADES, trade(60, later), trade(86_400 + 60, later))
    import_paths([inbox], store)
    assert [entry.day for entry in store.list().entries] == [DAY, date(2025, 12, 17)]


def test_symbol_and_date_leave_out_the_rest_and_say_how_much(store: DayStore, inbox: Path) -> None:
    later = "O:SPY251219C00685000"
    file(inbox / "t.csv", TRADES, trade(), trade(ticker="O:QQQ251216C00500000"), trade(90_000, later))
    report = import_paths([inbox], store, symbol="spy", day=DAY)
    assert [(entry.day, entry.symbol) for entry in store.list().entries] == [(DAY, "SPY")]
    assert report.notes == ("Rows of other symbols, left out: 1.", "Rows of other days, left out: 1.")


def test_an_underlying_without_options_makes_no_day(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade())
    file(inbox / "b.csv", BARS, bar(ticker="SPY"), bar(ticker="MSFT"))
    report = import_paths([inbox], store)
    assert store.symbols(DAY) == ("SPY",)
    assert any("without an option" in note for note in report.notes)


def test_caches_are_read_with_their_contract_from_the_name(store: DayStore, inbox: Path) -> None:
    folder = inbox / "2025-12-16"
    folder.mkdir()
    for right, price in (("C", 1.25), ("P", 0.75)):
        columns = {"price": [price], "size": [4], "timestamp": [(OPEN_NS + 60 * NS) // 10**6]}
        pq.write_table(pa.table(columns), folder / f"O_SPY251216{right}00685000.parquet")
    report = import_paths([inbox], store)
    made = events(store)
    traded = made[made["kind"] == TRADE]
    assert traded["p1"].tolist() == [12_500, 7_500]
    assert set(traded["ts"]) == {OPEN_NS + 60 * NS}
    assert len(report.days[0].meta.facts.inputs) == 2


def test_cached_trades_do_not_count_twice_beside_a_flat_file(store: DayStore, inbox: Path) -> None:
    columns = {"p": [1.25], "s": [3], "t": [(OPEN_NS + 60 * NS) // 10**6]}
    for right in "CP":
        pq.write_table(pa.table(columns), inbox / f"O_SPY251216{right}00685000.parquet")
    file(inbox / "t.csv", TRADES, trade(60.000_000_5))
    report = import_paths([inbox], store)
    assert report.days[0].meta.measured.counts["trade"] == 2  # the flat call and the cached put
    assert "Cached trades of contracts whose trades a flat file has, left out: 1." in report.notes


def test_open_interest_takes_its_day_from_its_name_or_from_the_only_day(store: DayStore, inbox: Path) -> None:
    later = "O:SPY251219C00685000"
    file(inbox / "t.csv", TRADES, trade(60, later), trade(86_400 + 60, later))
    file(inbox / "oi_2025-12-17.csv", "ticker,open_interest", f"{later},77")
    file(inbox / "unnamed.csv", "ticker,open_interest", f"{later},88")
    report = import_paths([inbox], store)
    assert OI not in kinds(events(store))
    assert [int(row["s1"]) for row in events(store, day=date(2025, 12, 17)) if row["kind"] == OI] == [77]
    (problem,) = report.problems
    assert "unnamed.csv does not say of which day" in problem


def test_columns_in_any_order_with_windows_line_ends_and_a_byte_order_mark(
    store: DayStore, inbox: Path
) -> None:
    names = TRADES.split(",")
    fields = trade(60, cond='"209,219"').replace('"209,219"', "209;219").split(",")
    turned = [",".join(["more", *reversed(row)]).replace("209;219", '"209,219"') for row in (names, fields)]
    (inbox / "t.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(turned).encode())
    report = import_paths([inbox], store)
    (made,) = (row for row in events(store) if row["kind"] == TRADE)
    assert (made["p1"], made["s1"], made["cond"]) == (12_500, 3, 219)
    assert report.bad_rows == 0


def test_a_custom_underlying_keeps_its_roots_and_increment(store: DayStore, inbox: Path) -> None:
    custom = parse_custom("VIX:1:VIXW")
    file(inbox / "t.csv", TRADES, trade(ticker="O:VIXW251217C00020000"))
    import_paths([inbox], store, customs={"VIX": custom})
    assert store.open(DAY, "VIX").info.underlying == custom


def test_the_increment_of_an_unknown_underlying_is_the_commonest_step(store: DayStore, inbox: Path) -> None:
    strikes = (250_000, 260_000, 270_000, 272_500, 275_000, 277_500, 300_000)
    file(inbox / "t.csv", TRADES, *(trade(ticker=f"O:GOOG251219C{milli:08d}") for milli in strikes))
    file(
        inbox / "u.csv",
        TRADES,
        *(trade(ticker=f"O:GOOG260116C{milli:08d}") for milli in range(1000, 9000, 1000)),
    )
    file(inbox / "v.csv", TRADES, trade(ticker="O:AMD251219C00200000"))
    import_paths([inbox], store)
    assert store.open(DAY, "GOOG").info.underlying.increment_milli == 2_500
    assert store.open(DAY, "AMD").info.underlying.increment_milli == 1_000


def test_hundreds_of_underlyings_in_one_file_are_hundreds_of_days(store: DayStore, inbox: Path) -> None:
    names = [f"{a}{b}" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJKLMNOPQRST"]
    file(inbox / "t.csv", TRADES, *(trade(i, f"O:{name}251219C00010000") for i, name in enumerate(names)))
    report = import_paths([inbox], store, budget_rows=64)
    assert store.symbols(DAY) == tuple(names)
    assert all(day.meta.measured.counts == {"trade": 1, "mark": 2} for day in report.days)


def test_a_contract_met_only_in_open_interest_is_in_the_table(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade())
    file(inbox / "oi.csv", "ticker,open_interest", f"{PUT},9")
    import_paths([inbox], store)
    tape = store.open(DAY, "SPY")
    (known,) = (row for row in events(store) if row["kind"] == OI)
    assert tape.contracts[int(known["cid"])].occ == PUT
    assert known["ts"] == OPEN_NS


def test_corrections_are_left_out_and_counted_in_the_report(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade(), trade(61).replace(",209,0,", ",209,8,"))
    report = import_paths([inbox], store)
    assert kinds(events(store)) == [TRADE]
    assert any("later corrected or cancelled" in note for note in report.notes)


# One day, not two


def test_two_imports_of_one_file_are_one_day_byte_for_byte(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade(), trade())
    import_paths([inbox], store)
    before = everything(store.root)
    report = import_paths([inbox], store)
    assert report.days[0].outcome == "unchanged"
    assert everything(store.root) == before
    assert kinds(events(store)) == [TRADE, TRADE]


def test_a_hash_survives_an_import_of_the_same_content(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade())
    import_paths([inbox], store)
    store.record_hash(DAY, "SPY", "f00d")
    import_paths([inbox], store)
    assert store.meta(DAY, "SPY").state_hash == "f00d"


def test_a_copy_of_a_file_is_read_once_and_named(store: DayStore, inbox: Path) -> None:
    file(inbox / "a.csv", TRADES, trade(), trade())
    file(inbox / "b.csv", TRADES, trade(), trade())
    report = import_paths([inbox], store)
    assert kinds(events(store)) == [TRADE, TRADE]
    assert any("b.csv is a copy of" in note for note in report.notes)


def test_a_file_and_its_gzip_are_one(store: DayStore, inbox: Path) -> None:
    for name in ("a.csv", "a.csv.gz"):
        file(inbox / name, TRADES, trade(1), trade(1), trade(2))
    report = import_paths([inbox], store)
    assert report.days[0].meta.measured.counts["trade"] == 3
    assert "Rows that another file has as well, taken once: 3." in report.notes


def test_a_file_named_twice_is_read_once(store: DayStore, inbox: Path) -> None:
    path = file(inbox / "a.csv", TRADES, trade())
    assert import_paths([path, inbox, path], store).rows == 1 + 2  # and two marks


def test_of_many_files_that_are_no_longer_in_a_day_three_are_named(store: DayStore, inbox: Path) -> None:
    many = [file(inbox / f"{name}.csv", TRADES, trade(1 + i)) for i, name in enumerate("abcde")]
    import_paths(many, store)
    sentence = import_paths([file(inbox / "q.csv", QUOTES, quote())], store).days[0].sentence
    assert "a.csv, b.csv, c.csv and 2 more are no longer in it" in sentence


def test_another_set_of_files_replaces_the_day_and_says_so(store: DayStore, inbox: Path) -> None:
    first = file(inbox / "t.csv", TRADES, trade())
    second = file(inbox / "q.csv", QUOTES, quote())
    import_paths([first], store)
    report = import_paths([second], store)
    (day,) = report.days
    assert day.outcome == "replaced"
    assert "t.csv is no longer in it" in day.sentence
    assert kinds(events(store)) == [QUOTE]
    both = import_paths([first, second], store).days[0].sentence
    assert "no longer" not in both
    assert kinds(events(store)) == [QUOTE, TRADE]


def test_a_recorded_day_is_never_replaced(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade(), trade(ticker="O:QQQ251216C00500000"))
    with store.writer(DAY, "SPY", ()) as writer:
        import_paths([inbox], DayStore(inbox.parent / "other"))
        writer.append(events(DayStore(inbox.parent / "other"))[:1])
        writer.commit(Facts("recorded", "tape", 100, PRESETS["SPY"], True))
    before = everything(store.root)
    report = import_paths([inbox], store)
    assert [day.meta.symbol for day in report.days] == ["QQQ"]
    assert any("was recorded and not imported" in problem for problem in report.problems)
    assert before.items() <= everything(store.root).items()


# Order and bounds


LINES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([CALL, PUT, "O:QQQ251216C00500000"]), st.booleans()),
    min_size=1,
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(
    rows=LINES,
    cuts=st.sets(st.integers(1, 39), max_size=4),
    block_bytes=st.integers(50, 500),
    budget=st.integers(1, 20),
)
def test_any_split_into_files_blocks_and_runs_gives_the_same_tape(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, str, bool]],
    cuts: set[int],
    block_bytes: int,
    budget: int,
) -> None:
    root = tmp_path_factory.mktemp("split")
    # Prices make each trade unlike the others: equal rows in two files are taken for copies.
    trades = [trade(at, ticker, price=i + 1) for i, (at, ticker, is_trade) in enumerate(rows) if is_trade]
    quotes = [quote(at, ticker, seq=i) for i, (at, ticker, is_trade) in enumerate(rows) if not is_trade]
    whole = [*_split(root / "whole", TRADES, trades, set()), *_split(root / "whole", QUOTES, quotes, set())]
    parts = [*_split(root / "parts", TRADES, trades, cuts), *_split(root / "parts", QUOTES, quotes, cuts)]
    one, _ = fresh(root / "one", whole)
    many, _ = fresh(root / "many", list(reversed(parts)), block_bytes=block_bytes, budget_rows=budget)
    assert one.symbols(DAY) == many.symbols(DAY)
    for symbol in one.symbols(DAY):
        assert np.array_equal(events(one, symbol), events(many, symbol))
        assert list(one.open(DAY, symbol).contracts) == list(many.open(DAY, symbol).contracts)


def _split(folder: Path, header: str, lines: list[str], cuts: set[int]) -> Iterator[Path]:
    bounds = [0, *sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    name = header.split(",")[1]
    for part, (start, end) in enumerate(pairwise(bounds)):
        if end > start:
            yield file(folder / f"{name}-{part}.csv", header, *lines[start:end])


def test_memory_is_bounded_whatever_the_size_of_the_files(tmp_path: Path) -> None:
    peaks = []
    for n in (20_000, 80_000):
        lines = (quote(i % 20_000 + i / n, CALL if i % 2 else PUT, seq=i) for i in range(n))
        path = file(tmp_path / f"{n}.csv", QUOTES, *lines)
        _, report = fresh(tmp_path / f"data-{n}", [path], budget_rows=5_000, block_bytes=100_000)
        assert report.days[0].meta.measured.counts["quote"] == n
        peaks.append(report.peak_rows)
    assert peaks[0] <= 10_000
    assert peaks[1] <= 5_000 + (80_000 // 5_000 + 1) * 1024  # a read of each run


def test_parts_are_read_in_the_order_people_count(store: DayStore, inbox: Path) -> None:
    for part in range(11):
        file(inbox / f"part-{part}.csv", TRADES, trade(5, price=part + 1))
    import_paths([inbox], store)
    made = events(store)
    assert made["p1"][made["kind"] == TRADE].tolist() == [10_000 * (part + 1) for part in range(11)]


def test_progress_grows_to_one_and_names_what_is_done(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv.gz", TRADES, *(trade(i) for i in range(1000)))
    told: list[tuple[str, float]] = []
    import_paths([inbox], store, progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)
    assert {"reading t.csv.gz", "writing SPY"} <= {what for what, _ in told}


def test_nothing_is_left_beside_the_days(store: DayStore, inbox: Path) -> None:
    import_paths([file(inbox / "t.csv", TRADES, *(trade(i) for i in range(100)))], store, budget_rows=7)
    assert [path.name for path in store.root.iterdir()] == ["days"]


def test_an_interrupted_import_changes_nothing(store: DayStore, inbox: Path) -> None:
    path = file(inbox / "t.csv", TRADES, trade())
    import_paths([path], store)
    before = everything(store.root)
    file(inbox / "t.csv", TRADES, trade(price=9))

    def interrupt(what: str, _share: float) -> None:
        if what.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_paths([path], store, progress=interrupt)
    assert everything(store.root) == before


# Bad input


def test_bad_rows_are_counted_and_named_by_line_and_the_rest_is_taken(store: DayStore, inbox: Path) -> None:
    path = file(
        inbox / "t.csv", TRADES, trade(1), "rubbish", trade(2), trade(3, price="x"), trade(4, size=0), ""
    )
    report = import_paths([path], store)
    assert report.bad_rows == 3
    assert [row.line for row in report.first_bad] == [3, 5, 6]
    assert all(row.path == path for row in report.first_bad)
    assert kinds(events(store)) == [TRADE, TRADE]
    assert any("3 rows are" in note for note in store.open(DAY, "SPY").info.notes)


def test_twenty_bad_rows_are_named_and_all_are_counted(store: DayStore, inbox: Path) -> None:
    report = import_paths([file(inbox / "t.csv", TRADES, trade(), *["?"] * 500)], store, block_bytes=200)
    assert report.bad_rows == 500
    assert [row.line for row in report.first_bad] == list(range(3, 23))


def test_a_truncated_gzip_keeps_what_was_readable_and_is_not_complete(store: DayStore, inbox: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [trade(at, size=int(size)) for at, size in enumerate(rng.integers(1, 10**6, 20_000))]
    whole = file(inbox / "t.csv.gz", TRADES, *lines).read_bytes()
    (inbox / "t.csv.gz").write_bytes(whole[: len(whole) // 2])
    file(inbox / "whole.csv", TRADES, trade(60, PUT), trade((CLOSE_NS - OPEN_NS) / NS - 60, PUT))
    report = import_paths([inbox], store)
    (problem,) = report.problems
    assert "t.csv.gz breaks off in the middle" in problem
    kept = report.days[0].meta.measured.counts["trade"]
    assert 1_000 < kept < 20_000
    assert f"{kept - 2:,} rows before that were taken" in problem
    assert report.bad_rows == 0
    assert report.failed
    assert not store.list().entries[0].complete


def test_a_day_is_complete_when_it_reaches_from_open_to_close(store: DayStore, inbox: Path) -> None:
    path = inbox / "t.csv"
    import_paths([file(path, TRADES, trade(60), trade((CLOSE_NS - OPEN_NS) / NS - 60))], store)
    assert store.list().entries[0].complete
    import_paths([file(path, TRADES, trade(60), trade(3600))], store)
    assert not store.list().entries[0].complete


def test_strangers_among_good_files_are_named_and_skipped(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade())
    (inbox / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (inbox / "empty.csv").write_bytes(b"")
    (inbox / "index.html").write_bytes(b"<html>\n")
    (inbox / "x.parquet").write_bytes(b"PAR1 rubbish")
    report = import_paths([inbox], store)
    assert [day.meta.symbol for day in report.days] == ["SPY"]
    assert report.failed  # for the empty and the broken one
    for name in ("logo.png", "empty.csv", "index.html", "x.parquet"):
        (sentence,) = (problem for problem in report.problems if name in problem)
        assert sentence.endswith(".")


def test_a_stranger_is_a_failure_only_where_it_was_named(store: DayStore, inbox: Path) -> None:
    path, page = file(inbox / "t.csv", TRADES, trade()), inbox / "index.html"
    page.write_bytes(b"<html>\n")
    walked, named = import_paths([inbox], store), import_paths([path, page], store)
    assert walked.problems == named.problems != ()
    assert (walked.failed, named.failed) == (False, True)


def test_hidden_files_of_a_folder_are_nobodys_business(store: DayStore, inbox: Path) -> None:
    file(inbox / "t.csv", TRADES, trade())
    (inbox / ".DS_Store").write_bytes(b"\x00")
    assert import_paths([inbox], store).problems == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00", "is not text"),
        (b"<html>\n", "is a web page"),
        (gzip.compress(b"a" * 100, mtime=0)[:10], "breaks off"),
        (TRADES.encode() + b"\n", "no option trade and no option quote"),
        (f"{TRADES}\nx\ny\n".encode(), "2 rows are bad, the first in line 2"),
        (f"{BARS}\n{bar()}\n".encode(), "no option trade and no option quote"),
    ],
)
def test_one_unusable_file_is_one_sentence_and_leaves_no_trace(
    store: DayStore, inbox: Path, content: bytes, words: str
) -> None:
    (inbox / "file").write_bytes(content)
    with pytest.raises(StoreError) as caught:
        import_paths([inbox / "file"], store)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(store.root.iterdir()) == []


def test_what_is_not_there_is_no_data(store: DayStore, inbox: Path) -> None:
    with pytest.raises(NoDataError, match="does not exist"):
        import_paths([inbox / "nowhere"], store)
    with pytest.raises(NoDataError, match="is an empty folder"):
        import_paths([inbox], store)
    path = file(inbox / "t.csv", TRADES, trade(), trade(ticker="O:QQQ251216C00500000"))
    with pytest.raises(NoDataError, match="nothing of IWM; they have QQQ, SPY"):
        import_paths([path], store, symbol="IWM")
    with pytest.raises(NoDataError, match="nothing of that day"):
        import_paths([path], store, day=date(2025, 12, 17))
    with pytest.raises(NoDataError, match="is a Saturday"):
        import_paths([path], store, day=date(2025, 12, 20))


def test_a_data_folder_that_cannot_be_written_is_one_sentence(inbox: Path) -> None:
    path = file(inbox / "t.csv", TRADES, trade())
    with pytest.raises(StoreError, match="cannot be written"):
        import_paths([path], DayStore(path))


def test_a_half_day_ends_at_its_own_close(store: DayStore, inbox: Path) -> None:
    half = date(2025, 12, 24)
    at_ns = parse_time("12:59", half)
    file(inbox / "t.csv", TRADES, f"O:GOOG251226C00300000,209,0,302,1.5,{at_ns},2")
    import_paths([inbox], store)
    assert events(store, "GOOG", half)["ts"][-1] == session(half).close_ns


def test_minute_bars_that_know_the_close_before_tell_it_at_the_open(store: DayStore, inbox: Path) -> None:
    file(inbox / "trades.csv", TRADES, trade())
    header = "ticker,close,window_start,previous_close"
    first, second = (f"SPY,685.5,{OPEN_NS + i * 60 * NS}" for i in range(2))
    file(inbox / "bars.csv", header, f"{first},681.25", f"{second},")
    import_paths([inbox], store)
    made = events(store)
    [before] = made[made["kind"] == PREV_CLOSE]
    assert (before["ts"], before["p1"], before["flags"]) == (OPEN_NS, 6_812_500, 0)
    assert made["p1"][made["kind"] == SPOT].tolist() == [6_855_000] * 2


def test_a_backfilled_day_may_be_made_again_by_an_import_and_never_the_other_way(
    store: DayStore, inbox: Path
) -> None:
    file(inbox / "trades.csv", TRADES, trade(), trade((CLOSE_NS - OPEN_NS) / NS - 60))
    fetched = Origin(BACKFILL, whole=False, notes=("One file is missing.",))
    [day] = import_paths([inbox], store, origin=fetched).days
    assert (day.meta.facts.source, day.meta.facts.complete) == (BACKFILL, False)
    assert "One file is missing." in day.meta.facts.notes
    [day] = import_paths([inbox], store).days
    assert (day.meta.facts.source, day.meta.facts.complete) == ("import", True)
    with pytest.raises(StoreError, match=r"was imported, and it stays; move .* away to backfill it"):
        import_paths([inbox], store, origin=fetched)


def test_a_day_whose_trades_end_before_its_quotes_is_partial_and_says_so(
    store: DayStore, inbox: Path
) -> None:
    whole, half = (int((CLOSE_NS - OPEN_NS) / NS * share) for share in (1.0, 0.5))
    for name, last in (("half", half), ("whole", whole)):
        trades = file(inbox / name / "trades.csv", TRADES, *map(trade, range(1, last, 10)))
        quotes = file(inbox / name / "quotes.csv", QUOTES, *map(quote, range(1, whole, 10)))
        report = import_paths([trades, quotes], store)
        assert report.days[0].meta.facts.complete is (name == "whole")
        (entry,) = store.list().entries
        said = [note for note in entry.notes if note.startswith("Trades end by")]
        assert said == (["Trades end by 12:45 and quotes by 16:00: it is partial."] if name == "half" else [])
        assert entry.gaps == (name == "half")
