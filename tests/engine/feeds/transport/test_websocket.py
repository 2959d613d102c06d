"""A websocket fed by hand: the other side is the library's own server protocol, and nothing is connected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from engine.feeds.transport.websocket import WebSocket
from engine.feeds.transport.ws_frames import PAD, Chunk, unwrapped


@dataclass
class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    written: bytearray = field(default_factory=bytearray)
    closing: bool = False
    reading: bool = True
    resumed: asyncio.Event = field(default_factory=asyncio.Event)

    def pause_reading(self) -> None:
        self.reading = False
        self.resumed.clear()

    def resume_reading(self) -> None:
        self.reading = True
        self.resumed.set()

    def writelines(self, parts: Iterable[bytes]) -> None:  # type: ignore[override]
        for part in parts:
            self.written += part

    def is_closing(self) -> bool:
        return self.closing


class Pair:
    """A websocket, and the server's half of the conversation."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.opened_after: list[int] = []
        self.wire = Wire()
        self.server = ServerProtocol()
        self.socket = WebSocket(
            parse_uri("ws://127.0.0.1:1/options"),
            self.chunks.append,
            lambda: self.opened_after.append(len(self.chunks)),
            lambda: 7,
            time.monotonic,
            gather_s=0.001,
        )
        self.socket.connection_made(self.wire)
        self.server.receive_data(bytes(self.wire.written))
        (request,) = self.server.events_received()
        assert isinstance(request, Request)
        self.server.send_response(self.server.accept(request))
        self.answer = b"".join(self.server.data_to_send())
        self.wire.written.clear()

    @property
    def messages(self) -> list[bytes]:
        data, ends, _ = unwrapped(self.chunks)
        begins = [0, *(end + len(PAD) for end in ends.tolist())]
        return [data[begin:end] for begin, end in zip(begins, ends.tolist(), strict=False)]

    def feed(self, data: bytes, cuts: Iterable[int] = ()) -> None:
        """Let bytes arrive, cut into reads."""
        borders = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
        for begin, end in pairwise(borders):
            self.socket.data_received(data[begin:end])


def frame(data: bytes, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=False)


STREAM = b"".join(
    (
        frame(b'[{"ev":"status"}]'),
        frame(b"", Opcode.PING),
        frame(b"[1]"),
        frame(b"[2" + b" " * 200 + b"]"),
        frame(b"[3", fin=False),
        frame(b"are you there", Opcode.PING),
        frame(b",4]", Opcode.CONT),
        frame(b"[5" + b" " * 70_000 + b"]"),
        frame(b"[6]", Opcode.BINARY),
        frame(b"[7]"),
    )
)
MEANT = [
    b'[{"ev":"status"}]', b"[1]", b"[2" + b" " * 200 + b"]", b"[3,4]", b"[5" + b" " * 70_000 + b"]", b"[6]",
    b"[7]",
]  # fmt: skip


@given(st.lists(st.integers(0, 2**31), max_size=40))
def test_however_the_bytes_are_cut_the_messages_are_the_same(cuts: list[int]) -> None:
    async def check() -> None:
        pair = Pair()
        pair.feed(pair.answer + STREAM, cuts)
        assert pair.socket.usable
        assert pair.messages == MEANT
        pair.server.receive_data(bytes(pair.wire.written))
        pongs = [each for each in pair.server.events_received() if isinstance(each, Frame)]
        assert [(each.opcode, bytes(each.data)) for each in pongs] == [
            (Opcode.PONG, b""),
            (Opcode.PONG, b"are you there"),
        ]

    asyncio.run(check())


async def test_its_opening_is_told_before_anything_that_came_with_it() -> None:
    pair = Pair()
    pair.feed(pair.answer + frame(b"[1]"))
    assert (pair.opened_after, pair.messages) == ([0], [b"[1]"])


async def test_one_byte_at_a_time_is_enough() -> None:
    pair = Pair()
    short = pair.answer + frame(b"[1]") + frame(b"", Opcode.PING) + frame(b"[2]") + frame(b"[3]" + b" " * 300)
    pair.feed(short, range(len(short)))
    assert pair.messages == [b"[1]", b"[2]", b"[3]" + b" " * 300]


async def test_a_close_frame_ends_it_with_its_code_and_is_answered() -> None:
    pair = Pair()
    pair.feed(pair.answer + frame(b"[1]") + frame(b"\x03\xe9bye", Opcode.CLOSE) + frame(b"[2]"))
    assert pair.socket.end.result() == "The provider closed the connection with code 1001 (bye)."
    assert pair.messages == [b"[1]"]
    assert pair.wire.written[:1] == b"\x88"


async def test_what_breaks_the_protocol_ends_it_and_keeps_what_came_before() -> None:
    pair = Pair()
    masked = Frame(Opcode.TEXT, b"[2]").serialize(mask=True)
    pair.feed(pair.answer + frame(b"[1]") + masked + frame(b"[3]"))
    assert pair.socket.end.result().startswith("The provider broke the websocket protocol: ")
    assert pair.messages == [b"[1]"]


async def test_an_end_within_a_message_is_told_apart_from_one_between_two() -> None:
    for data, why in (
        (frame(b"[1]")[:3], "in the middle of a message."),
        (frame(b"[1]"), "connection ended."),
    ):
        pair = Pair()
        pair.feed(pair.answer + data)
        pair.socket.eof_received()
        assert pair.socket.end.result().endswith(why)


async def test_an_answer_that_is_no_upgrade_is_a_refusal_with_its_status() -> None:
    pair = Pair()
    pair.feed(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    assert pair.socket.refusal_status == 403
    assert pair.socket.end.result() == "The host refused the connection with HTTP status 403."


async def test_an_answer_that_is_no_http_is_named() -> None:
    pair = Pair()
    pair.feed(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    assert pair.socket.end.result().startswith("The host does not speak websocket: ")


async def test_after_a_small_read_the_socket_is_left_alone_for_a_moment() -> None:
    pair = Pair()
    pair.feed(pair.answer)
    assert pair.wire.reading
    pair.feed(frame(b"[1]"))
    assert not pair.wire.reading
    await pair.wire.resumed.wait()
    pair.feed(frame(b"[2" + b" " * 70_000 + b"]"))
    assert pair.wire.reading


async def test_what_is_held_back_is_not_read_when_the_moment_is_over() -> None:
    pair = Pair()
    pair.feed(pair.answer + frame(b"[0]"))
    pair.feed(frame(b"[1]"))
    pair.socket.pause()
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(0.002, over.set)
    await over.wait()
    assert not pair.wire.reading
    pair.socket.resume()
    assert pair.wire.reading
