"""A file that breaks off or is damaged anywhere: everything whole before that place is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.model.contracts import ContractTable
from engine.model.errors import StoreError
from engine.model.events import Events
from engine.store.journal.encoding import END, Encoder, Recording
from engine.store.journal.file import JournalFile
from engine.store.journal.writer import Journal
from engine.store.parquet import CHUNK
from engine.tape.tape import Tape

EventsOf = Callable[[int, int], Events]
Rows = Callable[[JournalFile], Events]


@pytest.fixture
def encoded(recording: Recording, in_memory: Callable[..., Tape]) -> Callable[..., list[bytes]]:
    """Return what encodes batches as the pieces of a file, the schema within the first, the end last."""

    def run(*batches: Events) -> list[bytes]:
        encoder, told = Encoder(recording), [tuple(in_memory(batches[0]).contracts)]
        pieces = [encoder.record(batch, 0, "test", told.pop() if told else ()) for batch in batches]
        return [*pieces, encoder.end()]

    return run


@pytest.fixture
def three(events_of: EventsOf) -> tuple[Events, Events, Events]:
    events = events_of(5, 90)
    return events[:30], events[30:60], events[60:]


def test_every_cut_of_the_last_batch_opens_at_the_last_whole_one(
    tmp_path: Path,
    encoded: Callable[..., list[bytes]],
    three: tuple[Events, ...],
    rows_of: Rows,
) -> None:
    *whole, last, _ = encoded(*three)
    head, path = b"".join(whole), tmp_path / "SPY-093000.arrows"
    kept = np.concatenate(three[:2])
    for cut in range(len(last)):
        path.write_bytes(head + last[:cut])
        file = JournalFile(path)
        assert np.array_equal(rows_of(file), kept), cut
        if not cut:
            assert file.loss is None
            continue
        assert file.loss is not None
        assert (file.loss.at_byte, file.loss.bytes, file.loss.torn) == (len(head), cut, True)
    path.write_bytes(head + last)
    assert np.array_equal(rows_of(JournalFile(path)), np.concatenate(three))


def test_every_cut_of_the_first_batch_and_the_schema_opens_empty(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...]
) -> None:
    first, path = encoded(three[0])[0], tmp_path / "SPY-093000.arrows"
    for cut in range(len(first)):
        path.write_bytes(first[:cut])
        file = JournalFile(path)
        assert (file.events, len(file.starts)) == (0, 0)
        assert file.loss is None or file.loss.torn, cut


def test_a_closed_file_and_a_killed_writers_are_both_whole(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...], rows_of: Rows
) -> None:
    pieces, path = encoded(*three), tmp_path / "SPY-093000.arrows"
    assert pieces[-1] == END
    for data in (b"".join(pieces), b"".join(pieces[:-1])):
        path.write_bytes(data)
        file = JournalFile(path)
        assert file.loss is None
        assert np.array_equal(rows_of(file), np.concatenate(three))


@pytest.mark.parametrize("tail", [bytes(8), bytes(4096), END + b"x"])
def test_zeros_and_rubbish_behind_the_last_batch_are_a_torn_end(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...], rows_of: Rows, tail: bytes
) -> None:
    path = tmp_path / "SPY-093000.arrows"
    path.write_bytes(b"".join(encoded(*three)[:-1]) + tail)
    file = JournalFile(path)
    assert file.loss is not None
    assert (file.loss.bytes, file.loss.torn) == (len(tail), True)
    assert np.array_equal(rows_of(file), np.concatenate(three))


def test_any_changed_byte_is_noticed_and_what_stands_before_its_batch_is_kept(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...], rows_of: Rows
) -> None:
    first, second, third, _ = encoded(*three)
    path, rng = tmp_path / "SPY-093000.arrows", np.random.default_rng(4)
    noticed = 0
    for at in range(0, len(second), 3):
        data = bytearray(first + second + third)
        data[len(first) + at] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        file = JournalFile(path)
        rows = rows_of(file)
        if file.loss is None:  # a byte of padding
            assert np.array_equal(rows, np.concatenate(three)), at
            continue
        noticed += 1
        assert np.array_equal(rows, three[0]), at
        assert (file.loss.at_byte, file.loss.torn) == (len(first), False), at
    assert noticed > len(second) / 6


@pytest.mark.parametrize("middle", [b"", b"more than there was", bytes(4096)])
def test_bytes_that_went_or_came_are_damage_and_no_torn_end(
    tmp_path: Path,
    encoded: Callable[..., list[bytes]],
    three: tuple[Events, ...],
    rows_of: Rows,
    middle: bytes,
) -> None:
    first, second, third, _ = encoded(*three)
    path = tmp_path / "SPY-093000.arrows"
    path.write_bytes(first + second[:300] + middle + second[305:] + third)
    file = JournalFile(path)
    assert file.loss is not None
    assert not file.loss.torn
    assert np.array_equal(rows_of(file), three[0])


def test_batches_that_changed_places_are_noticed(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...], rows_of: Rows
) -> None:
    first, second, third, end = encoded(*three)
    path = tmp_path / "SPY-093000.arrows"
    for data in (first + third + second + end, first + third + end):
        path.write_bytes(data)
        file = JournalFile(path)
        assert file.loss is not None
        assert np.array_equal(rows_of(file), three[0])


def test_damage_and_a_torn_end_say_what_was_lost(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...]
) -> None:
    first, second, third, _ = encoded(*three)
    path = tmp_path / "SPY-093000.arrows"
    path.write_bytes(first + second[:50])
    torn = JournalFile(path).loss
    path.write_bytes(first + second[:400] + b"damage!!" + second[408:] + third)
    damaged = JournalFile(path).loss
    assert torn is not None
    assert damaged is not None
    assert torn.sentence(path.name) == (
        "SPY-093000.arrows breaks off within its last batch; 50 bytes were cut."
    )
    assert damaged.sentence(path.name) == (
        f"SPY-093000.arrows is damaged at byte {len(first):,}: the {len(second + third):,} bytes "
        "from there on cannot be read; what stands before is kept."
    )


def test_files_of_others_are_refused(tmp_path: Path, encoded: Callable[..., list[bytes]]) -> None:
    path = tmp_path / "SPY-093000.arrows"
    path.write_text("a text\n", encoding="utf-8")
    with pytest.raises(StoreError, match="is not a recording: it is no Arrow stream"):
        JournalFile(path)
    table = pa.table({"a": [1, 2]})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    with pytest.raises(StoreError, match="is not a recording: it is no recording"):
        JournalFile(path)
    with pytest.raises(StoreError, match="cannot be read"):
        JournalFile(tmp_path / "nowhere.arrows")


def test_another_version_is_named(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...]
) -> None:
    path = tmp_path / "SPY-093000.arrows"
    path.write_bytes(b"".join(encoded(*three)).replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(StoreError, match="its layout is version 2, this spymon reads 1"):
        JournalFile(path)


def test_a_file_that_changes_while_it_is_open_is_one_sentence(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...]
) -> None:
    path = tmp_path / "SPY-093000.arrows"
    path.write_bytes(b"".join(encoded(*three)))
    file = JournalFile(path)
    data = bytearray(path.read_bytes())
    data[-200] ^= 255
    path.write_bytes(data)
    with pytest.raises(StoreError, match="was changed or damaged while it was read"):
        file.read(0)


def test_small_batches_are_read_together_as_chunks(
    tmp_path: Path, recording: Recording, events_of: EventsOf, rows_of: Rows
) -> None:
    events = np.tile(events_of(1, 200), 1000)[: 2 * CHUNK + 100]
    events["cid"] = 0
    journal = Journal(tmp_path, recording)
    for start in range(0, len(events), 1000):
        journal.append(events[start : start + 1000], 0, "test")
    journal.close()
    file = JournalFile(journal.folder.files()[0])
    assert [len(file.read(chunk)) for chunk in range(len(file.starts))] == [66_000, len(events) - 66_000]
    assert np.array_equal(rows_of(file), events)
    clock = np.maximum.accumulate(events["ts"])
    assert file.starts.tolist() == [clock[0], clock[66_000]]
    assert file.end_ns == clock[-1]
    assert file.counts.sum() == file.events == len(events)
    assert len(file.contracts) == len(ContractTable())


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 400), max_size=12), seed=st.integers(0, 3))
def test_the_batches_a_tape_was_recorded_in_change_nothing(
    tmp_path: Path,
    encoded: Callable[..., list[bytes]],
    events_of: EventsOf,
    rows_of: Rows,
    cuts: list[int],
    seed: int,
) -> None:
    events = events_of(seed, 400)
    batches = [part for part in np.split(events, sorted(min(cut, len(events)) for cut in cuts)) if len(part)]
    path = tmp_path / "SPY-093000.arrows"
    path.write_bytes(b"".join(encoded(*batches)))
    file = JournalFile(path)
    assert np.array_equal(rows_of(file), events)
    assert file.end_ns == events["ts"].max()


@pytest.mark.parametrize("size", [1, 8, 5000])
def test_zeros_where_a_power_cut_left_a_new_file_are_a_torn_end(tmp_path: Path, size: int) -> None:
    path = tmp_path / "SPY-093000.arrows"
    path.write_bytes(bytes(size))
    file = JournalFile(path)
    assert (file.recording, file.events) == (None, 0)
    assert file.loss is not None
    assert (file.loss.at_byte, file.loss.bytes, file.loss.torn) == (0, size, True)


def test_a_last_batch_before_a_proper_end_did_not_break_off(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...], rows_of: Rows
) -> None:
    first, second, third, end = encoded(*three)
    path = tmp_path / "SPY-093000.arrows"
    damaged = bytearray(third)
    damaged[-100] ^= 255
    path.write_bytes(first + second + damaged + end)
    file = JournalFile(path)
    assert file.loss is not None
    assert not file.loss.torn
    assert np.array_equal(rows_of(file), np.concatenate(three[:2]))


def test_what_is_compacted_away_is_read_to_its_end(
    tmp_path: Path, encoded: Callable[..., list[bytes]], three: tuple[Events, ...], rows_of: Rows
) -> None:
    path = tmp_path / "SPY-093000.arrows"
    path.write_bytes(b"".join(encoded(*three)))
    file = JournalFile(path)
    path.unlink()
    assert np.array_equal(rows_of(file), np.concatenate(three))
