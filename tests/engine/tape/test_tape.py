"""Reading a tape from anywhere: every event once and in order, and no chunk oftener than it must."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.events import empty_events
from engine.tape.checkpoints import FoldPosition
from engine.tape.live_tape import LiveTape
from engine.tape.tape import PIECE, Reader

EVENTS, CHUNK, KEPT = 1000, 125, 2


@pytest.fixture(scope="module")
def events(mixed_events):
    return mixed_events(4, EVENTS)


@pytest.fixture
def chunked(events, in_memory):
    return in_memory(events, range(CHUNK, EVENTS, CHUNK))


@pytest.fixture
def at(fresh_state):
    """What makes a position at an event of a chunk; its state stays blank."""
    return lambda chunk=0, offset=0: FoldPosition(chunk, offset, fresh_state())


def read_on(reader: Reader, position: FoldPosition, to_ns: int) -> list[np.ndarray]:
    """Read up to a moment, and move the position as a fold would."""
    found = [empty_events(0)]
    for piece in reader.pieces(position, to_ns):
        position.offset += len(piece)
        found.append(piece)
    return found


@settings(max_examples=40)
@given(moments=st.lists(st.floats(0, 1), max_size=8))
def test_wherever_it_stops_every_event_comes_once_and_in_order(
    events, in_memory, bits_of, fresh_state, moments
) -> None:
    tape = in_memory(events, range(CHUNK, EVENTS, CHUNK))
    reader, position, first = Reader(tape, KEPT), FoldPosition(0, 0, fresh_state()), int(events["ts"][0])
    clocks, found = np.maximum.accumulate(events["ts"]), []
    for share in sorted(moments):
        to_ns = first + int(share * (tape.end_ns - first))
        found += read_on(reader, position, to_ns)
        assert sum(map(len, found)) == np.searchsorted(clocks, to_ns, "right")
    found += read_on(reader, position, tape.end_ns)
    assert bits_of(np.concatenate(found)) == bits_of(events)


def test_a_long_chunk_comes_in_pieces(events, in_memory, at) -> None:
    many = np.repeat(events[:1], 2 * PIECE + 5)
    found = read_on(Reader(in_memory(many), KEPT), at(), int(many["ts"][0]))
    assert [len(piece) for piece in found if len(piece)] == [PIECE, PIECE, 5]


def test_backwards_it_comes_chunk_by_chunk_as_far_as_is_asked_for(chunked, events, bits_of, at) -> None:
    reader, position = Reader(chunked, KEPT), at(5, 40)
    since = int(chunked.starts[3])
    found = list(reader.backwards(position, since))
    assert [len(piece) for piece in found] == [40, CHUNK, CHUNK]
    assert bits_of(np.concatenate(found[::-1])) == bits_of(events[3 * CHUNK : 5 * CHUNK + 40])


def test_backwards_from_the_end_nothing_is_left_out(chunked, events, bits_of, at) -> None:
    found = list(Reader(chunked, KEPT).backwards(at(len(chunked.starts)), 0))
    assert bits_of(np.concatenate(found[::-1])) == bits_of(events)


def test_the_chunks_read_last_stay_at_hand(chunked) -> None:
    reader = Reader(chunked, KEPT)
    for chunk in (0, 1, 0, 2, 0, 2):
        reader.read(chunk)
    assert chunked.reads == [0, 1, 2]
    reader.read(1)
    assert chunked.reads == [0, 1, 2, 1]


def test_a_chunk_that_is_still_written_is_read_anew_until_the_tape_is_closed(chunked, events, at) -> None:
    tape = LiveTape(chunked.info)
    for contract in chunked.contracts:
        tape.listed.add(contract)
    reader, position = Reader(tape, KEPT), at()
    told = 0
    for end in (10, 25, 60):
        tape.append(events[told:end], 0)
        tape.take()
        told = end
        assert len(reader.read(0)[0]) == end
        assert reader.open
        read_on(reader, position, 2**62)
        assert (position.chunk, position.offset) == (0, end)
    tape.close()
    tape.take()
    assert not reader.open
    assert reader.read(0)[0] is reader.read(0)[0]
