"""Chunks that lie on disk come back as they were, and a disk that refuses them is told."""

from __future__ import annotations

import gc
import os
import resource
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from engine.model.errors import StoreError
from engine.model.events import EVENT, TRADE, empty_events
from engine.store.days.spool import FileSpool
from engine.tape.live_tape import LiveTape

CHUNK = 250


@pytest.fixture
def spool(tmp_path):
    return FileSpool(tmp_path, CHUNK)


@pytest.fixture(scope="module")
def chunks(mixed_events):
    events = mixed_events(5, 4 * CHUNK)
    return [events[at : at + CHUNK] for at in range(0, 4 * CHUNK, CHUNK)]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Let the system refuse what would make a file longer, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def open_files(folder: Path) -> set[str]:
    """The descriptors of this process's files in a folder, of those without a name too."""
    return {fd.name for fd in Path("/proc/self/fd").iterdir() if str(folder) in os.path.realpath(fd)}


def test_chunks_come_back_bit_for_bit_in_any_order(spool, chunks, bits_of) -> None:
    for i in (1, 0, 3):
        assert spool.put(i, chunks[i])
    for i in (3, 1, 0, 1):
        assert bits_of(spool.get(i)) == bits_of(chunks[i])


def test_nobody_sees_the_file(spool, chunks, tmp_path) -> None:
    assert spool.put(0, chunks[0])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_refuses(tmp_path, chunks) -> None:
    assert not FileSpool(tmp_path / "gone", CHUNK).put(0, chunks[0])


def test_a_full_disk_refuses_and_what_was_taken_stays(tmp_path, chunks, bits_of) -> None:
    spool = FileSpool(tmp_path, CHUNK)
    assert spool.put(0, chunks[0])
    with files_no_longer_than(CHUNK * EVENT.itemsize + 100):
        assert not spool.put(1, chunks[1])
    assert bits_of(spool.get(0)) == bits_of(chunks[0])


def test_the_file_goes_with_the_spool(tmp_path, chunks) -> None:
    spool = FileSpool(tmp_path, CHUNK)
    before = open_files(tmp_path)
    assert spool.put(0, chunks[0])
    (file,) = open_files(tmp_path) - before
    del spool
    gc.collect()
    assert file not in open_files(tmp_path)


def test_a_file_that_became_shorter_is_said(spool, chunks, tmp_path) -> None:
    before = open_files(tmp_path)
    assert spool.put(0, chunks[0])
    (file,) = open_files(tmp_path) - before
    os.truncate(f"/proc/self/fd/{file}", 100)
    with pytest.raises(StoreError, match="has become shorter"):
        spool.get(0)


def test_a_part_of_a_chunk_is_refused(spool, chunks) -> None:
    with pytest.raises(ValueError, match="chunks of 250 events was given 249"):
        spool.put(0, chunks[0][1:])


def test_a_long_day_needs_no_more_memory_than_a_short_one(tmp_path, in_memory) -> None:
    batch = empty_events(1000)
    batch["kind"] = TRADE
    tape = LiveTape(in_memory(batch).info, FileSpool(tmp_path, 1000), 1000)
    tracemalloc.start()
    peaks = []
    for _ in range(2):
        tracemalloc.reset_peak()
        for _ in range(300):
            tape.append(batch)
            tape.take()
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert len(tape.starts) == 600
    assert peaks[1] < peaks[0] + 20 * batch.nbytes
    assert np.array_equal(tape.read(599), batch)
