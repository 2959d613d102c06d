"""Day files: written whole or not at all, listed honestly, readable anywhere."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.errors import NoDataError, StoreError
from engine.model.events import GAP, MISSING, NS, QUOTE, TRADE, Events, empty_events
from engine.model.underlyings import PRESETS
from engine.store.days.meta import DayMeta, Facts
from engine.store.days.store import DayStore
from engine.store.parquet import CHUNK, write_contracts
from tests.paths import ROOT

DAY = date(2025, 12, 16)
OPEN_NS = session(DAY).open_ns
CONTRACTS = (Contract("SPY", DAY, "C", 685_000), Contract("SPY", DAY, "P", 685_000))


def tape(n: int, seed: int = 0) -> Events:
    """Return n quotes and trades in time order."""
    rng = np.random.default_rng(seed)
    events = empty_events(n)
    events["ts"] = OPEN_NS + np.sort(rng.integers(0, 20_000 * NS, n))
    events["cid"] = rng.integers(1, 3, n)
    events["kind"] = rng.choice([QUOTE, TRADE], n)
    events["p1"] = rng.integers(0, 20_000, n) * 100
    events["p2"] = np.where(events["kind"] == QUOTE, events["p1"] + 100, MISSING)
    events["s1"] = rng.integers(1, 1000, n)
    events["cond"] = np.where(events["kind"] == TRADE, 209, 302)
    events["flags"] = rng.integers(0, 16, n)
    return events


def facts(source: str = "import", **changes: object) -> Facts:
    fields = {"spot_origin": "tape", "tick": 100, "underlying": PRESETS["SPY"], "complete": True} | changes
    return Facts(source, **fields)  # type: ignore[arg-type]


def write(store: DayStore, events: Events, step: int = 50_000, symbol: str = "SPY") -> DayMeta:
    with store.writer(DAY, symbol, CONTRACTS) as writer:
        for start in range(0, len(events), step):
            writer.append(events[start : start + step])
        return writer.commit(facts())


def interrupted(store: DayStore, events: Events) -> None:
    with store.writer(DAY, "SPY", CONTRACTS) as writer:
        writer.append(events)
        raise KeyboardInterrupt


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_what_was_written_is_read_bit_for_bit(tmp_path: Path) -> None:
    store, events = DayStore(tmp_path), tape(CHUNK + 1000)
    write(store, events)
    got = store.open(DAY, "SPY")
    assert len(got.starts) == 2
    assert np.array_equal(np.concatenate([got.read(0), got.read(1)]), events)
    assert tuple(got.contracts) == CONTRACTS
    assert got.end_ns == events["ts"].max()


def test_the_info_says_what_a_screen_needs(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    write(store, tape(10))
    info = store.open(DAY, "SPY").info
    assert (info.symbol, info.day, info.source, info.badge) == ("SPY", DAY, "import", "REPLAY")
    assert (info.spot_origin, info.tick, info.underlying) == ("tape", 100, PRESETS["SPY"])
    assert info.session == session(DAY)


def test_the_way_events_are_handed_over_does_not_change_a_byte(tmp_path: Path) -> None:
    events = tape(CHUNK + 5_000)
    for name, step in (("a", 1_000_000), ("b", 77_777)):
        write(DayStore(tmp_path / name), events, step)
    assert everything(tmp_path / "a") == everything(tmp_path / "b")


def test_starts_are_the_running_clock_even_when_times_jitter(tmp_path: Path) -> None:
    events = tape(2 * CHUNK + 10)
    events["ts"][CHUNK - 1] = OPEN_NS + 22_000 * NS  # one late stamp, then the clock stands still
    store = DayStore(tmp_path)
    write(store, events)
    got = store.open(DAY, "SPY")
    clock = np.maximum.accumulate(events["ts"])
    assert got.starts.tolist() == [clock[0], clock[CHUNK], clock[2 * CHUNK]]
    assert got.end_ns == clock[-1]


def test_row_groups_are_chunks_encoded_as_differences(tmp_path: Path) -> None:
    write(DayStore(tmp_path), tape(CHUNK + 7))
    with pq.ParquetFile(tmp_path / "days" / "2025-12-16" / "SPY" / "tape.parquet") as file:
        assert [file.metadata.row_group(i).num_rows for i in range(2)] == [CHUNK, 7]
        column = file.metadata.row_group(0).column(0)
        assert column.compression == "ZSTD"
        assert "DELTA_BINARY_PACKED" in column.encodings


def test_chunks_may_be_read_from_many_threads_in_any_order(tmp_path: Path) -> None:
    store, events = DayStore(tmp_path), tape(3 * CHUNK)
    write(store, events, 200_000)
    got = store.open(DAY, "SPY", cached_chunks=1)
    with ThreadPoolExecutor(4) as pool:
        chunks = [0, 2, 1, 1, 0, 2, 2, 0]
        for chunk, read in zip(chunks, pool.map(got.read, chunks), strict=True):
            assert np.array_equal(read, events[chunk * CHUNK : (chunk + 1) * CHUNK])


def test_only_the_last_chunks_stay_decoded(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    write(store, tape(3 * CHUNK), 200_000)
    got = store.open(DAY, "SPY", cached_chunks=2)
    first = got.read(0)
    got.read(1)
    assert got.read(0) is first
    got.read(2)
    assert got.read(0) is first
    assert got.read(1) is not None
    got.read(2)
    assert got.read(0) is not first


@pytest.mark.parametrize("chunk", [-1, 1])
def test_a_chunk_that_is_not_there_is_an_index_error(tmp_path: Path, chunk: int) -> None:
    store = DayStore(tmp_path)
    write(store, tape(10))
    with pytest.raises(IndexError, match="there are 1"):
        store.open(DAY, "SPY").read(chunk)


def test_the_list_counts_what_is_there(tmp_path: Path) -> None:
    store, events = DayStore(tmp_path), tape(1000)
    events[500] = empty_events(1)[0]
    events["kind"][500], events["ts"][500], events["s1"][500] = GAP, events["ts"][499], 2_500
    write(store, events)
    listing = store.list()
    (entry,) = listing.entries
    assert listing.problems == ()
    assert (entry.day, entry.symbol, entry.events) == (DAY, "SPY", 1000)
    assert entry.trades == np.count_nonzero(events["kind"] == TRADE)
    assert entry.quotes == np.count_nonzero(events["kind"] == QUOTE)
    assert (entry.first_ns, entry.last_ns) == (events["ts"][0], events["ts"][-1])
    assert (entry.complete, entry.gaps, entry.source, entry.state_hash) == (True, 1, "import", None)
    assert entry.bytes == sum(len(data) for data in everything(tmp_path).values())
    (gap,) = store.meta(DAY, "SPY").measured.gaps
    assert gap == (events["ts"][500] - 2_500_000_000, events["ts"][500])


def test_days_are_listed_by_date_and_symbol(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    for symbol in ("SPY", "QQQ"):
        write(store, tape(5), symbol=symbol)
    assert [entry.symbol for entry in store.list().entries] == ["QQQ", "SPY"]
    assert store.symbols(DAY) == ("QQQ", "SPY")
    assert store.symbols(date(2025, 12, 17)) == ()


def test_an_empty_or_missing_data_folder_lists_nothing(tmp_path: Path) -> None:
    assert DayStore(tmp_path / "nowhere").list().entries == ()
    assert not (tmp_path / "nowhere").exists()


def test_a_day_that_is_not_there_is_no_data(tmp_path: Path) -> None:
    for ask in (DayStore(tmp_path).open, DayStore(tmp_path).meta):
        with pytest.raises(NoDataError, match="no recorded or imported day 2025-12-16 of SPY"):
            ask(DAY, "SPY")


def test_damage_and_strangers_are_named_and_the_rest_works(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    for symbol in ("CUT", "NOMETA", "OTHER", "SPY", "TORN"):
        write(store, tape(50_000), symbol=symbol)
    day = tmp_path / "days" / "2025-12-16"
    cut = day / "CUT" / "tape.parquet"
    cut.write_bytes(cut.read_bytes()[:-10])
    (day / "NOMETA" / "meta.json").unlink()
    (day / "OTHER").rename(day / "MOVED")
    (day / "TORN" / "meta.json").write_text("{")
    (day / "notes.txt").write_text("mine")
    (tmp_path / "days" / "holiday").mkdir()
    listing = store.list()
    assert [entry.symbol for entry in listing.entries] == ["SPY"]
    named = ("CUT", "NOMETA", "MOVED", "TORN", "notes.txt", "holiday")
    assert len(listing.problems) == len(named)
    for name in named:
        (sentence,) = (problem for problem in listing.problems if name in problem)
        assert "\n" not in sentence
        assert sentence.endswith(".")


def test_a_chunk_damaged_within_is_reported_when_it_is_read(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    write(store, tape(100_000))
    path = tmp_path / "days" / "2025-12-16" / "SPY" / "tape.parquet"
    data = bytearray(path.read_bytes())
    data[1000:60_000] = bytes(59_000)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged at chunk 0; import the day again"):
        store.open(DAY, "SPY").read(0)


def test_a_tape_of_another_day_under_the_same_size_is_noticed(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    write(store, tape(1000))
    folder = tmp_path / "days" / "2025-12-16" / "SPY"
    text = (folder / "meta.json").read_text().replace('"events": 1000', '"events": 1001')
    (folder / "meta.json").write_text(text)
    with pytest.raises(StoreError, match=r"does not belong to its meta\.json"):
        store.open(DAY, "SPY")


def test_a_day_with_the_contracts_of_another_one_does_not_pass_a_check(tmp_path: Path) -> None:
    store, other = DayStore(tmp_path / "here"), DayStore(tmp_path / "there")
    write(store, tape(2_000))
    store.check(DAY, "SPY")
    with other.writer(DAY, "SPY", CONTRACTS[::-1]) as writer:
        writer.append(tape(2_000))
        writer.commit(facts())
    shutil.copy(other.folder(DAY, "SPY") / "contracts.parquet", store.folder(DAY, "SPY"))
    assert store.open(DAY, "SPY").contracts[1] == CONTRACTS[1]
    with pytest.raises(StoreError, match="SPY is damaged: it holds something else than was written"):
        store.check(DAY, "SPY")


def test_damaged_contracts_are_one_sentence(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    write(store, tape(10))
    (tmp_path / "days" / "2025-12-16" / "SPY" / "contracts.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(StoreError, match=r"contracts\.parquet is damaged"):
        store.open(DAY, "SPY")


def test_contracts_of_another_day_are_noticed_when_they_are_too_few(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    write(store, tape(10))
    write_contracts(tmp_path / "days" / "2025-12-16" / "SPY" / "contracts.parquet", CONTRACTS[:1])
    day = store.open(DAY, "SPY")
    with pytest.raises(StoreError, match="names contracts that it does not list; import the day again"):
        day.read(0)


def test_a_hash_is_recorded_and_kept_while_the_content_is_the_same(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    write(store, tape(100))
    store.record_hash(DAY, "SPY", "f00d")
    assert store.meta(DAY, "SPY").state_hash == "f00d"
    assert write(store, tape(100), 7).state_hash == "f00d"
    assert store.list().entries[0].state_hash == "f00d"
    assert write(store, tape(100, seed=1)).state_hash is None


def test_recording_a_hash_needs_a_day(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        DayStore(tmp_path).record_hash(DAY, "SPY", "f00d")


def test_without_a_commit_there_is_no_trace(tmp_path: Path) -> None:
    with DayStore(tmp_path).writer(DAY, "SPY", CONTRACTS) as writer:
        writer.append(tape(10))
    with pytest.raises(KeyboardInterrupt):
        interrupted(DayStore(tmp_path), tape(10))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_replacement_leaves_the_old_day(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    write(store, tape(100))
    before = everything(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        interrupted(store, tape(CHUNK + 1, seed=1))
    assert everything(tmp_path) == before


def test_a_day_killed_between_the_renames_is_still_listed_and_read(tmp_path: Path) -> None:
    store, events = DayStore(tmp_path), tape(100)
    write(store, events)
    day = tmp_path / "days" / "2025-12-16"
    (day / "SPY").rename(day / ".SPY.old")
    assert store.symbols(DAY) == ("SPY",)
    assert np.array_equal(store.open(DAY, "SPY").read(0), events)
    store.record_hash(DAY, "SPY", "f00d")
    write(store, tape(50))
    assert store.meta(DAY, "SPY").measured.events == 50
    assert [path.name for path in day.iterdir()] == ["SPY"]


def test_a_kill_while_writing_leaves_the_old_day_and_the_next_writer_cleans_up(
    tmp_path: Path,
) -> None:
    pytest.importorskip("fcntl")
    store = DayStore(tmp_path)
    write(store, tape(100))
    before = everything(tmp_path)
    script = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from engine.model.events import empty_events; from engine.store.days.store import DayStore\n"
        "with DayStore(Path(sys.argv[1])).writer(date(2025, 12, 16), 'SPY', ()) as writer:\n"
        "    writer.append(empty_events(300_000)); print('ready', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(signal.SIGKILL)
    left = {name: data for name, data in everything(tmp_path).items() if not name.startswith(".scratch-")}
    assert left == before
    assert len(list(tmp_path.glob(".scratch-*"))) == 1
    write(store, tape(100))
    assert everything(tmp_path) == before


def test_a_day_without_events_is_not_written(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match="not one event of SPY"),
        DayStore(tmp_path).writer(DAY, "SPY", ()) as writer,
    ):
        writer.commit(facts())
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        write(DayStore(tmp_path / "data"), tape(1))


def test_errors_of_the_events_maker_are_not_blamed_on_the_disk(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="the network is down"),
        DayStore(tmp_path).writer(DAY, "SPY", CONTRACTS),
    ):
        raise OSError("the network is down")
