from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.recorder.protocol import (
    MAX_FRAME,
    PREAMBLE,
    ContractNames,
    Hello,
    Message,
    RecordedSymbol,
    Refusal,
    RowsMessage,
    SourceReport,
    TapeEnd,
    TapeExtent,
    TapeRequest,
    Unframer,
    encode,
    pack,
)
from engine.model.errors import ProviderError
from engine.model.events import KIND_NAMES, Events
from engine.tape.link import Link
from engine.tape.tape import Tape


@pytest.fixture(scope="module")
def events(events_of: Callable[[int, int], Events]) -> Events:
    """A few rows of every kind."""
    return events_of(1, 60)


@pytest.fixture(scope="module")
def messages(in_memory: Callable[..., Tape], events: Events) -> list[Message]:
    """One message of each kind."""
    tape = in_memory(events)
    names = [contract.occ for contract in tape.contracts]
    return [
        Hello(17, (RecordedSymbol(tape.info, 5),)),
        TapeRequest("SPY", TapeExtent(3, 4, 5, 6)),
        ContractNames(names),
        SourceReport(Link(note="Refused: Q", refused=("Q.O:A", "Q.O:B"), silent_s=3, reconciled=0.5)),
        RowsMessage(7, pack(events)),
        Refusal("No."),
        TapeEnd(),
    ]


def heard(pieces: list[bytes]) -> list[Message]:
    unframer = Unframer()
    return [message for piece in pieces for message in unframer.feed(piece)]


def test_every_message_comes_through_at_every_cut(messages: list[Message]) -> None:
    small = [message for message in messages if not isinstance(message, RowsMessage)]
    data = PREAMBLE + b"".join(map(encode, small))
    for cut in range(len(data) + 1):
        assert heard([data[:cut], data[cut:]]) == small
    assert heard([data[i : i + 1] for i in range(len(data))]) == small


@given(cuts=st.lists(st.integers(0, 4_000)))
def test_any_cutting_gives_the_same_messages(messages: list[Message], cuts: list[int]) -> None:
    data = PREAMBLE + b"".join(map(encode, messages))
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert heard([data[a:b] for a, b in itertools.pairwise(edges)]) == messages


@given(st.binary(max_size=200))
def test_garbage_is_one_error_and_never_anything_else(garbage: bytes) -> None:
    for data in (garbage, PREAMBLE + garbage, PREAMBLE + len(garbage).to_bytes(4, "little") + garbage):
        with suppress(ProviderError):
            heard([data])


@given(at=st.integers(0, 4_000), value=st.integers(0, 255))
def test_a_damaged_byte_is_a_message_or_one_error(messages: list[Message], at: int, value: int) -> None:
    data = bytearray(PREAMBLE + b"".join(map(encode, messages)))
    data[at % len(data)] = value
    with suppress(ProviderError):
        for message in heard([bytes(data)]):
            if isinstance(message, RowsMessage):
                message.events(6)
            if isinstance(message, ContractNames):
                message.contracts()


def test_what_was_refused_once_stays_refused(messages: list[Message]) -> None:
    unframer = Unframer()
    for data in (b"HTTP/1.1 400 Bad Request", PREAMBLE + encode(messages[0])):
        with pytest.raises(ProviderError, match="no spymon answers"):
            list(unframer.feed(data))


def test_messages_before_the_garbage_are_given(messages: list[Message]) -> None:
    given_ = Unframer().feed(PREAMBLE + encode(messages[0]) + b"\xff" * 8)
    assert next(given_) == messages[0]
    with pytest.raises(ProviderError, match="4,294,967,295 bytes"):
        next(given_)


def test_another_version_is_named_with_the_mend() -> None:
    with pytest.raises(ProviderError, match="speaks protocol 770, this one 1\\); restart the recorder"):
        list(Unframer().feed(b"spymon\x02\x03"))


def test_a_frame_that_nobody_sends_is_not_waited_for() -> None:
    with pytest.raises(ProviderError, match="no spymon sends"):
        list(Unframer().feed(PREAMBLE + (MAX_FRAME + 1).to_bytes(4, "little")))


def test_rows_come_out_as_they_went_in(events: Events) -> None:
    found = RowsMessage(0, pack(events)).events(6)
    assert found.dtype == events.dtype
    assert np.array_equal(found, events)


def test_the_sum_of_rows_does_not_depend_on_what_lies_between_their_fields(events: Events) -> None:
    dirty = np.frombuffer(b"\xaa" * events.nbytes, events.dtype).copy()
    for name in events.dtype.names or ():
        dirty[name] = events[name]
    assert dirty.tobytes() != events.tobytes()
    assert pack(dirty) == pack(events)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [("cid", 7, "never listed"), ("cid", -1, "never listed"), ("kind", len(KIND_NAMES), "no known kind")],
)
def test_a_row_that_cannot_be_is_refused(events: Events, field: str, value: int, why: str) -> None:
    bad = events.copy()
    bad[field][5] = value
    with pytest.raises(ProviderError, match=why):
        RowsMessage(0, pack(bad)).events(6)


def test_a_row_that_is_not_whole_is_refused(events: Events) -> None:
    with pytest.raises(ProviderError, match="not whole"):
        RowsMessage(0, pack(events)[:-1]).events(6)


def test_a_name_that_is_no_contract_is_refused() -> None:
    with pytest.raises(ProviderError, match="no contract"):
        ContractNames(["O:SPY"]).contracts()


def test_what_one_has_does_not_depend_on_how_it_came(events: Events) -> None:
    packed = pack(events)
    halves = (
        TapeExtent()
        .with_rows(packed[: 34 * 9])
        .with_rows(packed[34 * 9 :])
        .with_names(["A"])
        .with_names(["B"])
    )
    assert halves == TapeExtent().with_names(["A", "B"]).with_rows(packed)
    assert halves.rows == len(events)
    assert halves.contracts == 2


def test_a_greeting_finds_symbols(messages: list[Message]) -> None:
    hello = messages[0]
    assert isinstance(hello, Hello)
    assert hello.symbols == ("SPY",)
    assert hello.find("SPY") == hello.recorded[0]
    assert hello.find("QQQ") is None
    other = RecordedSymbol(replace(hello.recorded[0].info, symbol="QQQ"), 0)
    assert Hello(1, (*hello.recorded, other)).symbols == ("SPY", "QQQ")
