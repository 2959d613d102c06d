"""Runs of plain websocket frames, beside the library's own reader."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from engine.feeds.transport.ws_frames import (
    LARGEST,
    PAD,
    Chunk,
    frame_size,
    is_plain,
    plain_frames,
    split,
    unwrapped,
)

SIZES = st.one_of(st.integers(0, 130), st.sampled_from([125, 126, 127, 65_535, 65_536, 70_000]))
MESSAGES = st.lists(SIZES.map(lambda size: bytes(33 + i % 90 for i in range(size))), max_size=6)


def framed(message: bytes, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    return Frame(opcode, message, fin).serialize(mask=False)


@given(MESSAGES, st.integers(0, 20))
def test_whole_frames_are_counted_and_a_torn_one_is_left(messages: list[bytes], torn: int) -> None:
    frames = [framed(message) for message in messages]
    data = b"".join(frames)
    tail = framed(b"x" * 200)[:torn]
    assert plain_frames(data + tail) == (len(messages), len(data))


@given(MESSAGES, st.sampled_from(["ping", "close", "fragment", "binary", "compressed", "masked", "huge"]))
def test_a_run_ends_before_whatever_is_not_plain(messages: list[bytes], what: str) -> None:
    other = {
        "ping": framed(b"", Opcode.PING),
        "close": framed(b"\x03\xe8", Opcode.CLOSE),
        "fragment": framed(b"half", fin=False),
        "binary": framed(b"bytes", Opcode.BINARY),
        "compressed": b"\xc1\x03zip",
        "masked": Frame(Opcode.TEXT, b"odd").serialize(mask=True),
        "huge": b"\x81\x7f" + (LARGEST + 1).to_bytes(8, "big"),
    }[what]
    data = b"".join(framed(message) for message in messages)
    assert plain_frames(data + other + framed(b"more")) == (len(messages), len(data))
    assert not is_plain(other, 0)


@given(MESSAGES, st.booleans())
def test_the_size_of_a_frame_is_known_as_soon_as_its_header_is_there(
    messages: list[bytes], mask: bool
) -> None:
    for message in messages:
        whole = Frame(Opcode.TEXT, message).serialize(mask=mask)
        header = len(whole) - len(message) - (4 if mask else 0)
        assert frame_size(whole[:header], 0) == len(whole)
        assert frame_size(whole[: header - 1], 0) is None


@given(st.lists(MESSAGES.filter(bool), min_size=1, max_size=4))
def test_unwrapped_messages_stand_one_after_the_other_with_the_time_of_their_chunk(
    groups: list[list[bytes]],
) -> None:
    chunks = [
        Chunk(b"".join(framed(each) for each in group), len(group), 1_000 + at)
        for at, group in enumerate(groups)
    ]
    data, ends, received = unwrapped(chunks)
    messages = [message for group in groups for message in group]
    assert bytes(data) == b"".join(message + PAD for message in messages)
    assert list(split(data, ends)) == messages
    assert received.tolist() == [1_000 + at for at, group in enumerate(groups) for _ in group]
